// product: the numbers of one matrix product, and what one tile of it sums for elements in blocks. matmul.hpp runs it.
#pragma once

#include "constformer/ops/activate.hpp"
#include "constformer/ops/quantize_blocks.hpp"
#include "constformer/ops/step.hpp"

#include <cstddef>

namespace constformer::ops::inline CONSTFORMER_ISA {

// Strides count elements; B is laid out as a matrix is: panels, in them lines of 16 outputs times the inputs of a step.
template <element E = f32> struct product {
    const typename step<E>::source* x;
    std::ptrdiff_t x_stride; // of rows; q8, q4: of blocks, each of which has 32 bytes of every row
    const typename step<E>::weight* b;
    std::ptrdiff_t panel_stride;
    const float* bias; // padded to whole panels; or null
    float* y;
    std::ptrdiff_t y_stride;
    int rows, depth, columns;                         // depth: inputs, those that pad the last step included or not
    const float *x_scale = nullptr, *x_low = nullptr; // i8: a number a row of x
    const float *b_scale = nullptr, *b_sum = nullptr; // i8: a number an output
    const block_range* x_ranges = nullptr;            // q8, q4: one a row of a block of x
    const std::uint16_t* b_halves = nullptr;          // and of b: for each block of a panel scales, and leasts of q4
    bool streams = false;                             // b comes from far away: fetch the next panels while summing
    bool adds = false;                                // y += instead of y =
    block_function after = nullptr;                   // applied to each finished block
};

inline constexpr int per_panel = panel / lanes; // registers

// sums += x w' over the whole depth, for a tile whose first register of outputs is `first`: in each block integers are
// summed first, whole registers of outputs side by side, and then scaled. With 32 registers a block's weights stay in
// them while the rows pass, one after another; with 16 the rows' sums do while the lines pass.
template <element E, int Rows, int Registers>
[[gnu::always_inline]] inline void sum_blocks(const product<E>& m, int row, int first, unsigned fetch,
                                              vec (&sums)[Rows][Registers]) {
    using one = step<E>;
    using products = typename one::products;
    using weights = decltype(products::loaded(ivec(0)));
    constexpr int panels = Registers > per_panel ? Registers / per_panel : 1, each = Registers / panels;
    constexpr int parts = one::halved ? 2 : 1, line_bytes = panel * 4;
    constexpr std::ptrdiff_t far = 4096; // what memory sends meanwhile
    const int blocks = (m.depth + block_size - 1) / block_size;
    const std::int8_t* x = m.x + std::ptrdiff_t(row) * block_size;
    const block_range* ranges = m.x_ranges + row;
    const std::int8_t* b[panels];
    const std::uint16_t* halves[panels];
    std::ptrdiff_t ahead[panels];
#pragma GCC unroll 4
    for (int p = 0; p < panels; ++p) {
        const std::ptrdiff_t at = first / per_panel + p, inside = first % per_panel * lanes;
        b[p] = reinterpret_cast<const std::int8_t*>(m.b + at * m.panel_stride) + inside * 4;
        halves[p] = m.b_halves + at * blocks * parts * panel + inside;
        ahead[p] = fetch >> p & 1 ? far : 0;
    }
    for (int k = 0; k < blocks; ++k, x += m.x_stride, ranges += m.x_stride / block_size) {
        const auto take_line = [&](ivec(&w)[Registers]) {
#pragma GCC unroll 4
            for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
                for (int v = 0; v < each; ++v) w[p * each + v] = load_bytes(b[p] + v * lanes * 4);
                __builtin_prefetch(b[p] + ahead[p]);
                b[p] += line_bytes;
            }
        };
        const auto make = [&](const ivec(&from)[Registers], int part, weights(&w)[Registers]) {
#pragma GCC unroll 8
            for (int v = 0; v < Registers; ++v)
                w[v] = products::loaded(!one::halved ? from[v]
                                        : part == 0  ? low_halves(from[v])
                                                     : high_halves(from[v]));
        };
        const auto start = [&](int r) {
            if constexpr (products::starts)
                return products::start(ranges[r].start);
            else
                return products::start();
        };
        const auto add = [&](typename products::sums(&s)[Registers], int r, int at, const weights(&w)[Registers]) {
            const ivec four = splat_bytes(reinterpret_cast<const std::uint8_t*>(x + r * block_size + at));
#pragma GCC unroll 8
            for (int v = 0; v < Registers; ++v) products::add(s[v], four, w[v]);
        };
        vec scale[Registers], least[Registers];
#pragma GCC unroll 4
        for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
            for (int v = 0; v < each; ++v) {
                scale[p * each + v] = load_halves(halves[p] + v * lanes);
                if constexpr (one::halved) least[p * each + v] = load_halves(halves[p] + panel + v * lanes);
            }
            __builtin_prefetch(halves[p] + ahead[p] * parts / (one::lines * 4));
            halves[p] += parts * panel;
        }
        const auto finish = [&](const typename products::sums(&s)[Registers], int r) {
            const vec factor = splat(ranges[r].scale);
#pragma GCC unroll 8
            for (int v = 0; v < Registers; ++v) {
                sums[r][v] = fma(xsimd::to_float(products::total(s[v])), scale[v] * factor, sums[r][v]);
                if constexpr (one::halved) sums[r][v] = fma(splat(ranges[r].sum), least[v], sums[r][v]);
            }
        };
        if constexpr (weights_stay) {
            weights w[parts][one::lines][Registers];
#pragma GCC unroll 8
            for (int line = 0; line < one::lines; ++line) {
                ivec from[Registers];
                take_line(from);
#pragma GCC unroll 2
                for (int part = 0; part < parts; ++part) make(from, part, w[part][line]);
            }
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r) {
                typename products::sums s[Registers];
#pragma GCC unroll 8
                for (auto& sum : s) sum = start(r);
#pragma GCC unroll 8
                for (int at = 0; at < parts * one::lines; ++at) add(s, r, at * 4, w[at / one::lines][at % one::lines]);
                finish(s, r);
            }
        } else {
            typename products::sums s[Rows][Registers];
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
                for (auto& sum : s[r]) sum = start(r);
#pragma GCC unroll 1
            for (int line = 0; line < one::lines; ++line) {
                ivec from[Registers];
                take_line(from);
#pragma GCC unroll 2
                for (int part = 0; part < parts; ++part) {
                    weights w[Registers];
                    make(from, part, w);
#pragma GCC unroll 16
                    for (int r = 0; r < Rows; ++r) add(s[r], r, (part * one::lines + line) * 4, w);
                }
            }
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r) finish(s[r], r);
        }
    }
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
