// gather: rows of a table, by id: an embedding's look-up, and the product with a table that is also a tied head.
#pragma once

#include "constformer/core/tensor.hpp"
#include "constformer/ops/softmax.hpp"

#include <span>

namespace constformer::ops::inline CONSTFORMER_ISA {

// y[i] = weight[ids[i]], (n) -> (n, width). Ids must have been checked. PyTorch: F.embedding(ids, weight).
template <int N, int Width> void look_up(const table<N, Width>& weight, std::span<const int> ids, rows<Width> y) {
    for (int i = 0; i < y.count; ++i) map(weight[ids[i]], y[i], Width, [](vec v) { return v; });
}

namespace detail {
// y += x over one row.
[[gnu::noinline]] inline void add_row(const float* x, float* y, int count) {
    int i = 0;
    for (; i + lanes <= count; i += lanes) store(y + i, load(y + i) + load(x + i));
    if (i < count) store_part(y + i, load_part(y + i, count - i) + load_part(x + i, count - i), count - i);
}
} // namespace detail

// y += weight[id] for one row.
template <int N, int Width> void add(const table<N, Width>& weight, int id, float* y) {
    detail::add_row(weight[id], y, Width);
}

// The numbers of y = x T' + b for a row-major table T, (rows, depth) -> (rows, columns).
struct table_product {
    const float* x;
    std::ptrdiff_t x_stride;
    const float* table;
    const float* bias; // or null
    float* y;
    std::ptrdiff_t y_stride;
    int rows, depth;
};

// Outputs [begin, end). Each table row is read once for up to four rows of x, from its one place in memory: a tied head
// costs no second copy of the largest tensor.
[[gnu::noinline]] inline void multiply_table(const table_product& m, int begin, int end) {
    const auto block = [&]<int Rows>(int row) {
        const float* const x = m.x + row * m.x_stride;
        for (int o = begin; o < end; ++o) {
            const float* const w = m.table + std::ptrdiff_t(o) * m.depth;
            vec sums[Rows];
            for (vec& s : sums) s = splat(0.0f);
            int k = 0;
            for (; k + lanes <= m.depth; k += lanes) {
                const vec value = load(w + k);
                for (int r = 0; r < Rows; ++r) sums[r] = fma(load(x + r * m.x_stride + k), value, sums[r]);
            }
            if (k < m.depth) {
                const vec value = load_part(w + k, m.depth - k);
                for (int r = 0; r < Rows; ++r)
                    sums[r] = fma(load_part(x + r * m.x_stride + k, m.depth - k), value, sums[r]);
            }
            for (int r = 0; r < Rows; ++r)
                m.y[(row + r) * m.y_stride + o] = reduce_add(sums[r]) + (m.bias ? m.bias[o] : 0.0f);
        }
    };
    int row = 0;
    for (; row + 4 <= m.rows; row += 4) block.template operator()<4>(row);
    for (; row < m.rows; ++row) block.template operator()<1>(row);
}

// y = x T' + b, (n, Width) -> (n, N): logits of a head that shares the embedding. PyTorch: F.linear(x,
// embedding.weight).
template <int N, int Width, class Bias>
void multiply(const table<N, Width>& weight, const Bias& bias, std::type_identity_t<const_rows<Width>> x, rows<N> y,
              const auto& m) {
    table_product p{.x = x.data,
                    .x_stride = x.stride,
                    .table = weight.data,
                    .bias = nullptr,
                    .y = y.data,
                    .y_stride = y.stride,
                    .rows = x.count,
                    .depth = Width};
    if constexpr (requires { bias.data; }) p.bias = bias.data;
    m.threads.split(N, [&](int begin, int end, int) { multiply_table(p, begin, end); });
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
