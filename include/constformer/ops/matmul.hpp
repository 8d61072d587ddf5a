// matmul: y = A(x W' + b) for a packed matrix, (n, in) -> (n, out).
//
// The kernel takes numbers; only its register tile is a template. A tile is `Rows` rows of x times `Panels` panels of
// 16 outputs; its sums stay in registers over the whole depth. Weights are walked once for all rows (they are the
// larger operand and come from far away), rows in blocks that stay in the second-level cache.
#pragma once

#include "constformer/core/simd.hpp"
#include "constformer/core/tensor.hpp"
#include "constformer/ops/activate.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// The numbers of one product. B is anything laid out in panels: B[p * panel_stride + k * k_stride + j], j < 16.
struct product {
    const float* x;
    std::ptrdiff_t x_stride;
    const float* b;
    std::ptrdiff_t panel_stride, k_stride;
    const float* bias; // padded to whole panels; or null
    float* y;
    std::ptrdiff_t y_stride;
    int rows, depth, columns;
    bool streams = false;           // b comes from far away: fetch the next panels while summing
    bool adds = false;              // y += instead of y =
    block_function after = nullptr; // applied to each finished block
};

// The tile that each instruction set runs fastest, measured by bench/ops: as many sums as fit into its registers beside
// one row's value and the weights. Compilers differ in what they spill.
struct tile {
    int rows, panels;
};
#if defined(__AVX512F__) && defined(__clang__)
inline constexpr tile best_tile{4, 4}, few_rows_tile{4, 4}; // 16 sums of 16
#elif defined(__AVX512F__)
inline constexpr tile best_tile{8, 2}, few_rows_tile{4, 4};
#elif defined(__AVX2__)
inline constexpr tile best_tile{6, 1}, few_rows_tile{6, 1}; // 12 sums of 8
#else
inline constexpr tile best_tile{2, 1}, few_rows_tile{2, 1}; // 8 sums of 4
#endif

template <int Rows, int Panels>
[[gnu::always_inline]] inline void run_tile(const product& m, int row, int first_panel, unsigned fetch) {
    constexpr int per_panel = panel / lanes, width = Panels * per_panel;
    vec sums[Rows][width];
    for (auto& line : sums)
        for (vec& s : line) s = splat(0.0f);

    const float* const x = m.x + row * m.x_stride;
    const float* b[Panels];
    std::ptrdiff_t ahead[Panels]; // what to fetch while summing: the same place in the next group, or nothing new
    for (int p = 0; p < Panels; ++p) {
        b[p] = m.b + (first_panel + p) * m.panel_stride;
        ahead[p] = fetch >> p & 1 ? Panels * m.panel_stride : 0;
    }
    for (int r = 0; r < Rows; ++r) // the tile's lines of y come while it is summed
        for (int p = 0; p < Panels; ++p)
            __builtin_prefetch(m.y + (row + r) * m.y_stride + (first_panel + p) * panel, 1);
    for (int k = 0; k < m.depth; ++k) {
        vec w[width];
        for (int p = 0; p < Panels; ++p) {
            for (int v = 0; v < per_panel; ++v) w[p * per_panel + v] = load(b[p] + v * lanes);
            __builtin_prefetch(b[p] + ahead[p], 0, 2);
            b[p] += m.k_stride;
        }
        for (int r = 0; r < Rows; ++r) {
            const vec value = splat(x[r * m.x_stride + k]);
            for (int v = 0; v < width; ++v) sums[r][v] = fma(value, w[v], sums[r][v]);
        }
    }

    const int column = first_panel * panel;
    for (int v = 0; v < width; ++v) {
        const int left = m.columns - column - v * lanes; // columns from this vector on
        if (left <= 0) break;
        const vec bias = m.bias ? load(m.bias + column + v * lanes) : splat(0.0f);
        for (int r = 0; r < Rows; ++r) {
            float* const y = m.y + (row + r) * m.y_stride + column + v * lanes;
            vec sum = sums[r][v] + bias;
            if (left >= lanes) {
                store(y, m.adds ? load(y) + sum : sum);
            } else {
                if (m.adds) sum = sum + load_part(y, left);
                store_part(y, sum, left);
            }
        }
    }
}

// Rows [row, row + count) of a group of Panels panels, count <= Most.
template <int Most, int Panels>
[[gnu::noinline]] void run_rows(const product& m, int row, int count, int first_panel, unsigned fetch) {
    if constexpr (Most > 1)
        if (count < Most) return run_rows<Most - 1, Panels>(m, row, count, first_panel, fetch);
    run_tile<Most, Panels>(m, row, first_panel, fetch);
}

// The product over panels [begin, end).
[[gnu::noinline]] inline void multiply_panels(const product& m, int begin, int end) {
    constexpr int block = 192; // rows of x that stay in cache while a group of panels passes over them
    const auto group = [&]<tile t, int Panels>(int first_row, int last_row, int p) {
        const int tiles = (last_row - first_row + t.rows - 1) / t.rows;
        for (int row = first_row, n = 0; row < last_row; ++n) {
            unsigned fetch = 0; // the next group's panels, shared out among the tiles of this one
            for (int q = n; q < Panels && m.streams; q += tiles) fetch |= 1u << q;
            // 9 rows are better run as 5 and 4 than as 8 and 1
            const int left = last_row - row;
            const int count = left <= t.rows ? left : left < 2 * t.rows ? (left + 1) / 2 : t.rows;
            run_rows<t.rows, Panels>(m, row, count, p, fetch);
            if (m.after) {
                const int column = p * panel, columns = m.columns - column;
                m.after(m.y + row * m.y_stride + column, count, columns < Panels * panel ? columns : Panels * panel,
                        int(m.y_stride));
            }
            row += count;
        }
    };
    const auto sweep = [&]<tile t>(int first_row, int last_row) {
        int p = begin;
        for (; p + t.panels <= end; p += t.panels) group.template operator()<t, t.panels>(first_row, last_row, p);
        for (; p < end; ++p) group.template operator()<t, 1>(first_row, last_row, p);
    };
    for (int row = 0; row < m.rows; row += block) {
        const int last = row + block < m.rows ? row + block : m.rows;
        if (last - row <= few_rows_tile.rows)
            sweep.template operator()<few_rows_tile>(row, last);
        else
            sweep.template operator()<best_tile>(row, last);
    }
}

// y = A(x W' + b), or y += … where the destination is onto(y): (n, In) -> (n, Out). A thin wrapper that turns types
// into numbers. `bias` is a vector<Out> or absent. x and y must not overlap. PyTorch: A(F.linear(x, weight, bias)).
template <activation A = activation::none, int In, int Out, class Bias, destination<Out> To>
void multiply(const matrix<Out, In, f32>& weight, const Bias& bias, std::type_identity_t<const_rows<In>> x, To to,
              const auto& m) {
    constexpr bool adds = std::same_as<To, onto_rows<Out>>;
    static_assert(!adds || A == activation::none, "multiply: an activation cannot be added onto its destination");
    product p{.x = x.data,
              .x_stride = x.stride,
              .b = weight.data,
              .panel_stride = std::ptrdiff_t(In) * panel,
              .k_stride = panel,
              .bias = nullptr,
              .y = nullptr,
              .y_stride = 0,
              .rows = x.count,
              .depth = In,
              .columns = Out,
              .streams = true,
              .adds = adds,
              .after = block_of<A>};
    if constexpr (requires { bias.data; }) p.bias = bias.data;
    if constexpr (adds)
        p.y = to.to.data, p.y_stride = to.to.stride;
    else
        p.y = to.data, p.y_stride = to.stride;
    m.threads.split(matrix<Out, In, f32>::panels, [&](int begin, int end, int) { multiply_panels(p, begin, end); });
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
