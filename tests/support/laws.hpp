// laws: what the tests of kernels share: random data, rows that notice every write beside them, and comparisons.
#pragma once

#include "constformer/core/manifest.hpp"
#include "constformer/core/tensor.hpp"
#include "tests/reference/naive.hpp"

#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace constformer::laws {

// The sizes at which tiles, blocks and tails begin and end.
inline constexpr int some_rows[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 33, 191, 192, 193};
inline constexpr int some_widths[] = {1, 7, 8, 12, 15, 16, 17, 31, 32, 33, 36, 40, 48, 100};

// One rounding of a float, relative: the unit of every tolerance below.
inline constexpr double rounding = 0x1p-24;

// The same numbers everywhere: uniform in [-1, 1), from a 64-bit linear congruence (Knuth's constants).
struct noise {
    std::uint64_t state;
    explicit noise(std::uint64_t seed) : state(seed * 0x9e3779b97f4a7c15 + 1) {}
    float operator()() {
        state = state * 6364136223846793005 + 1442695040888963407;
        return float(std::int32_t(state >> 32)) * 0x1p-31f;
    }
    int below(int n) { return int((state = state * 6364136223846793005 + 1442695040888963407) >> 33) % n; }
};

inline constexpr float guard = 12345.675f;

// (count, width) floats, `stride` apart, that end where their memory ends, so that AddressSanitizer sees every read
// behind them; without it guard values follow. Guard values also lie before the rows and in the gaps between them.
struct sheet {
    int count, width, stride;
    std::vector<float> all;

    sheet(int count, int width, int gap = 0)
        : count(count), width(width), stride(width + gap), all(std::size_t(front + used() + behind), guard) {}
    sheet(int count, int width, noise&& random, int gap = 0) : sheet(count, width, gap) {
        for (int r = 0; r < count; ++r)
            for (int c = 0; c < width; ++c) at(r, c) = random();
    }
    [[nodiscard]] float* data() { return all.data() + front; }
    [[nodiscard]] const float* data() const { return all.data() + front; }
    [[nodiscard]] float& at(int r, int c) { return data()[std::ptrdiff_t(r) * stride + c]; }
    [[nodiscard]] float at(int r, int c) const { return data()[std::ptrdiff_t(r) * stride + c]; }
    template <int Width> [[nodiscard]] rows<Width> view() { return {data(), count, stride}; }

    // Nothing but the rows was written.
    [[nodiscard]] bool guarded() const {
        for (std::ptrdiff_t i = 0; i < std::ptrdiff_t(all.size()); ++i) {
            const std::ptrdiff_t in = i - front;
            if ((in < 0 || in >= used() || in % stride >= width) && all[std::size_t(i)] != guard) return false;
        }
        return true;
    }
    [[nodiscard]] reference::sheet exact() const {
        reference::sheet s(count, width);
        for (int r = 0; r < count; ++r)
            for (int c = 0; c < width; ++c) s(r, c) = at(r, c);
        return s;
    }
    [[nodiscard]] std::vector<double> row(int r) const {
        std::vector<double> values;
        for (int c = 0; c < width; ++c) values.push_back(at(r, c));
        return values;
    }

  private:
    static constexpr int front = 16;
#if defined(__SANITIZE_ADDRESS__)
    static constexpr int behind = 0;
#else
    static constexpr int behind = 32;
#endif
    [[nodiscard]] std::ptrdiff_t used() const { return count == 0 ? 0 : std::ptrdiff_t(count - 1) * stride + width; }
};

// The largest |got - expected|; infinite where anything is NaN or the shapes differ.
inline double farthest(const sheet& got, const reference::sheet& expected) {
    if (got.count != expected.rows || got.width != expected.columns) return HUGE_VAL;
    double most = 0;
    for (int r = 0; r < got.count; ++r)
        for (int c = 0; c < got.width; ++c) {
            const double off = std::abs(double(got.at(r, c)) - expected(r, c));
            if (!(off <= most)) most = std::isnan(off) ? HUGE_VAL : off;
        }
    return most;
}

// Bit for bit, gaps included.
inline bool same(const sheet& a, const sheet& b) { return a.all == b.all; }

// A layer or model with random weights of about 1 / sqrt(inputs), so that values keep their size through it. On the
// heap: a model does not fit on the stack.
template <class T> std::unique_ptr<T> random_weights(std::uint64_t seed) {
    auto weights = std::make_unique<T>(); // zeros: padding must be zero
    noise random(seed);
    each_leaf(*weights, [&]<class Leaf>(Leaf& one) {
        std::vector<float> values(static_cast<std::size_t>(Leaf::leaf_columns));
        for (int r = 0; r < Leaf::leaf_rows; ++r) {
            for (float& v : values)
                v = Leaf::leaf_rows == 1 ? 1 + random() / 4 : random() * 1.7f / std::sqrt(float(Leaf::leaf_columns));
            one.put(r, values.data());
        }
    });
    return weights;
}

// What a leaf holds, in PyTorch's order.
template <leaf Leaf> reference::sheet exact(const Leaf& from) {
    reference::sheet s(Leaf::leaf_rows, Leaf::leaf_columns);
    for (int r = 0; r < s.rows; ++r)
        for (int c = 0; c < s.columns; ++c) s(r, c) = from.at(r, c);
    return s;
}
template <int N> std::vector<double> exact_row(const vector<N>& from) { return exact(from).values; }

// 64-byte aligned memory of exactly `size` bytes, for a workspace or a state.
struct aligned_memory {
    struct release {
        void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t(64)); }
    };
    std::unique_ptr<std::byte[], release> data;
    std::size_t size;
    explicit aligned_memory(std::size_t size)
        : data(static_cast<std::byte*>(::operator new[](size == 0 ? 64 : size, std::align_val_t(64)))), size(size) {}
    operator std::span<std::byte>() const { return {data.get(), size}; }
};

} // namespace constformer::laws
