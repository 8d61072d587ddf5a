// reduce: many numbers to one.
#pragma once

#include "constformer/core/simd.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

[[gnu::always_inline]] inline float reduce_max(vec v) { return xsimd::reduce_max(v); }

// A sum whose order does not depend on the width of a register: number i of a row is added to partial sum i % Wide, and
// those are folded.
template <int Wide> struct running_sum {
    static constexpr int registers = Wide / lanes;
    vec part[registers];
    running_sum() {
#pragma GCC unroll 8
        for (vec& p : part) p = splat(0.0f);
    }
    [[nodiscard]] float total() const {
        vec p[registers];
#pragma GCC unroll 8
        for (int i = 0; i < registers; ++i) p[i] = part[i];
#pragma GCC unroll 4
        for (int half = registers / 2; half > 0; half /= 2)
#pragma GCC unroll 8
            for (int i = 0; i < half; ++i) p[i] = p[i] + p[i + half];
        return fold(p[0]);
    }
};
// Calls f(register of the sum, first number, how many) over `count` numbers; fewer than `lanes` at the end.
template <int Wide, class F> [[gnu::always_inline]] inline void each_part(running_sum<Wide>& sum, int count, F f) {
    int i = 0;
    for (; i + Wide <= count; i += Wide)
#pragma GCC unroll 8
        for (int r = 0; r < Wide / lanes; ++r) f(sum.part[r], i + r * lanes, lanes);
#pragma GCC unroll 8
    for (int r = 0; r < Wide / lanes; ++r, i += lanes)
        if (i < count) f(sum.part[r], i, count - i < lanes ? count - i : lanes);
}

namespace detail {
// The first `count` lanes of v, zeros behind them.
[[gnu::always_inline]] inline vec only(vec v, int count) {
    alignas(64) float all[lanes];
    v.store_aligned(all);
    return load_part(all, count);
}
// The sum of f(vec) over `count` floats; what f gives for lanes behind the end is not counted.
template <class F> [[gnu::always_inline]] inline float total(const float* x, int count, F f) {
    running_sum<32> sum;
    each_part(sum, count, [&](vec& part, int at, int some) {
        part = part + (some == lanes ? f(load(x + at)) : only(f(load_part(x + at, some)), some));
    });
    return sum.total();
}
} // namespace detail

// The inner product of two rows of `width` values.
[[gnu::noinline]] inline float dot(const float* a, const float* b, int width) {
    running_sum<32> sum;
    each_part(sum, width, [&](vec& part, int at, int some) {
        part = some == lanes ? fma(load(a + at), load(b + at), part)
                             : fma(load_part(a + at, some), load_part(b + at, some), part);
    });
    return sum.total();
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
