// tokens: what a family checks of its input before any kernel runs.
#pragma once

#include "constformer/core/check.hpp"

#include <span>

namespace constformer {

// A packed batch of token ids: sentences end to end, `each` says how many tokens each has (empty: one sentence).
struct token_limits {
    const char* who; // begins every sentence: "bert"
    int vocabulary, positions;
};

[[nodiscard]] inline status check_tokens(std::span<const int> ids, std::span<const int> each,
                                         const token_limits& limits, int past = 0) {
    if (ids.empty()) return error(limits.who, ": no tokens; a forward needs at least one");
    long long total = 0;
    const int one = int(ids.size());
    for (int n : each.empty() ? std::span<const int>(&one, 1) : each) {
        if (n < 1) return error(limits.who, ": a sentence of the batch has ", n, " tokens, at least 1 is needed");
        if (n > limits.positions - past)
            return error(limits.who, ": ", n + past, " tokens, this model has ", limits.positions, " positions");
        total += n;
    }
    if (total != one)
        return error(limits.who, ": the lengths of the batch add up to ", total, ", but there are ", one, " tokens");
    for (int id : ids)
        if (id < 0 || id >= limits.vocabulary)
            return error(limits.who, ": token id ", id, " is outside the vocabulary of ", limits.vocabulary);
    return {};
}

} // namespace constformer
