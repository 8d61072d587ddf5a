// answers: what a model's forward gives, told apart by its type, so that the module is written once.
#pragma once

#include "constformer/files/packed.hpp"
#include "constformer/models/bert_heads.hpp"
#include "constformer/models/xlnet_heads.hpp"
#include "constformer/ops/softmax.hpp"
#include "constformer/tasks/engine.hpp"
#include "constformer/tasks/search.hpp"

namespace constformer {

enum class task { encode, fill_mask, classify, tag, answer };

template <class Model> struct task_of;
template <task Value> struct is_task {
    static constexpr task value = Value;
    static constexpr bool pooled = false; // has a pooler_output
};
template <const bert_config& c, element E, bool Pooled> struct task_of<bert<c, E, Pooled>> {
    static constexpr auto value = task::encode;
    static constexpr bool pooled = Pooled;
};
template <const bert_config& c, element E> struct task_of<bert_masked_lm<c, E>> : is_task<task::fill_mask> {};
template <const bert_config& c, element E> struct task_of<bert_sequence_classifier<c, E>> : is_task<task::classify> {};
template <const bert_config& c, element E> struct task_of<bert_token_classifier<c, E>> : is_task<task::tag> {};
template <const bert_config& c, element E> struct task_of<bert_question_answerer<c, E>> : is_task<task::answer> {};

template <const xlnet_config& c, element E> struct task_of<xlnet<c, E>> : is_task<task::encode> {};
template <const xlnet_config& c, element E> struct task_of<xlnet_lm<c, E>> : is_task<task::fill_mask> {};
template <const xlnet_config& c, element E>
struct task_of<xlnet_sequence_classifier<c, E>> : is_task<task::classify> {};
template <const xlnet_config& c, element E> struct task_of<xlnet_token_classifier<c, E>> : is_task<task::tag> {};
template <const xlnet_config& c, element E> struct task_of<xlnet_question_answerer<c, E>> : is_task<task::answer> {};

// Numbers that one sentence's outputs hold beside its last hidden state.
template <class Model> constexpr std::size_t outputs_of(int tokens) {
    if constexpr (task_of<Model>::value == task::encode)
        return Model::width;
    else if constexpr (task_of<Model>::value == task::classify)
        return Model::outputs;
    else
        return std::size_t(tokens) * Model::outputs;
}

// One forward over a packed batch; the last hidden state of an encoder goes to `states`, a head's answers to `outputs`.
template <class Model>
status forward_into(const Model& weights, const bert_inputs& in, float* states, float* outputs, workspace auto m) {
    const int tokens = int(in.ids.size());
    if constexpr (task_of<Model>::value == task::encode)
        return weights.forward(in, rows<Model::width>{states, tokens}, m);
    else if constexpr (task_of<Model>::value == task::classify)
        return weights.forward(in, rows<Model::outputs>{outputs, in.sentences()}, m);
    else
        return weights.forward(in, rows<Model::outputs>{outputs, tokens}, m);
}

// An encoder's pooler_output of one sentence; of any other model nothing.
template <class Model>
void pool_into(const Model& weights, float* states, int tokens, float* outputs, workspace auto m) {
    if constexpr (task_of<Model>::pooled)
        weights.pool(rows<Model::width>{states, tokens}, {}, rows<Model::width>{outputs, 1}, m);
}

// The probabilities of the words that `mask` may stand for in one text, (masks, vocabulary): how many masks there are.
// `states` holds a row a token. Errors: the model predicts no words; its scores are not numbers.
template <class Model>
expected<int> words_into(const Model& weights, const bert_inputs& in, int mask, float* states, float* outputs,
                         workspace auto m) {
    if constexpr (task_of<Model>::value != task::fill_mask) {
        return error(type_name<Model>(), " fills no masks");
    } else {
        const rows<Model::width> x{states, int(in.ids.size())};
        if (const auto ok = weights.hidden(in, x, m); !ok) return ok.error();
        int count = 0; // of all tokens only these are asked for
        for (std::size_t i = 0; i < in.ids.size(); ++i)
            if (in.ids[i] == mask) std::copy_n(x[int(i)], Model::width, x[count++]);
        const rows<Model::outputs> y{outputs, count};
        if (count > 0) weights.predict(x.part(0, count), y, m); // (masks, width) -> (masks, vocabulary)
        if (const auto ok = numbers({outputs, std::size_t(count) * Model::outputs}, "fill"); !ok) return ok.error();
        for (int i = 0; i < count; ++i) ops::softmax(y[i], Model::outputs);
        return count;
    }
}
// The places of the largest numbers, best first: how many.
inline int best_of(std::span<const float> numbers, std::span<hit> best) {
    int count = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) detail::keep_best({int(i), numbers[i]}, best, count);
    return count;
}

} // namespace constformer
