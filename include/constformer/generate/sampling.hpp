// sampling: one token after another, by the model's scores: the best, or one drawn.
#pragma once

#include "constformer/generate/logits.hpp"
#include "constformer/generate/random.hpp"
#include "constformer/ops/activate.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace constformer {

// What is left to chance, in the order in which it is applied. Transformers' generate() has the same names.
struct sampling_options {
    float repetition_penalty = 1; // scores of tokens that were there already: divided by it, or multiplied if negative
    float temperature = 0;        // scores are divided by it; 0: always the best
    int top_k = 0;                // so many of the best can be drawn; 0: all
    float top_p = 1;              // of the best as many as it takes to have that probability
    float min_p = 0;              // only those that are at least so probable, as a share of the best one's probability
    std::uint64_t seed = 0;
};

// Errors: a number outside of its range, one sentence each.
[[nodiscard]] inline status check(const sampling_options& o) {
    const auto finite = [](float x) { return x - x == 0; };
    if (!finite(o.temperature) || o.temperature < 0)
        return error("sampling: the temperature must be a number of at least 0");
    if (o.top_k < 0) return error("sampling: top-k is ", o.top_k, ", at least 0 is needed");
    if (!(o.top_p > 0 && o.top_p <= 1)) return error("sampling: top-p must be above 0 and at most 1");
    if (!(o.min_p >= 0 && o.min_p <= 1)) return error("sampling: min-p must lie from 0 to 1");
    if (!finite(o.repetition_penalty) || o.repetition_penalty <= 0)
        return error("sampling: the repetition penalty must be a number above 0");
    return {};
}

// A token that can be drawn.
struct candidate {
    int token;
    float probability;
};

inline namespace CONSTFORMER_ISA {

// Draws tokens. One seed gives one text, on every machine on which the scores are the same. The memory is taken once.
class sampler {
  public:
    // Options are to be checked first.
    sampler(const sampling_options& options, int vocabulary)
        : options_(options), random_(options.seed), was_there_(std::size_t(vocabulary)) {
        candidates_.reserve(std::size_t(vocabulary));
    }
    // Another text, in the same memory.
    void restart(const sampling_options& options) {
        options_ = options;
        random_ = random_numbers(options.seed);
    }

    // The next token behind `ids`, by the scores of all tokens, which it may change. Errors: scores that are not
    // numbers.
    [[nodiscard]] expected<int> next(std::span<float> logits, std::span<const int> ids) {
        if (status ok = check_logits(logits, "sampling"); !ok) return ok.error();
        if (options_.temperature == 0) {
            penalize(logits, ids);
            return best_token(logits);
        }
        const auto all = distribution(logits, ids);
        const double drawn = random_.unit();
        double sum = 0;
        for (const candidate& one : all)
            if ((sum += double(one.probability)) > drawn) return one.token;
        return all.back().token; // the sum may be a rounding less than 1
    }

    // What next() draws from, at a temperature above 0: never nothing, until the next call.
    [[nodiscard]] std::span<const candidate> distribution(std::span<float> logits, std::span<const int> ids) {
        penalize(logits, ids);
        for (float& score : logits) score /= options_.temperature;
        candidates_.clear();
        for (std::size_t i = 0; i < logits.size(); ++i) candidates_.push_back({int(i), logits[i]});
        const auto better = [](const candidate& a, const candidate& b) {
            return a.probability != b.probability ? a.probability > b.probability : a.token < b.token;
        };
        if (options_.top_k > 0 && std::size_t(options_.top_k) < candidates_.size()) {
            const auto last = candidates_.begin() + options_.top_k - 1;
            std::nth_element(candidates_.begin(), last, candidates_.end(), better);
            keep([least = last->probability](const candidate& one) { return one.probability >= least; });
        }
        normalize();
        if (options_.top_p < 1) {
            // The best of them, sorted as far as needed: those before which less than top_p lies.
            std::size_t sorted = 0, kept = 0;
            for (double before = 0; kept < candidates_.size() && before < double(options_.top_p);) {
                if (kept == sorted) {
                    const std::size_t more = std::min(candidates_.size(), 4 * sorted + 64);
                    const auto begin = candidates_.begin() + std::ptrdiff_t(sorted),
                               end = candidates_.begin() + std::ptrdiff_t(more);
                    std::partial_sort(begin, end, candidates_.end(), better);
                    sorted = more;
                }
                before += double(candidates_[kept++].probability);
            }
            candidates_.resize(kept);
            rescale();
        }
        if (options_.min_p > 0) {
            float most = 0;
            for (const candidate& one : candidates_) most = std::max(most, one.probability);
            keep([least = most * options_.min_p](const candidate& one) { return one.probability >= least; });
            rescale();
        }
        return candidates_;
    }

  private:
    sampling_options options_;
    random_numbers random_;
    std::vector<bool> was_there_;
    std::vector<candidate> candidates_;

    void penalize(std::span<float> logits, std::span<const int> ids) {
        if (options_.repetition_penalty == 1) return;
        was_there_.assign(was_there_.size(), false);
        for (const int id : ids) {
            const auto i = std::size_t(id);
            if (was_there_[i]) continue;
            was_there_[i] = true;
            logits[i] =
                logits[i] < 0 ? logits[i] * options_.repetition_penalty : logits[i] / options_.repetition_penalty;
        }
    }
    void keep(auto what) {
        std::erase_if(candidates_, [&](const candidate& one) { return !what(one); });
    }
    // Scores become probabilities, a register of them at a time.
    void normalize() {
        float most = candidates_[0].probability;
        for (const candidate& one : candidates_) most = std::max(most, one.probability);
        for (std::size_t i = 0; i < candidates_.size(); i += std::size_t(lanes)) {
            float some[lanes] = {};
            const std::size_t count = std::min(candidates_.size() - i, std::size_t(lanes));
            for (std::size_t j = 0; j < count; ++j) some[j] = candidates_[i + j].probability - most;
            store(some, ops::exp(load(some)));
            for (std::size_t j = 0; j < count; ++j) candidates_[i + j].probability = some[j];
        }
        rescale();
    }
    void rescale() {
        double sum = 0;
        for (const candidate& one : candidates_) sum += double(one.probability);
        for (candidate& one : candidates_) one.probability = float(double(one.probability) / sum);
    }
};

} // namespace CONSTFORMER_ISA
} // namespace constformer
