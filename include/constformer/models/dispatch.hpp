// dispatch: a model whose forwards run on the best instruction set that the processor has.
//
//     const auto net = dispatch(*weights); // expected<dispatched<bert<minilm_l6>>>
//     embedder model(*net, *words, 256);
//
// A build that says -DCONSTFORMER_ISAS=sse4_2,avx2,… compiles kernels/dispatched.cpp once for each of them, and
// everything else once, for the least processor. Weights, scratch and views are the same for every instruction set, so
// all that crosses over is a table of functions. Any other build has one instruction set, and this costs nothing.
#pragma once

#include "constformer/core/isa.hpp"
#include "constformer/models/bert_heads.hpp"

namespace constformer {

#ifdef CONSTFORMER_ISAS
// What a model's kernels are looked up by: the model without the instruction set in its name.
template <head_kind Kind, const bert_config& c, element E, int Outputs> struct bert_identity {
    static constexpr int width = c.width, outputs = Outputs;
};

// The workspace that crosses over.
using dispatched_workspace = basic_workspace<silent, borrowed_threads>;

// A model's functions for one instruction set; null where the model has no such function.
template <class Identity> struct kernel_table {
    static constexpr int width = Identity::width, outputs = Identity::outputs;
    const char* isa = nullptr;
    std::size_t bytes = 0;      // of the weights
    std::uint64_t manifest = 0; // its hash
    status (*forward)(const void* weights, const bert_inputs&, rows<outputs>, dispatched_workspace) = nullptr;
    void (*pool)(const void* weights, const_rows<width>, std::span<const int>, rows<width>,
                 dispatched_workspace) = nullptr;
    status (*hidden)(const void* weights, const bert_inputs&, rows<width>, dispatched_workspace) = nullptr;
    void (*predict)(const void* weights, const_rows<width>, rows<outputs>, dispatched_workspace) = nullptr;
};

// Defined in the object of each instruction set. It must not be called where the processor lacks something of it.
template <class Isa, class Identity> const kernel_table<Identity>& kernels();
#endif

inline namespace CONSTFORMER_ISA {

// An encoder with its pooler; a masked language model.
template <class Model>
concept pools = Model::config.pooled && requires { Model::pool_scratch(1); };
template <class Model>
concept predicts = requires { &Model::template predict<basic_workspace<>>; };

#ifdef CONSTFORMER_ISAS
template <class Model> struct identify;
template <const bert_config& c, element E, bool Pooled> struct identify<bert<c, E, Pooled>> {
    static_assert(Pooled == c.pooled, "dispatch: a bert that is part of a head is reached through the head");
    using type = bert_identity<head_kind::encoder, c, E, c.width>;
};
template <const bert_config& c, element E> struct identify<bert_masked_lm<c, E>> {
    using type = bert_identity<head_kind::masked_lm, c, E, c.vocabulary>;
};
template <const bert_config& c, element E> struct identify<bert_sequence_classifier<c, E>> {
    using type = bert_identity<head_kind::sequence_classifier, c, E, c.labels>;
};
template <const bert_config& c, element E> struct identify<bert_token_classifier<c, E>> {
    using type = bert_identity<head_kind::token_classifier, c, E, c.labels>;
};
template <const bert_config& c, element E> struct identify<bert_question_answerer<c, E>> {
    using type = bert_identity<head_kind::question_answerer, c, E, 2>;
};

template <class Identity, class... Isa>
const kernel_table<Identity>& kernels_at(std::size_t chosen, isas::list<Isa...>) {
    using getter = const kernel_table<Identity>& (*)();
    static constexpr getter all[] = {kernels<Isa, Identity>...};
    return all[chosen]();
}
template <class Model> using identity_of = typename identify<Model>::type;

// The same memory and threads, as the functions of a table take them, while `m` exists.
template <class Watch, class Threads> dispatched_workspace cross(const basic_workspace<Watch, Threads>& m) {
    static_assert(std::is_same_v<Watch, silent>,
                  "dispatched: an observer needs a model's own forward, compiled for one instruction set");
    dispatched_workspace to{.next = m.next, .end = m.end, .high = m.high, .start = m.start};
    if constexpr (!std::is_same_v<Threads, sequential>) to.threads = borrowed_threads(m.threads);
    return to;
}
#endif

// Stands in for Model wherever a task or a program calls its forward. Weights must outlive it.
template <class Model> class dispatched {
  public:
    static constexpr const auto& config = Model::config;
    static constexpr int width = Model::width;
    static constexpr int outputs = [] {
        if constexpr (requires { Model::outputs; })
            return Model::outputs;
        else
            return width;
    }();
    static constexpr std::size_t scratch(lengths n, int threads = 1) { return Model::scratch(n, threads); }
    static constexpr double flops(lengths n) { return Model::flops(n); }
    static constexpr std::size_t pool_scratch(int sentences, int threads = 1)
        requires pools<Model>
    {
        return Model::pool_scratch(sentences, threads);
    }

    // The name of the instruction set that runs.
    [[nodiscard]] std::string_view isa() const { return built_isas::all[chosen_].name; }
    [[nodiscard]] const Model& weights() const { return *weights_; }

    // Model's functions of the same names.
    [[nodiscard]] status forward(const bert_inputs& in, rows<outputs> y, workspace auto m) const {
#ifdef CONSTFORMER_ISAS
        return table_->forward(weights_, in, y, cross(m));
#else
        return weights_->forward(in, y, m);
#endif
    }
    void pool(const_rows<width> x, std::span<const int> each, rows<width> y, workspace auto m) const
        requires pools<Model>
    {
#ifdef CONSTFORMER_ISAS
        table_->pool(weights_, x, each, y, cross(m));
#else
        weights_->pool(x, each, y, m);
#endif
    }
    [[nodiscard]] status hidden(const bert_inputs& in, rows<width> x, workspace auto m) const
        requires predicts<Model>
    {
#ifdef CONSTFORMER_ISAS
        return table_->hidden(weights_, in, x, cross(m));
#else
        return weights_->hidden(in, x, m);
#endif
    }
    void predict(const_rows<width> x, rows<outputs> y, workspace auto m) const
        requires predicts<Model>
    {
#ifdef CONSTFORMER_ISAS
        table_->predict(weights_, x, y, cross(m));
#else
        weights_->predict(x, y, m);
#endif
    }

  private:
    const Model* weights_;
    std::size_t chosen_;
#ifdef CONSTFORMER_ISAS
    const kernel_table<identity_of<Model>>* table_;
#endif

    explicit dispatched(const Model& weights, std::size_t chosen) : weights_(&weights), chosen_(chosen) {}
    template <class M> friend expected<dispatched<M>> dispatch(const M& weights);
};

// Chooses the kernels for this processor. The environment variable CONSTFORMER_ISA forces an instruction set.
// Errors: those of choose_isa.
template <class Model> [[nodiscard]] expected<dispatched<Model>> dispatch(const Model& weights) {
    const auto chosen = choose_isa();
    if (!chosen) return chosen.error();
    dispatched<Model> result(weights, *chosen);
#ifdef CONSTFORMER_ISAS
    result.table_ = &kernels_at<identity_of<Model>>(*chosen, built_isas());
    if (result.table_->bytes != sizeof(Model) || result.table_->manifest != manifest_hash<Model>())
        return error("dispatch: the kernels for ", result.isa(), " were compiled from other headers than this program");
#endif
    return result;
}

} // namespace CONSTFORMER_ISA

} // namespace constformer
