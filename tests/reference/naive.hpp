// naive: every op once more, as its formula reads, in double and without a trick. The laws compare the fast code with
// it.
#pragma once

#include "constformer/ops/activate.hpp"

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <vector>

namespace constformer::reference {

// (rows, columns) numbers, row-major.
struct sheet {
    int rows = 0, columns = 0;
    std::vector<double> values;

    sheet() = default;
    sheet(int r, int c) : rows(r), columns(c), values(std::size_t(r) * std::size_t(c)) {}
    double& operator()(int r, int c) { return values[std::size_t(r) * std::size_t(columns) + std::size_t(c)]; }
    double operator()(int r, int c) const { return values[std::size_t(r) * std::size_t(columns) + std::size_t(c)]; }
    std::span<double> row(int r) {
        return {values.data() + std::size_t(r) * std::size_t(columns), std::size_t(columns)};
    }
};

inline double activate(activation a, double x) {
    switch (a) {
    case activation::relu:
        return x > 0 ? x : 0;
    case activation::gelu:
        return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case activation::gelu_tanh:
        return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case activation::silu:
        return x / (1 + std::exp(-x));
    case activation::tanh:
        return std::tanh(x);
    default:
        return x;
    }
}

// A(x W' + b); b empty: none.
inline sheet linear(const sheet& x, const sheet& w, const std::vector<double>& b, activation a = activation::none) {
    sheet y(x.rows, w.rows);
    for (int r = 0; r < x.rows; ++r)
        for (int o = 0; o < w.rows; ++o) {
            double sum = b.empty() ? 0 : b[std::size_t(o)];
            for (int k = 0; k < x.columns; ++k) sum += x(r, k) * w(o, k);
            y(r, o) = activate(a, sum);
        }
    return y;
}

// In place. A score of -infinity is a key that does not exist; where none does, all stay 0.
inline void softmax(std::span<double> x) {
    double most = -std::numeric_limits<double>::infinity(), sum = 0;
    for (double v : x) most = v > most ? v : most;
    for (double& v : x) {
        v = std::isinf(v) ? 0 : std::exp(v - most);
        sum += v;
    }
    for (double& v : x) v = sum > 0 ? v / sum : 0;
}

inline sheet layer_norm(const sheet& x, const std::vector<double>& weight, const std::vector<double>& bias,
                        double epsilon) {
    sheet y = x;
    for (int r = 0; r < x.rows; ++r) {
        double mean = 0, variance = 0;
        for (int c = 0; c < x.columns; ++c) mean += x(r, c) / x.columns;
        for (int c = 0; c < x.columns; ++c) variance += (x(r, c) - mean) * (x(r, c) - mean) / x.columns;
        for (int c = 0; c < x.columns; ++c)
            y(r, c) = (x(r, c) - mean) / std::sqrt(variance + epsilon) * weight[std::size_t(c)] + bias[std::size_t(c)];
    }
    return y;
}

inline sheet rms_norm(const sheet& x, const std::vector<double>& weight, double epsilon) {
    sheet y = x;
    for (int r = 0; r < x.rows; ++r) {
        double square = 0;
        for (int c = 0; c < x.columns; ++c) square += x(r, c) * x(r, c) / x.columns;
        for (int c = 0; c < x.columns; ++c) y(r, c) = x(r, c) / std::sqrt(square + epsilon) * weight[std::size_t(c)];
    }
    return y;
}

// What becomes of one scaled score; -infinity: the query does not see the key.
using score_rule = std::function<double(int head, int query, int key, double score)>;

// softmax(rule(scale q k')) v for heads side by side; `kv_heads` divides `heads`. One sentence.
inline sheet attend(const sheet& q, const sheet& k, const sheet& v, int heads, int kv_heads, double scale,
                    const score_rule& rule) {
    const int width = q.columns / heads;
    sheet y(q.rows, q.columns);
    for (int h = 0; h < heads; ++h) {
        const int from = h * width, source = h / (heads / kv_heads) * width;
        for (int i = 0; i < q.rows; ++i) {
            std::vector<double> scores(std::size_t(k.rows));
            for (int j = 0; j < k.rows; ++j) {
                double dot = 0;
                for (int d = 0; d < width; ++d) dot += q(i, from + d) * k(j, source + d);
                scores[std::size_t(j)] = rule(h, i, j, scale * dot);
            }
            softmax(scores);
            for (int d = 0; d < width; ++d)
                for (int j = 0; j < k.rows; ++j) y(i, from + d) += scores[std::size_t(j)] * v(j, source + d);
        }
    }
    return y;
}

// table[ids[i]]; PyTorch's F.embedding.
inline sheet look_up(const sheet& table, const std::vector<int>& ids) {
    sheet y(int(ids.size()), table.columns);
    for (int i = 0; i < y.rows; ++i)
        for (int c = 0; c < y.columns; ++c) y(i, c) = table(ids[std::size_t(i)], c);
    return y;
}

// The mean of the rows whose keep is not 0 (empty: of all), zeros where there is none.
inline std::vector<double> mean(const sheet& x, const std::vector<int>& keep) {
    std::vector<double> y(std::size_t(x.columns));
    int kept = 0;
    for (int r = 0; r < x.rows; ++r) kept += keep.empty() || keep[std::size_t(r)] != 0;
    for (int r = 0; r < x.rows; ++r)
        if (keep.empty() || keep[std::size_t(r)] != 0)
            for (int c = 0; c < x.columns; ++c) y[std::size_t(c)] += x(r, c) / kept;
    return y;
}

} // namespace constformer::reference
