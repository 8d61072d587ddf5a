// outer: products of a few numbers a row with registers of columns: attention's two, in which the columns are queries.
#pragma once

#include "constformer/core/simd_bf16.hpp"

#include <algorithm>
#include <cstddef>

namespace constformer::ops::inline CONSTFORMER_ISA {

// Two consecutive bfloat16 of a depth, which are multiplied in one step.
struct pair {
    std::uint16_t two[2];
};

namespace detail {

// c = a b, or factor · c + a b: (Rows, depth) x (depth, Vecs registers). a[r * row + k * step] is one number, or a
// pair; b and c have `wide` columns.
template <class Unit> struct outer {
    const Unit* a;
    std::ptrdiff_t row, step;
    const Unit* b;
    float* c;
    int wide, depth;
    const float* factor; // a number a column; or null
};
[[gnu::always_inline]] inline vec add_product(float a, const float* b, vec sum) { return fma(splat(a), load(b), sum); }
#if defined(CONSTFORMER_DOT_BF16)
[[gnu::always_inline]] inline vec add_product(pair a, const pair* b, vec sum) {
    return dot_bf16(sum, splat_pair(a.two), load_pairs(b->two));
}
#endif
template <class Unit, int Rows, int Vecs> [[gnu::noinline]] void multiply_outer(const outer<Unit>& m) {
    vec sums[Rows][Vecs];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < Vecs; ++v) sums[r][v] = splat(0.0f);
    const Unit *a = m.a, *b = m.b;
    for (int k = 0; k < m.depth; ++k, a += m.step, b += m.wide)
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
            for (int v = 0; v < Vecs; ++v) sums[r][v] = add_product(a[r * m.row], b + v * lanes, sums[r][v]);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < Vecs; ++v) {
            float* const c = m.c + r * m.wide + v * lanes;
            if (m.factor) sums[r][v] = fma(load(c), load(m.factor + v * lanes), sums[r][v]);
            store(c, sums[r][v]);
        }
}
// All `rows`, in tiles of as many sums as fit into the registers.
template <int Vecs, class Unit> inline void multiply_rows(outer<Unit> m, int rows) {
#if defined(__AVX512F__) || defined(__aarch64__)
    constexpr int most = 8; // of 32 registers
#elif defined(__wasm_relaxed_simd__)
    constexpr int most = 6; // of 16, fused
#else
    constexpr int most = 4; // of 16
#endif
    const auto tile = [&]<int Rows>() {
        for (; rows >= Rows; rows -= Rows, m.a += Rows * m.row, m.c += Rows * m.wide)
            multiply_outer<Unit, Rows, Vecs>(m);
    };
    tile.template operator()<most>();
    if constexpr (most > 4) tile.template operator()<4>();
    tile.template operator()<2>();
    tile.template operator()<1>();
}

// (rows, columns) -> (columns, rows), each register f(its numbers, their first column) on the way. With `padded` a row
// of `to` is written up to whole registers, zeros behind the end.
template <class F>
[[gnu::noinline]] void transpose_rows(const float* from, std::ptrdiff_t from_stride, int rows, int columns, float* to,
                                      std::ptrdiff_t to_stride, bool padded, F f) {
    for (int r = 0; r < rows; r += lanes)
        for (int c = 0; c < columns; c += lanes) {
            const float* const source = from + r * from_stride + c;
            float* const target = to + c * to_stride + r;
            const int high = std::min(lanes, rows - r), wide = std::min(lanes, columns - c);
            vec square[lanes];
            if (high == lanes && wide == lanes) {
#pragma GCC unroll 16
                for (int i = 0; i < lanes; ++i) square[i] = f(load(source + i * from_stride), c);
                transpose(square);
#pragma GCC unroll 16
                for (int i = 0; i < lanes; ++i) store(target + i * to_stride, square[i]);
                continue;
            }
#pragma GCC unroll 16
            for (int i = 0; i < lanes; ++i) {
                const float* const line = source + i * from_stride;
                square[i] = i >= high ? splat(0.0f) : f(wide == lanes ? load(line) : load_part(line, wide), c);
            }
            transpose(square);
            for (int i = 0; i < wide; ++i) {
                float* const line = target + i * to_stride;
                if (padded || high == lanes)
                    store(line, square[i]);
                else
                    store_part(line, square[i], high);
            }
        }
}

#if defined(CONSTFORMER_DOT_BF16)
inline void store_pairs(float* to, vec first, vec second) {
    pack_pairs(first, second).store_unaligned(reinterpret_cast<std::int32_t*>(to));
}
// Rows 2i and 2i + 1 of (rows, wide) become row i of pairs, in place; an odd last row is paired with zeros.
inline void pack_rows(float* x, int rows, int wide) {
    for (int r = 0; r < rows; r += 2)
        for (int c = 0; c < wide; c += lanes)
            store_pairs(x + r / 2 * wide + c, load(x + r * wide + c),
                        r + 1 < rows ? load(x + (r + 1) * wide + c) : splat(0.0f));
}
// (rows, width) -> (rows, width / 2) pairs of neighbors.
inline void pack_along(const float* x, std::ptrdiff_t stride, int rows, int width, pair* to) {
    for (int r = 0; r < rows; ++r, x += stride, to += (width + 1) / 2) {
        int i = 0;
        for (; i + lanes <= width; i += lanes) store_bf16(to[i / 2].two, load(x + i));
        for (; i < width; i += 2)
            to[i / 2] = {{to_bfloat16(x[i]), i + 1 < width ? to_bfloat16(x[i + 1]) : std::uint16_t{0}}};
    }
}
// (rows, width) -> (rows / 2, to_stride) pairs of one number of each of two rows; to_stride is width in whole panels.
inline void pack_across(const float* x, std::ptrdiff_t stride, int rows, int width, pair* to,
                        std::ptrdiff_t to_stride) {
    const auto part = [&](const float* from, int left) { return left >= lanes ? load(from) : load_part(from, left); };
    for (int r = 0; r < rows; r += 2, x += 2 * stride, to += to_stride)
        for (int c = 0; c < width; c += lanes) {
            const vec second = r + 1 < rows ? part(x + stride + c, width - c) : splat(0.0f);
            pack_pairs(part(x + c, width - c), second).store_unaligned(reinterpret_cast<std::int32_t*>(to + c));
        }
}
#endif

} // namespace detail
} // namespace constformer::ops::inline CONSTFORMER_ISA
