// relative_bias: what a distance adds to a score, one table for a whole stack. Raffel et al. 2020, section 2.1.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/ops/rules.hpp"

#include <cmath>

namespace constformer {

// A rule: score[head][i][j] += table[j - i][head]; row `zero` of the table is distance 0 of a query at position `past`.
template <int Heads> struct by_distance {
    const_rows<Heads> table;
    int zero, past;
    [[nodiscard]] ops::key_range visible(int, int keys) const { return {0, keys}; }
    void operator()(int head, const ops::score_tile& s) const {
        for (int k = 0; k < s.keys; ++k) {
            const float* from = table[zero - past - s.query + s.key + k] + head;
            for (int q = 0; q < s.queries; ++q, from -= table.stride) s(q, k) += *from;
        }
    }
    [[nodiscard]] by_distance sentence(int, int) const { return *this; }
};

enum class direction { both, backward };

// Distances fall into buckets: half of them exact, the rest logarithmic up to `Farthest`; `both` gives each side its
// own half. PyTorch: T5Attention.relative_attention_bias with T5Attention._relative_position_bucket.
template <int Buckets, int Heads, int Farthest, direction Way> struct relative_bias {
    static_assert(
        Buckets >= 4 && Buckets % 4 == 0,
        "relative_bias: .buckets must be a positive multiple of 4 (two directions, half exact, half logarithmic)");
    static_assert(Farthest > Buckets, "relative_bias: .farthest must exceed .buckets");
    table<Buckets, Heads> weight;

    [[nodiscard]] static int bucket(int distance) { // key - query
        constexpr int side = Way == direction::both ? Buckets / 2 : Buckets, exact = side / 2;
        const int first = Way == direction::both && distance > 0 ? side : 0;
        const int far = Way == direction::both ? std::abs(distance) : std::max(-distance, 0);
        if (far < exact) return first + far;
        const float log = std::log(float(far) / exact) / float(std::log(double(Farthest) / exact)) * (side - exact);
        return first + std::min(side - 1, exact + int(log));
    }

    static constexpr std::size_t scratch(int queries, int keys) { return room(std::size_t(queries + keys), Heads); }

    // The rule for `queries` tokens at `past` looking at `keys`; its table is taken from m, once for all layers.
    [[nodiscard]] by_distance<Heads> spread(int queries, int keys, int past, auto& m) const {
        rows<Heads> table = m.take(queries + keys);
        const int zero = past + queries - 1;
        for (int d = -zero; d < keys - past; ++d)
            for (int h = 0; h < Heads; ++h) table[zero + d][h] = weight.at(bucket(d), h);
        return {table, zero, past};
    }
};

} // namespace constformer
