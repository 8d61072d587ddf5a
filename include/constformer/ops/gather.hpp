// gather: rows of a table, by id: an embedding's look-up, and the product with a table that is also a tied head.
#pragma once

#include "constformer/core/matrix.hpp"
#include "constformer/ops/softmax.hpp"

#include <algorithm>
#include <span>

namespace constformer::ops::inline CONSTFORMER_ISA {

// y[i] = weight[ids[i]], (n) -> (n, width). Ids must have been checked. PyTorch: F.embedding(ids, weight).
template <int N, int Width> void look_up(const table<N, Width>& weight, std::span<const int> ids, rows<Width> y) {
    for (int i = 0; i < y.count; ++i) map(weight[ids[i]], y[i], Width, [](vec v) { return v; });
}

// Row r of a packed matrix, what it multiplies by: y = weight[r], Width numbers.
template <int N, int Width, element E> void unpack_row(const matrix<N, Width, E>& weight, int r, float* y) {
    if constexpr (E == i8) {
        constexpr int padded = matrix<N, Width, E>::depth;
        float row[padded];
        for (int c = 0; c < padded; ++c) row[c] = weight.scale[r] * float(weight.data[weight.place(r, c)]);
        hadamard::mix(row, padded);
        std::copy_n(row, Width, y);
    } else if constexpr (in_blocks(E)) {
        for (int b = 0; b < weight.blocks; ++b) weight.get(r, b, y + b * block_size);
    } else {
        for (int c = 0; c < Width; ++c) y[c] = weight.at(r, c);
    }
}
// look_up() of a matrix: a table that is also a tied head, stored once.
template <int N, int Width, element E>
void look_up(const matrix<N, Width, E>& weight, std::span<const int> ids, rows<Width> y) {
    for (int i = 0; i < y.count; ++i) unpack_row(weight, ids[std::size_t(i)], y[i]);
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
            running_sum<16> sums[Rows];
            int k = 0;
            for (; k + 16 <= m.depth; k += 16)
#pragma GCC unroll 4
                for (int v = 0; v < 16 / lanes; ++v) {
                    const vec value = load(w + k + v * lanes);
#pragma GCC unroll 4
                    for (int r = 0; r < Rows; ++r)
                        sums[r].part[v] = fma(load(x + r * m.x_stride + k + v * lanes), value, sums[r].part[v]);
                }
#pragma GCC unroll 4
            for (int v = 0; v < 16 / lanes; ++v, k += lanes) {
                if (k >= m.depth) continue;
                const int left = m.depth - k < lanes ? m.depth - k : lanes;
                const auto some = [&](const float* from) { return left < lanes ? load_part(from, left) : load(from); };
#pragma GCC unroll 4
                for (int r = 0; r < Rows; ++r)
                    sums[r].part[v] = fma(some(x + r * m.x_stride + k), some(w + k), sums[r].part[v]);
            }
#pragma GCC unroll 4
            for (int r = 0; r < Rows; ++r)
                m.y[(row + r) * m.y_stride + o] = sums[r].total() + (m.bias ? m.bias[o] : 0.0f);
        }
    };
    int row = 0;
    constexpr int most = lanes == 4 ? 2 : 4; // of 16 registers
    for (; row + most <= m.rows; row += most) block.template operator()<most>(row);
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
