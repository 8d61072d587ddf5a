// pool: from the tokens of a sentence to one vector.
#pragma once

#include "constformer/ops/gather.hpp"
#include "constformer/ops/normalize.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// y[s] = the mean of sentence s's tokens, those with keep == 0 left out (keep empty: all count; none kept: zeros).
// (tokens, width) -> (sentences, width). `lengths` empty: one sentence. sentence-transformers' mean pooling.
template <int Width>
void mean(const_rows<Width> x, std::span<const int> lengths, std::span<const int> keep, rows<Width> y) {
    int token = 0;
    for (int s = 0; s < y.count; ++s) {
        const int n = lengths.empty() ? x.count : lengths[std::size_t(s)];
        float* const to = y[s];
        map(to, to, Width, [](vec) { return splat(0.0f); });
        int kept = 0;
        for (int i = 0; i < n; ++i, ++token) {
            if (!keep.empty() && keep[std::size_t(token)] == 0) continue;
            detail::add_row(x[token], to, Width);
            ++kept;
        }
        const vec share = splat(kept > 0 ? 1.0f / float(kept) : 0.0f);
        map(to, to, Width, [=](vec v) { return v * share; });
    }
}

// y[s] = the first token of sentence s: (tokens, width) -> (sentences, width).
template <int Width> void first(const_rows<Width> x, std::span<const int> lengths, rows<Width> y) {
    int token = 0;
    for (int s = 0; s < y.count; ++s) {
        map(x[token], y[s], Width, [](vec v) { return v; });
        if (!lengths.empty()) token += lengths[std::size_t(s)];
    }
}

// y[s] = the last token of sentence s: (tokens, width) -> (sentences, width).
template <int Width> void last(const_rows<Width> x, std::span<const int> lengths, rows<Width> y) {
    int end = 0;
    for (int s = 0; s < y.count; ++s) {
        end = lengths.empty() ? x.count : end + lengths[std::size_t(s)];
        map(x[end - 1], y[s], Width, [](vec v) { return v; });
    }
}

// Each row divided by its Euclidean length; a zero row stays zero. PyTorch: F.normalize(y, dim=-1).
template <int Width> void normalize(rows<Width> y) {
    for (int r = 0; r < y.count; ++r) {
        const float length = std::sqrt(detail::total(y[r], Width, [](vec v) { return v * v; }));
        map(y[r], y[r], Width, [by = splat(1.0f / (length > 1e-12f ? length : 1e-12f))](vec v) { return v * by; });
    }
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
