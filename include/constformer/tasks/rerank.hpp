// rerank: which of many passages answer a query best, by a cross-encoder: a sequence classifier of one output that
// reads query and passage together (Nogueira, Cho 2019). Slower than comparing embeddings, and better: it orders what a
// search has found.
#pragma once

#include "constformer/tasks/classify.hpp"
#include "constformer/tasks/pairs.hpp"
#include "constformer/tasks/search.hpp"

#include <cmath>

namespace constformer {

struct rerank_options {
    bool truncate = false;          // cut pairs of more tokens than fit, instead of refusing them
    scoring how = scoring::sigmoid; // of the one number; none: as it is
};

inline namespace CONSTFORMER_ISA {

// Scores passages for a query with a bert_sequence_classifier of one label. Model and tokenizer must outlive this.
//     reranker model(*weights, *words, 512);
//     auto best = model.rank("how do plants eat", passages, 5); // (*best)[0].index, (*best)[0].score
template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class reranker {
  public:
    static_assert(Model::outputs == 1, "reranker: the classifier must have one label");

    // `most_tokens`: the most tokens of a query and a passage together, special ones included; as many go through the
    // model in one forward.
    reranker(const Model& model, const Words& words, int most_tokens, rerank_options options = {}, Threads threads = {})
        : pairs_(model, words, most_tokens, threads), options_(options) {}

    // scores[i] = how well passages[i] answers the query. Errors: text that is not UTF-8, a pair of too many tokens,
    // named by the passage's number; room for another number of scores; damaged weights. After an error the scores are
    // not to be used. PyTorch equivalent: sentence_transformers.CrossEncoder.predict([(query, p) for p in passages]).
    template <observer Watch = silent>
    status score(std::string_view query, std::span<const std::string_view> passages, std::span<float> scores,
                 Watch watch = {}) {
        if (scores.size() != passages.size())
            return error("rerank: ", passages.size(), " passages, but room for ", scores.size(), " scores");
        return pairs_.read(
            "passage", passages.size(), [&](std::size_t i) { return std::pair(query, passages[i]); }, options_.truncate,
            [&](std::size_t i, std::span<const float> logits) {
                scores[i] = options_.how == scoring::sigmoid ? 1 / (1 + std::exp(-logits[0])) : logits[0];
            },
            watch);
    }

    // The `top` best passages, best first; of equal scores the earlier one first. Valid until the next call. Errors: as
    // above; top < 1. PyTorch equivalent: sentence_transformers.CrossEncoder.rank(query, passages, top_k=top).
    template <observer Watch = silent>
    expected<std::span<const hit>> rank(std::string_view query, std::span<const std::string_view> passages, int top,
                                        Watch watch = {}) {
        if (top < 1) return error("rerank: the ", top, " best were asked for, at least 1 is needed");
        scores_.resize(passages.size());
        if (status ok = score(query, passages, scores_, watch); !ok) return ok.error();
        best_.resize(std::min(std::size_t(top), passages.size()));
        int found = 0;
        if (!best_.empty())
            for (std::size_t i = 0; i < scores_.size(); ++i)
                constformer::detail::keep_best({int(i), scores_[i]}, best_, found);
        return std::span<const hit>(best_).first(std::size_t(found));
    }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return pairs_.bytes(); }

  private:
    pair_reader<Model, Threads, Words> pairs_;
    rerank_options options_;
    std::vector<float> scores_;
    std::vector<hit> best_;
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
