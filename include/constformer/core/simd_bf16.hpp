// simd_bf16: the seam for products of bfloat16 pairs. Where the instruction set multiplies them, both operands are
// bfloat16; elsewhere the weights are widened and the inputs stay float.
#pragma once

#include "constformer/core/bfloat16.hpp"
#include "constformer/core/simd.hpp"

#include <cstring>

namespace constformer::inline CONSTFORMER_ISA {

#if defined(CONSTFORMER_AVX512_BF16) && defined(__AVX512F__) && !defined(CONSTFORMER_DETERMINISTIC)
#define CONSTFORMER_DOT_BF16

// sums[i] += a[2i] b[2i] + a[2i+1] b[2i+1], products exact, sums rounded; subnormal numbers count as zero.
[[gnu::always_inline]] inline vec dot_bf16(vec sums, ivec a, ivec b) {
    return vec(_mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(__m512i(a)), reinterpret_cast<__m512bh>(__m512i(b))));
}
// The same pair everywhere.
[[gnu::always_inline]] inline ivec splat_pair(const std::uint16_t* two) {
    std::int32_t word;
    std::memcpy(&word, two, 4);
    return ivec(word);
}
// `lanes` numbers, to the nearest, ties to even.
[[gnu::always_inline]] inline void store_bf16(std::uint16_t* to, vec v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
}
// Pairs of one number of each, lane by lane.
[[gnu::always_inline]] inline ivec pack_pairs(vec first, vec second) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return ivec(_mm512_permutexvar_epi16(order, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first))));
}
#endif

// `lanes` pairs: the first of each as floats, and the second.
[[gnu::always_inline]] inline ivec load_pairs(const std::uint16_t* p) {
    return ivec::load_unaligned(reinterpret_cast<const std::int32_t*>(p));
}
[[gnu::always_inline]] inline vec firsts(ivec pairs) { return xsimd::bitwise_cast<float>(pairs << 16); }
[[gnu::always_inline]] inline vec seconds(ivec pairs) {
    return xsimd::bitwise_cast<float>(pairs & ivec(std::int32_t(0xffff0000)));
}

// `lanes` numbers as floats, and the first `count` of them, zeros behind.
[[gnu::always_inline]] inline vec load(const std::uint16_t* p) {
#if defined(__AVX512F__)
    const ivec wide(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
#elif defined(__AVX2__)
    const ivec wide(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
#elif defined(__SSE2__)
    const ivec wide(_mm_unpacklo_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)), _mm_setzero_si128()));
#elif defined(__aarch64__)
    const ivec wide(vreinterpretq_s32_u32(vmovl_u16(vld1_u16(p))));
#else
    const ivec wide(wasm_u32x4_load16x4(p));
#endif
    return xsimd::bitwise_cast<float>(wide << 16);
}
inline vec load_part(const std::uint16_t* p, int count) {
    std::uint16_t all[lanes] = {};
    std::memcpy(all, p, std::size_t(count) * sizeof *p);
    return load(all);
}

} // namespace constformer::inline CONSTFORMER_ISA
