// pairs: many pairs of texts through a sequence classifier, packed together: what reranking and zero-shot
// classification stand on.
#pragma once

#include "constformer/models/bert_heads.hpp"
#include "constformer/tasks/engine.hpp"

namespace constformer {

inline namespace CONSTFORMER_ISA {

template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class pair_reader {
  public:
    // `most_tokens`: the most tokens of a pair, special ones included, and of one forward.
    pair_reader(const Model& model, const Words& words, int most_tokens, Threads threads = {})
        : engine_(model, words, most_tokens, more(most_tokens, threads.size()), threads) {}

    // sink(i, the logits of pair i) for `count` pairs in their order; pair(i) gives the two texts as a std::pair of
    // views. Errors: text that is not UTF-8, a pair of too many tokens, named as `who` and its number; damaged weights.
    template <observer Watch>
    status read(const char* who, std::size_t count, auto&& pair, bool truncate, auto&& sink, Watch watch) {
        engine_.clear();
        std::size_t done = 0;
        for (std::size_t i = 0; i < count; ++i) {
            watch.stage("tokens");
            const auto [first, second] = pair(i);
            if (status ok = engine_.encode(first, second, truncate); !ok)
                return error(who, " ", i + 1, ": ", ok.error().what());
            if (!engine_.fits() || engine_.batch().sentences() == most_pairs)
                if (status ok = compute(who, done, sink, watch); !ok) return ok;
            engine_.append();
        }
        return compute(who, done, sink, watch);
    }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return engine_.bytes(); }

  private:
    static constexpr int most_pairs = 32; // of a forward
    engine<Model, Threads, Words> engine_;

    // Bytes beside the scratch of one pair: the numbers, and what the head needs for more pairs.
    static std::size_t more(int tokens, int threads) {
        const int longest = std::clamp(tokens, 1, Model::config.positions);
        lengths one(longest), many(longest);
        many.sentences = most_pairs;
        return together(room(most_pairs, Model::outputs), Model::scratch(many, threads) - Model::scratch(one, threads));
    }
    // Computes what waits: (tokens) -> (sentences, labels).
    template <observer Watch> status compute(const char* who, std::size_t& done, auto&& sink, Watch watch) {
        const bert_inputs in = engine_.batch();
        if (in.ids.empty()) return {};
        auto m = engine_.workspace(watch);
        rows<Model::outputs> y = m.take(in.sentences());
        if (status ok = engine_.model().forward(in, y, m); !ok) return ok;
        for (int i = 0; i < y.count; ++i) {
            if (status ok = numbers({y[i], std::size_t(Model::outputs)}, who); !ok) return ok;
            sink(done++, std::span<const float>(y[i], std::size_t(Model::outputs)));
        }
        engine_.clear();
        return {};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
