// quantize: activations as bytes, a row at a time, on the fly. A row is mixed (core/hadamard.hpp) and becomes
// x = low + scale · q with q from 0 to 127: 7 bits, so that every instruction set computes the same integers.
#pragma once

#include "constformer/core/hadamard.hpp"
#include "constformer/core/simd_i8.hpp"
#include "constformer/ops/reduce.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// How a row's bytes are to be read.
struct byte_range {
    float scale, low;
};

namespace detail {
// + - + - … or + + - - …
template <int Run> struct alternating {
    float each[lanes];
    constexpr alternating() : each() {
        for (int i = 0; i < lanes; ++i) each[i] = i / Run % 2 == 0 ? 1.0f : -1.0f;
    }
};
template <int Run> inline constexpr alternating<Run> signs{};

// Mixes `Panels` panels of x into y (both may be one), and widens [low, high] to what they hold.
template <int Panels> [[gnu::always_inline]] inline void mix_group(const float* x, float* y, vec& low, vec& high) {
    const vec plus_minus = load(held(signs<1>.each)), twos = load(held(signs<2>.each));
    for (int at = 0; at < panel; at += lanes) {
        vec v[Panels];
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) {
            v[p] = load(x + p * panel + at);
            v[p] = fma(v[p], plus_minus, swap_ones(v[p])); // a + b, a - b, c + d, c - d
            v[p] = fma(v[p], twos, swap_twos(v[p]));
        }
#pragma GCC unroll 4
        for (int step = 1; step < Panels; step *= 2)
#pragma GCC unroll 8
            for (int p = 0; p < Panels; ++p)
                if ((p & step) == 0) {
                    const vec sum = v[p] + v[p + step], difference = v[p] - v[p + step];
                    v[p] = sum, v[p + step] = difference;
                }
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) {
            store(y + p * panel + at, v[p]);
            low = xsimd::min(low, v[p]), high = xsimd::max(high, v[p]);
        }
    }
}
} // namespace detail

// One row of `width` numbers, mixed and rounded to hadamard::padded(width) bytes; `mixed` is room for as many floats.
[[gnu::noinline]] inline byte_range quantize_row(const float* x, int width, float* mixed, std::uint8_t* to) {
    const int padded = hadamard::padded(width), whole = width / panel * panel;
    if (whole != padded) { // the last panel's end reads as zeros
        for (int i = whole; i < padded; ++i) mixed[i] = i < width ? x[i] : 0.0f;
    }
    vec low = splat(3e38f), high = splat(-3e38f);
    for (int first = 0, size = 0; first < padded; first += size * panel) {
        size = hadamard::group((padded - first) / panel);
        const float* from = x + first;
        if (first + size * panel > width) { // the group with that panel is mixed in its new place
            for (int i = first; i < whole; ++i) mixed[i] = x[i];
            from = mixed + first;
        }
        if (size == 8)
            detail::mix_group<8>(from, mixed + first, low, high);
        else if (size == 4)
            detail::mix_group<4>(from, mixed + first, low, high);
        else if (size == 2)
            detail::mix_group<2>(from, mixed + first, low, high);
        else
            detail::mix_group<1>(from, mixed + first, low, high);
    }
    const float least = -reduce_max(splat(0.0f) - low), range = reduce_max(high) - least;
    const float inverse = range > 0 ? 127 / range : 0.0f;
    const vec factor = splat(inverse), offset = splat(-least * inverse);
    for (int i = 0; i < padded; i += panel) {
        ivec bytes[panel / lanes];
#pragma GCC unroll 4
        for (int v = 0; v < panel / lanes; ++v) bytes[v] = nearest(fma(load(mixed + i + v * lanes), factor, offset));
        store_bytes(to + i, bytes);
    }
    return {range > 0 ? range / 127 : 0.0f, least};
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
