// dispatch_causal: dispatch() for decoders: their forward on the best instruction set that the processor has. The cache
// is the same for every instruction set and crosses over as it is.
#pragma once

#include "constformer/models/causal_heads.hpp"
#include "constformer/models/dispatch.hpp"

namespace constformer {

#ifdef CONSTFORMER_ISAS
// Of a decoder that labels texts; its functions are those of a BERT that does.
template <const auto& c, element E, int Labels> struct causal_head_identity {
    static constexpr int width = c.width, outputs = Labels;
};
// What a decoder's kernels are looked up by: the model without the instruction set in its name.
template <const auto& c, element E, class State, int Width, int Outputs> struct causal_identity {
    static constexpr int width = Width, outputs = Outputs;
};
template <const auto& c, element E, class State, int Width, int Outputs>
struct kernel_table<causal_identity<c, E, State, Width, Outputs>> {
    const char* isa = nullptr;
    std::size_t bytes = 0;      // of the weights
    std::uint64_t manifest = 0; // its hash
    status (*forward)(const void* weights, std::span<const int>, State&, rows<Outputs>, dispatched_workspace) = nullptr;
};
#endif

inline namespace CONSTFORMER_ISA {

#ifdef CONSTFORMER_ISAS
template <causal Model> struct identify<Model> {
    using type = causal_identity<Model::config, Model::precision, typename Model::state, Model::width, Model::outputs>;
};
template <causal Body, int Labels> struct identify<causal_sequence_classifier<Body, Labels>> {
    using type = causal_head_identity<Body::config, Body::precision, Labels>;
};
#endif

// Stands in for a decoder wherever a task or a program calls its forward. Weights must outlive it.
template <causal Model> class dispatched<Model> {
  public:
    using state = typename Model::state;
    static constexpr const auto& config = Model::config;
    static constexpr int width = Model::width, outputs = Model::outputs;
    static constexpr token_limits limits = Model::limits;
    static constexpr std::size_t hidden_scratch(int n, int keys, int threads = 1) {
        return Model::hidden_scratch(n, keys, threads);
    }
    static constexpr std::size_t predict_scratch(int n, int threads = 1) { return Model::predict_scratch(n, threads); }
    static constexpr double flops(lengths n) { return Model::flops(n); }

    // The name of the instruction set that runs.
    [[nodiscard]] std::string_view isa() const { return built_isas::all[chosen_].name; }
    [[nodiscard]] const Model& weights() const { return *weights_; }

    // Model's function of the same name.
    [[nodiscard]] status forward(std::span<const int> ids, state& past, rows<outputs> logits, workspace auto m) const {
#ifdef CONSTFORMER_ISAS
        return table_->forward(weights_, ids, past, logits, cross(m));
#else
        return weights_->forward(ids, past, logits, m);
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

} // namespace CONSTFORMER_ISA

} // namespace constformer
