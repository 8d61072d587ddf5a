// limits: what this machine can do at most, beside measure.hpp's multiply-add peak: the dot products of bf16 and int8,
// and how fast memory is read. Each is one thread's; a team runs one on every worker.
#pragma once

#include "measure.hpp"

#include <cstddef>
#include <cstring>
#include <span>

#if defined(CONSTFORMER_AVX512_BF16) || defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD) || defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
#include <arm_neon.h>
#endif

namespace bench {

namespace detail {
// A register and the widest dot product of its kind, both as the instruction set has them. `flops` counts a
// multiplication and an addition as two.
#if defined(CONSTFORMER_AVX512_BF16)
struct bf16_dot {
    using sum = __m512;
    using operand = __m512bh;
    static constexpr double flops = 64;
    [[gnu::always_inline]] static sum step(sum s, operand a, operand b) { return _mm512_dpbf16_ps(s, a, b); }
};
#elif defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
struct bf16_dot {
    using sum = float32x4_t;
    using operand = bfloat16x8_t;
    static constexpr double flops = 16;
    [[gnu::always_inline]] static sum step(sum s, operand a, operand b) { return vbfdotq_f32(s, a, b); }
};
#endif

#if defined(__AVX512VNNI__)
struct i8_dot {
    using sum = __m512i;
    using operand = __m512i;
    static constexpr double flops = 128;
    [[gnu::always_inline]] static sum step(sum s, operand a, operand b) { return _mm512_dpbusd_epi32(s, a, b); }
};
#elif defined(__AVXVNNI__)
struct i8_dot {
    using sum = __m256i;
    using operand = __m256i;
    static constexpr double flops = 64;
    [[gnu::always_inline]] static sum step(sum s, operand a, operand b) { return _mm256_dpbusd_avx_epi32(s, a, b); }
};
#elif defined(__AVX2__)
struct i8_dot {
    using sum = __m256i;
    using operand = __m256i;
    static constexpr double flops = 64;
    [[gnu::always_inline]] static sum step(sum s, operand a, operand b) {
        asm("" : "+x"(a), "+x"(s)); // the products are the same in every step; the compiler must not know it
        return _mm256_add_epi32(s, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), b));
    }
};
#elif defined(__ARM_FEATURE_DOTPROD)
struct i8_dot {
    using sum = int32x4_t;
    using operand = int8x16_t;
    static constexpr double flops = 32;
    [[gnu::always_inline]] static sum step(sum s, operand a, operand b) { return vdotq_s32(s, a, b); }
};
#endif

template <class Dot, std::size_t... I>
[[gnu::noinline]] unsigned char dots(int steps, const unsigned char* from, std::index_sequence<I...>) {
    typename Dot::sum sums[sizeof...(I)];
    typename Dot::operand a, b;
    std::memcpy(sums, from, sizeof sums);
    std::memcpy(&a, from, sizeof a);
    std::memcpy(&b, from + sizeof a, sizeof b);
    for (int s = 0; s < steps; ++s) ((sums[I] = Dot::step(sums[I], a, b)), ...);
    unsigned char all[sizeof sums];
    std::memcpy(all, sums, sizeof sums);
    unsigned char mixed = 0;
    for (const unsigned char each : all) mixed ^= each;
    return mixed;
}
inline volatile unsigned char kept; // the compiler must not know that nobody reads it
} // namespace detail

// Chains of dot products that wait for nothing but themselves; as many as fma_peak has.
template <class Dot> struct dot_peak {
    static constexpr int steps = 20'000, chains = 12;
    static constexpr double flops = Dot::flops * chains * steps;
    void operator()() const {
        static const unsigned char zeros[chains * 64 + 128] = {}; // (values decide nothing here but denormals)
        const unsigned char* volatile from = zeros;
        detail::kept = detail::dots<Dot>(steps, from, std::make_index_sequence<chains>{});
    }
};

// Operations that one call of a peak does, by the name of the element whose products they are; 0 where the instruction
// set has no such dot product and f32's multiply-add is what there is.
inline double run_peak(std::string_view element) {
    if (element == "f32") return fma_peak{}(), fma_peak::flops;
#if defined(CONSTFORMER_AVX512_BF16) || defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
    if (element == "bf16") return dot_peak<detail::bf16_dot>{}(), dot_peak<detail::bf16_dot>::flops;
#endif
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__) || defined(__AVX2__) || defined(__ARM_FEATURE_DOTPROD)
    if (element == "i8") return dot_peak<detail::i8_dot>{}(), dot_peak<detail::i8_dot>::flops;
#endif
    return 0;
}

// Reads every value once, as fast as it comes: from whichever cache or memory holds so many bytes. Two places at a
// time, which measured best: more of them, or fetching ahead, is slower in some size or other.
[[gnu::noinline]] inline void read_all(std::span<const float> from) {
    using namespace constformer;
    constexpr std::size_t chains = 4, step = chains * std::size_t(lanes);
    const std::size_t half = from.size() / 2 / step * step;
    vec sums[2 * chains];
    for (vec& s : sums) s = splat(0.0f);
    for (std::size_t i = 0; i < half; i += step)
        for (std::size_t c = 0; c < chains; ++c) {
            const float* const at = from.data() + i + c * std::size_t(lanes);
            sums[c] = sums[c] + load(at);
            sums[c + chains] = sums[c + chains] + load(at + half);
        }
    for (std::size_t c = 1; c < 2 * chains; ++c) sums[0] = sums[0] + sums[c];
    detail::sink = xsimd::reduce_add(sums[0]);
}

} // namespace bench
