// logits: what can be asked of the scores of all tokens before one is chosen.
#pragma once

#include "constformer/core/check.hpp"

#include <span>

namespace constformer {

// Errors: there are none; one of them is NaN or infinite, as damaged weights make it.
[[nodiscard]] inline status check_logits(std::span<const float> logits, const char* who) {
    if (logits.empty()) return error(who, ": there are no scores to choose from");
    float all = 0; // x · 0 is 0 for every number, and NaN is never lost in a sum
    for (const float v : logits) all += v * 0;
    if (!(all == 0)) return error(who, ": the model's scores are not numbers: its weights are damaged");
    return {};
}

// The token with the highest score; of equal ones the first. At least one score.
[[nodiscard]] inline int best_token(std::span<const float> logits) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < logits.size(); ++i)
        if (logits[i] > logits[best]) best = i;
    return int(best);
}

} // namespace constformer
