// relative_keys: a rule that adds to each score how its query answers to the distance of the key (Dai et al. 2019,
// section 3.3). A tile of scores needs the distances of a band; the band's products with the queries are a small tile
// too, whose diagonals are added. Nothing of the size of all pairs is shifted, or even made.
#pragma once

#include "constformer/ops/outer.hpp"
#include "constformer/ops/reduce.hpp"
#include "constformer/ops/rules.hpp"

#include <algorithm>
#include <span>

namespace constformer::ops::inline CONSTFORMER_ISA {

// score[head][q][k] += scale · x[q] · r[zero + k - position of q], both in the columns of the head. Query q of a
// sentence stands at position past + q of its keys, or past + seats[q].
template <int HeadWidth> struct relative_keys {
    const float *x, *r; // (queries, heads · HeadWidth), (distances, heads · HeadWidth)
    std::ptrdiff_t x_stride, r_stride;
    int zero, past;
    float scale;
    std::span<const int> seats{};

    [[nodiscard]] key_range visible(int, int keys) const { return {0, keys}; }
    [[nodiscard]] relative_keys sentence(int first, int) const {
        relative_keys other = *this;
        other.x += first * x_stride;
        return other;
    }

    void operator()(int head, const score_tile& s) const {
        const float *const queries = x + head * HeadWidth, *const band = r + head * HeadWidth;
        if (s.query_step != 1 || s.queries <= 2 || !seats.empty()) { // one by one
            for (int q = 0; q < s.queries; ++q) {
                const int i = s.query + q, at = past + (seats.empty() ? i : seats[std::size_t(i)]);
                for (int k = 0; k < s.keys; ++k)
                    s(q, k) +=
                        scale * dot(queries + i * x_stride, band + (zero + s.key + k - at) * r_stride, HeadWidth);
            }
        } else if (s.key_step == lanes) {
            add_band<1>(queries, band, s);
        } else {
            add_band<2>(queries, band, s);
        }
    }

  private:
    static constexpr int widest = 32, part = 128; // as attend() makes its tiles

    template <int Vecs> void add_band(const float* queries, const float* band, const score_tile& s) const {
        constexpr int wide = Vecs * lanes;
        alignas(64) float turned[HeadWidth * widest], product[(part + widest) * widest];
        detail::transpose_rows(queries + s.query * x_stride, x_stride, s.queries, HeadWidth, turned, wide, true,
                               [by = splat(scale)](vec v, int) { return v * by; });
        const int last = s.queries - 1; // the query that is furthest behind the tile's first key
        for (int key = 0; key < s.keys; key += part) {
            const int keys = std::min(part, s.keys - key);
            detail::multiply_rows<Vecs>(
                detail::outer<float>{.a = band + (zero + s.key + key - past - s.query - last) * r_stride,
                                     .row = r_stride,
                                     .step = 1,
                                     .b = turned,
                                     .c = product,
                                     .wide = wide,
                                     .depth = HeadWidth,
                                     .factor = nullptr},
                keys + last); // (band, head_width) x (head_width, queries) -> (band, queries)
            for (int k = 0; k < keys; ++k) {
                const float* from = product + (k + last) * wide;
                for (int q = 0; q < s.queries; ++q, from += 1 - wide) s(q, key + k) += *from;
            }
        }
    }
};

} // namespace constformer::ops::inline CONSTFORMER_ISA
