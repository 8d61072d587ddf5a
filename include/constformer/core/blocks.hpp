// blocks: 32 neighbors of a row that share a scale: how the elements q8 and q4 keep their numbers, and how GGUF's
// Q8_0, Q4_0 and Q4_1 do.
#pragma once

#include "constformer/core/float16.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace constformer {

inline constexpr int block_size = 32;

// Number i is scale · q[i] + least. The two are halves: GGUF's are, so that its blocks stay what they are; 11 bits are
// far more than q's 8 or 4 can tell apart, and a float would be 6 % of what is read of q8, 20 % of q4.
struct quantized_block {
    std::uint16_t scale = 0, least = 0;
    std::int8_t q[block_size] = {}; // -128 to 127, and `least` zero; or 0 to 15

    [[nodiscard]] float operator[](int i) const { return from_float16(scale) * float(q[i]) + from_float16(least); }
};

namespace detail {
inline std::uint16_t finite_half(float x) { return to_float16(std::clamp(x, -65504.0f, 65504.0f)); }
inline int nearest_within(float x, int low, int high) {
    return x >= float(high) ? high : x > float(low) ? int(std::lrint(x)) : low;
}
// The sum of squares by which a block misses `values`.
inline float missed(const quantized_block& b, const float* values, int count) {
    float sum = 0;
    for (int i = 0; i < count; ++i) sum += (values[i] - b[i]) * (values[i] - b[i]);
    return sum;
}
// `values` in the steps of a scale and a least that are given.
inline quantized_block in_steps(const float* values, int count, float scale, float least) {
    quantized_block b{finite_half(scale), finite_half(least), {}};
    const float step = from_float16(b.scale), from = from_float16(b.least), inverse = step > 0 ? 1 / step : 0.0f;
    for (int i = 0; i < count; ++i) b.q[i] = std::int8_t(nearest_within((values[i] - from) * inverse, 0, 15));
    return b;
}
} // namespace detail

// The first `count` numbers of a block in 8 bits, symmetric: the largest becomes ±127. What is behind them is zero.
// Numbers over 8e6 are cut off there.
inline quantized_block to_bytes(const float* values, int count) {
    float most = 0;
    for (int i = 0; i < count; ++i) most = std::max(most, std::fabs(values[i]));
    quantized_block b{detail::finite_half(most / 127), 0, {}};
    if (b.scale < 0x7bff && from_float16(b.scale) * 127.49f < most) ++b.scale; // a subnormal one that was rounded down
    const float step = from_float16(b.scale), inverse = step > 0 ? 1 / step : 0.0f;
    for (int i = 0; i < count; ++i) b.q[i] = std::int8_t(detail::nearest_within(values[i] * inverse, -127, 127));
    return b;
}

// The same in 4 bits: 16 steps from the least up. They need not reach the largest: a line of least squares through what
// the numbers were rounded to is tried, from a few beginnings, and the one that misses them least is taken.
inline quantized_block to_nibbles(const float* values, int count) {
    float low = values[0], high = values[0];
    for (int i = 1; i < count; ++i) low = std::min(low, values[i]), high = std::max(high, values[i]);
    quantized_block best = detail::in_steps(values, count, (high - low) / 15, low);
    float error = detail::missed(best, values, count);
    for (const float part : {1.0f, 0.92f, 0.84f}) {
        const float middle = low + (high - low) / 2;
        quantized_block b = detail::in_steps(values, count, part * (high - low) / 15, middle - part * (middle - low));
        for (int pass = 0; pass < 2; ++pass) {
            float q = 0, qq = 0, v = 0, qv = 0;
            for (int i = 0; i < count; ++i) {
                const auto n = float(b.q[i]);
                q += n, qq += n * n, v += values[i], qv += n * values[i];
            }
            const float spread = float(count) * qq - q * q;
            if (!(spread > 0)) break;
            const float scale = (float(count) * qv - q * v) / spread;
            if (!(scale > 0)) break;
            b = detail::in_steps(values, count, scale, (v - scale * q) / float(count));
            const float now = detail::missed(b, values, count);
            if (now < error) best = b, error = now;
        }
    }
    return best;
}

} // namespace constformer
