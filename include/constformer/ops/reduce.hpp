// reduce: many numbers to one.
#pragma once

#include "constformer/core/simd.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

[[gnu::always_inline]] inline float reduce_add(vec v) { return xsimd::reduce_add(v); }
[[gnu::always_inline]] inline float reduce_max(vec v) { return xsimd::reduce_max(v); }

namespace detail {
// The sum of f(vec) over `count` floats; what f gives for lanes behind the end is not counted.
template <class F> [[gnu::always_inline]] inline float total(const float* x, int count, F f) {
    vec sums = splat(0.0f), more = splat(0.0f);
    int i = 0;
    for (; i + 2 * lanes <= count; i += 2 * lanes) sums = sums + f(load(x + i)), more = more + f(load(x + i + lanes));
    for (; i + lanes <= count; i += lanes) sums = sums + f(load(x + i));
    float sum = reduce_add(sums + more);
    if (i < count) {
        alignas(64) float tail[lanes];
        f(load_part(x + i, count - i)).store_aligned(tail);
        for (int j = 0; j < count - i; ++j) sum += tail[j];
    }
    return sum;
}
} // namespace detail

// The inner product of two rows of `width` values.
[[gnu::noinline]] inline float dot(const float* a, const float* b, int width) {
    vec sums = splat(0.0f), more = splat(0.0f);
    int i = 0;
    for (; i + 2 * lanes <= width; i += 2 * lanes) {
        sums = fma(load(a + i), load(b + i), sums);
        more = fma(load(a + i + lanes), load(b + i + lanes), more);
    }
    for (; i + lanes <= width; i += lanes) sums = fma(load(a + i), load(b + i), sums);
    if (i < width) more = fma(load_part(a + i, width - i), load_part(b + i, width - i), more);
    return reduce_add(sums + more);
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
