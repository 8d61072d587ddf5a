// matmul: y = A(x W' + b) for a packed matrix of any element, (n, in) -> (n, out).
//
// The kernel takes numbers; only its element and its register tile are templates. A tile is `Rows` rows of x times
// `Registers` registers of outputs, which are a part of a panel of 16, or whole panels; its sums stay in registers over
// the whole depth. Weights are walked once for all rows (they are the larger operand and come from far away), rows in
// blocks that stay in the second-level cache. Loops over registers, here and in other ops, say that they are to be
// unrolled: GCC would do so at -O3 alone, and elsewhere keep the registers in memory.
#pragma once

#include "constformer/ops/prepare.hpp"
#include "constformer/ops/product.hpp"

#include <algorithm>
#include <initializer_list>

namespace constformer::ops::inline CONSTFORMER_ISA {

// sums += x w' over the whole depth. `first`: the first register of outputs.
template <class Step, int Rows, int Registers, element E>
[[gnu::always_inline]] inline void sum_lines(const product<E>& m, int row, int first, unsigned fetch,
                                             typename Step::sum (&sums)[Rows][Registers]) {
    using one = Step;
    constexpr int panels = Registers > per_panel ? Registers / per_panel : 1, each = Registers / panels;
    const typename one::source* const x = m.x + row * m.x_stride;
    const typename one::weight* b[panels];
    std::ptrdiff_t ahead[panels]; // what to fetch while summing: the same place in the next group, or nothing new
#pragma GCC unroll 4
    for (int p = 0; p < panels; ++p) {
        b[p] = m.b + (first / per_panel + p) * m.panel_stride + first % per_panel * lanes * one::beside;
        ahead[p] = fetch >> p & 1 ? panels * m.panel_stride : 0;
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) // the tile's lines of y come while it is summed
#pragma GCC unroll 4
        for (int p = 0; p < panels; ++p)
            __builtin_prefetch(m.y + (row + r) * m.y_stride + first * lanes + p * panel, 1);
    const auto line = [&](int k, auto spread) {
        decltype(one::loaded(b[0])) w[Registers];
#pragma GCC unroll 4
        for (int p = 0; p < panels; ++p) {
#pragma GCC unroll 8
            for (int v = 0; v < each; ++v) w[p * each + v] = one::loaded(b[p] + v * lanes * one::beside);
            __builtin_prefetch(b[p] + ahead[p], 0, 2);
            b[p] += panel * one::inputs;
        }
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            const auto value = spread(x + r * m.x_stride + k);
#pragma GCC unroll 8
            for (int v = 0; v < Registers; ++v) one::add(sums[r][v], value, w[v]);
        }
    };
    if constexpr (requires { one::spread_last(x); }) {
        int k = 0;
        for (; k + one::inputs <= m.depth; k += one::inputs) line(k, [](auto* from) { return one::spread(from); });
        if (k < m.depth) line(k, [](auto* from) { return one::spread_last(from); });
    } else {
        for (int k = 0; k < m.depth; k += one::inputs) line(k, [](auto* from) { return one::spread(from); });
    }
}

template <class Step, int Rows, int Registers, element E>
[[gnu::always_inline]] inline void run_tile(const product<E>& m, int row, int first, unsigned fetch) {
    using one = Step;
    constexpr int panels = Registers > per_panel ? Registers / per_panel : 1, each = Registers / panels;
    static_assert(each * panels == Registers && per_panel % each == 0, "matmul: a tile is parts of a panel, or panels");
    typename one::sum sums[Rows][Registers];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < Registers; ++v) sums[r][v] = one::zero();

    if constexpr (in_blocks(E))
        sum_blocks<E>(m, row, first, fetch, sums);
    else
        sum_lines<Step>(m, row, first, fetch, sums);

    // Every loop over sums is unrolled, so that they never leave their registers.
    const int column = first * lanes, left = m.columns - column;
    float* const y = m.y + row * m.y_stride + column;
    const auto finished = [&](int r, int v) -> vec {
        const int at = column + v * lanes;
        const vec bias = m.bias ? load(m.bias + at) : splat(0.0f);
        if constexpr (E == i8) // x w' = (low + scale · q) · w: the offset meets the sum of the weights
            return fma(xsimd::to_float(sums[r][v]), splat(m.x_scale[row + r]) * load(m.b_scale + at),
                       fma(splat(m.x_low[row + r]), load(m.b_sum + at), bias));
        else
            return sums[r][v] + bias;
    };
    if (left < Registers * lanes) { // the last panel is not full
        alignas(64) float line[Registers * lanes];
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
            for (int v = 0; v < Registers; ++v) store(line + v * lanes, finished(r, v));
            float* const to = y + r * m.y_stride;
            for (int i = 0; i < left; ++i) to[i] = m.adds ? to[i] + line[i] : line[i];
        }
    } else if (m.adds) {
#pragma GCC unroll 8
        for (int v = 0; v < Registers; ++v)
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r) {
                float* const to = y + r * m.y_stride + v * lanes;
                store(to, load(to) + finished(r, v));
            }
    } else {
#pragma GCC unroll 8
        for (int v = 0; v < Registers; ++v)
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r) store(y + r * m.y_stride + v * lanes, finished(r, v));
    }
}

// Rows [row, row + count), count <= Most.
template <class Step, int Most, int Registers, element E>
[[gnu::noinline]] void run_rows(const product<E>& m, int row, int count, int first, unsigned fetch) {
    if constexpr (Most > 1)
        if (count < Most) return run_rows<Step, Most - 1, Registers>(m, row, count, first, fetch);
    run_tile<Step, Most, Registers>(m, row, first, fetch);
}

// The product over panels [begin, end).
template <class Step, element E> [[gnu::noinline]] void multiply_panels(const product<E>& m, int begin, int end) {
    constexpr int block = 192; // rows of x that stay in cache while a group of panels passes over them
    const auto group = [&]<tile t, int Registers>(int first_row, int last_row, int first) {
        const int tiles = (last_row - first_row + t.rows - 1) / t.rows;
        for (int row = first_row, n = 0; row < last_row; ++n) {
            unsigned fetch = 0; // the next group's panels, shared out among the tiles of this one
            for (int q = n; q < (Registers + per_panel - 1) / per_panel && m.streams; q += tiles) fetch |= 1u << q;
            // 9 rows are better run as 5 and 4 than as 8 and 1
            const int left = last_row - row;
            const int count = left <= t.rows ? left : left < 2 * t.rows ? (left + 1) / 2 : t.rows;
            run_rows<Step, t.rows, Registers>(m, row, count, first, fetch);
            if (m.after) {
                const int column = first * lanes, columns = std::min(m.columns - column, Registers * lanes);
                m.after(m.y + row * m.y_stride + column, count, columns, int(m.y_stride));
            }
            row += count;
        }
    };
    const auto sweep = [&]<tile t>(int first_row, int last_row) {
        const int last = std::min(end * per_panel, (m.columns + lanes - 1) / lanes);
        int r = begin * per_panel;
        for (; r + t.registers <= last; r += t.registers)
            group.template operator()<t, t.registers>(first_row, last_row, r);
        constexpr int rest = t.registers < per_panel ? t.registers : per_panel;
        for (; r < last; r += rest) group.template operator()<t, rest>(first_row, last_row, r);
    };
    for (int row = 0; row < m.rows; row += block) {
        const int last = row + block < m.rows ? row + block : m.rows;
        if (last - row <= few_rows_tile<E>.rows)
            sweep.template operator()<few_rows_tile<E>>(row, last);
        else
            sweep.template operator()<best_tile<E>>(row, last);
    }
}

template <element E> void multiply_panels(const product<E>& m, int begin, int end) {
#if defined(__wasm_relaxed_simd__)
    if constexpr (E == i8)
        if (engine_multiplies() == summed::in_fours) return multiply_panels<step_in_fours>(m, begin, end);
#endif
    multiply_panels<step<E>>(m, begin, end);
}

// A product to be run, and how many panels it has.
template <element E> struct planned {
    product<E> numbers;
    int panels;
};

// y = A(x W' + b), or y += … where the destination is onto(y): (n, In) -> (n, Out). A thin wrapper that turns types
// into numbers. `x` is what prepare<E>() made of rows; `bias` is a vector<Out> or absent. x and y must not overlap.
// PyTorch: A(F.linear(x, weight, bias)).
template <activation A = activation::none, int In, int Out, element E, class Bias, destination<Out> To>
planned<E> plan(const matrix<Out, In, E>& weight, const Bias& bias, const auto& x, To to) {
    constexpr bool adds = std::same_as<To, onto_rows<Out>>;
    static_assert(!adds || A == activation::none, "multiply: an activation cannot be added onto its destination");
    static_assert(std::remove_cvref_t<decltype(x)>::width == In,
                  "multiply: the input must have as many columns as the matrix has inputs");
    product<E> p{.x = x.data,
                 .x_stride = 0,
                 .b = weight.data,
                 .panel_stride = std::ptrdiff_t(matrix<Out, In, E>::depth) * panel,
                 .bias = nullptr,
                 .y = nullptr,
                 .y_stride = 0,
                 .rows = x.count,
                 .depth = In,
                 .columns = Out};
    p.streams = true, p.adds = adds, p.after = block_of<A>;
    if constexpr (in_blocks(E))
        p.x_stride = std::ptrdiff_t(x.count) * block_size;
    else if constexpr (requires { x.stride; })
        p.x_stride = x.stride;
    else
        p.x_stride = x.padded;
    if constexpr (E == i8) {
        p.depth = x.padded;
        p.x_scale = x.scale, p.x_low = x.low, p.b_scale = weight.scale, p.b_sum = weight.sum;
    }
    if constexpr (in_blocks(E)) p.x_ranges = x.ranges, p.b_halves = weight.scale;
    if constexpr (requires { bias.data; }) p.bias = bias.data;
    if constexpr (adds)
        p.y = to.to.data, p.y_stride = to.to.stride;
    else
        p.y = to.data, p.y_stride = to.stride;
    return {p, matrix<Out, In, E>::panels};
}

// Runs products side by side, which none of them may depend on: their panels, end to end, are shared out in one step.
template <element E> void multiply(const auto& m, std::initializer_list<planned<E>> all) {
    int panels = 0;
    for (const planned<E>& one : all) panels += one.panels;
    m.threads.split(panels, [&](int begin, int end, int) {
        for (const planned<E>& one : all) {
            if (begin < one.panels && end > 0)
                multiply_panels(one.numbers, std::max(begin, 0), std::min(end, one.panels));
            begin -= one.panels, end -= one.panels;
        }
    });
}
template <activation A = activation::none, int In, int Out, element E>
void multiply(const matrix<Out, In, E>& weight, const auto& bias, const auto& x, auto to, const auto& m) {
    multiply<E>(m, {plan<A>(weight, bias, x, to)});
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
