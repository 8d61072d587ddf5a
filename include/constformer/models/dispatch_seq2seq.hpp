// dispatch_seq2seq: dispatch() for encoder-decoders: their three steps on the best instruction set that is here.
#pragma once

#include "constformer/models/dispatch.hpp"
#include "constformer/models/seq2seq.hpp"

namespace constformer {

#ifdef CONSTFORMER_ISAS
// A model without the instruction set in its name; the type of its config says the family.
template <const auto& c, element E, int Width, int Outputs, class State> struct seq2seq_identity {
    static constexpr int width = Width, outputs = Outputs;
    using state = State;
};

template <const auto& c, element E, int Width, int Outputs, class State>
struct kernel_table<seq2seq_identity<c, E, Width, Outputs, State>> {
    const char* isa = nullptr;
    std::size_t bytes = 0;      // of the weights
    std::uint64_t manifest = 0; // its hash
    using ids = std::span<const int>;
    status (*encode)(const void* weights, ids words, ids keep, rows<Width>, dispatched_workspace) = nullptr;
    status (*begin)(const void* weights, const_rows<Width>, State&, dispatched_workspace) = nullptr;
    status (*decode)(const void* weights, ids words, ids keep, State&, rows<Outputs>, dispatched_workspace) = nullptr;
};
#endif

inline namespace CONSTFORMER_ISA {

// t5, transformer: what reads one text and writes another.
template <class Model>
concept reads_and_writes = requires {
    typename Model::state;
    Model::encode_scratch(1);
    Model::begin_scratch(1);
    Model::decode_scratch(1, 1, 1);
};

#ifdef CONSTFORMER_ISAS
template <reads_and_writes Model> struct identify<Model> {
    using type = seq2seq_identity<Model::config, Model::precision, Model::width, Model::outputs, typename Model::state>;
};
#endif

// Stands in for Model wherever a task or a program calls its three steps. Weights must outlive it.
template <reads_and_writes Model> class dispatched<Model> {
  public:
    static constexpr const auto& config = Model::config;
    static constexpr int width = Model::width, outputs = Model::outputs;
    static constexpr const token_limits& limits = Model::limits;
    using state = typename Model::state;
    static constexpr std::size_t encode_scratch(int n, int threads = 1) { return Model::encode_scratch(n, threads); }
    static constexpr std::size_t begin_scratch(int n, int threads = 1) { return Model::begin_scratch(n, threads); }
    static constexpr std::size_t decode_scratch(int n, int keys, int source, int threads = 1) {
        return Model::decode_scratch(n, keys, source, threads);
    }

    // The name of the instruction set that runs.
    [[nodiscard]] std::string_view isa() const { return built_isas::all[chosen_].name; }
    [[nodiscard]] const Model& weights() const { return *weights_; }

    // Model's functions of the same names.
    [[nodiscard]] status encode(std::span<const int> ids, std::span<const int> keep, rows<width> x,
                                workspace auto m) const {
#ifdef CONSTFORMER_ISAS
        return table_->encode(weights_, ids, keep, x, cross(m));
#else
        return weights_->encode(ids, keep, x, m);
#endif
    }
    [[nodiscard]] status begin(const_rows<width> source, state& past, workspace auto m) const {
#ifdef CONSTFORMER_ISAS
        return table_->begin(weights_, source, past, cross(m));
#else
        return weights_->begin(source, past, m);
#endif
    }
    [[nodiscard]] status decode(std::span<const int> ids, std::span<const int> keep, state& past, rows<outputs> logits,
                                workspace auto m) const {
#ifdef CONSTFORMER_ISAS
        return table_->decode(weights_, ids, keep, past, logits, cross(m));
#else
        return weights_->decode(ids, keep, past, logits, m);
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
