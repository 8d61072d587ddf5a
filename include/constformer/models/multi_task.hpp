// MT-DNN (Liu et al. 2019): one BERT, a head for each of several tasks; one encoding of a text serves them all. A head
// is a linear map of the pooled first token: labels of a text or a pair, or one number (regression; how well a pair
// ranks); or an answer_network, which reasons over the tokens of a pair. The heads are a struct that the user declares,
// whose members name the tasks:
//     template <element E> struct my_heads {
//         linear<384, 2, true, E> cola;
//         linear<384, 1, true, E> stsb, rank;
//         answer_network<384, 3, 5, E> mnli;
//     };
//     using model = multi_task<my_bert, my_heads>; // heads.cola.weight, heads.stsb.weight, … of the checkpoint
#pragma once

#include "constformer/layers/answer_network.hpp"
#include "constformer/models/bert.hpp"

namespace constformer {

// Transformers' names of the body; of the heads, ours.
inline constexpr name multi_task_names[] = {{"body", "bert", {}, bert_names}, {"heads", "heads"}};

inline namespace CONSTFORMER_ISA {

template <const bert_config& c, template <element> class Heads, element E = f32> struct multi_task {
    bert<c, E, true> body;
    Heads<E> heads;

    // A task: its name, and the columns of the result that are its own.
    struct task {
        std::string_view name;
        int first, outputs;
    };
    static constexpr int count = int(reflect::count<Heads<E>>());
    template <std::size_t I>
    using head = std::remove_cvref_t<decltype(reflect::at<I>(reflect::members(std::declval<const Heads<E>&>())))>;
    // Whether a head reads all tokens, and not the pooled one; how many numbers it gives.
    template <class Head> static constexpr bool reads_tokens = requires { Head::outputs; };
    template <class Head> static constexpr int outputs_of() {
        if constexpr (reads_tokens<Head>)
            return Head::outputs;
        else
            return decltype(Head::weight)::leaf_rows;
    }
    static constexpr std::array<task, std::size_t(count)> tasks = []<std::size_t... I>(std::index_sequence<I...>) {
        std::array<task, sizeof...(I)> all{task{reflect::name<Heads<E>, I>(), 0, outputs_of<head<I>>()}...};
        for (std::size_t i = 1; i < all.size(); ++i) all[i].first = all[i - 1].first + all[i - 1].outputs;
        return all;
    }(std::make_index_sequence<std::size_t(count)>{});

    static constexpr const bert_config& config = c;
    static constexpr int width = c.width, outputs = tasks.back().first + tasks.back().outputs;
    static constexpr std::span<const name> names{multi_task_names};
    static constexpr std::span<const std::string_view> unused{c.family->unused};
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        const auto sentences = std::size_t(n.sentences);
        return together(room(std::size_t(n.tokens), c.width), room(sentences, c.width),
                        either(bert<c, E, true>::scratch(n, threads),
                               bert<c, E, true>::pool_scratch(n.sentences, threads),
                               together(ops::prepare_room<E>(n.sentences, c.width, threads),
                                        each_head([&]<class Head>(std::type_identity<Head>) {
                                            if constexpr (reads_tokens<Head>) return Head::scratch(n, threads);
                                            return std::size_t{0};
                                        }))));
    }
    static constexpr double flops(lengths n) {
        double all = bert<c, E, true>::flops(n) + linear<c.width, c.width>::flops(n.sentences);
        each_head([&]<class Head>(std::type_identity<Head>) {
            if constexpr (reads_tokens<Head>)
                all += Head::flops(n);
            else
                all += Head::flops(n.sentences);
            return std::size_t{0};
        });
        return all;
    }

    // All tasks' numbers side by side: (tokens) -> (sentences, outputs). Task t has columns [t.first, t.first +
    // t.outputs).
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> y, workspace auto m) const {
        if (status ok = bert<c, E, true>::check(in); !ok) return ok;
        if (y.count != in.sentences())
            return error("multi_task: ", in.sentences(), " rows of numbers, but room for ", y.count);
        if (status ok = enough(m, scratch(in.shape(), m.threads.size()), "multi_task"); !ok) return ok;
        rows<c.width> x = m.take(int(in.ids.size())), pooled = m.take(in.sentences());
        if (status ok = body.forward(in, x, m); !ok) return ok;
        body.pool(x, in.each, pooled, m); // (tokens, width) -> (sentences, width)
        m.watch.stage("heads");
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            const auto all = reflect::members(heads);
            const auto once = ops::prepare<E>(pooled, m);
            const auto answer = [&]<class Head>(const Head& one, auto to) {
                if constexpr (reads_tokens<Head>)
                    one.forward(const_rows<c.width>(x), in.segments, in.each, to, m);
                else
                    one.forward(once, to, m);
            };
            (answer(reflect::at<I>(all), y.template columns<tasks[I].outputs>(tasks[I].first)), ...);
        }(std::make_index_sequence<std::size_t(count)>{}); // (sentences, width) -> (sentences, outputs)
        return {};
    }

  private:
    // The most that f gives for a head.
    static constexpr std::size_t each_head(auto f) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return either(f(std::type_identity<head<I>>{})...);
        }(std::make_index_sequence<std::size_t(count)>{});
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
