// simd_i8: the seam for products of bytes, which xsimd lacks, and what rounds floats to bytes.
#pragma once

#include "constformer/core/simd.hpp"

#include <cstring>

namespace constformer::inline CONSTFORMER_ISA {

// Four bytes in each 32-bit lane: the same four everywhere, or those of `lanes` outputs.
[[gnu::always_inline]] inline ivec splat_bytes(const std::uint8_t* four) {
    std::int32_t word;
    std::memcpy(&word, four, 4);
    return ivec(word);
}
[[gnu::always_inline]] inline ivec load_bytes(const std::int8_t* p) {
    return ivec::load_unaligned(reinterpret_cast<const std::int32_t*>(p));
}

// sums[i] += a[4i] b[4i] + … + a[4i+3] b[4i+3]: half a step of an int8 matrix product. a is unsigned and at most 127, b
// signed: within that range every form below gives the same integers (the 16-bit halves of the AVX2 form cannot
// saturate, and WebAssembly leaves only the eighth bit to the engine).
[[gnu::always_inline]] inline ivec dot_i8(ivec sums, ivec a, ivec b) {
#if defined(__AVX512VNNI__) && defined(__AVX512F__)
    return ivec(_mm512_dpbusd_epi32(sums, a, b));
#elif defined(__AVX512BW__) && defined(__AVX512F__)
    return ivec(_mm512_add_epi32(sums, _mm512_madd_epi16(_mm512_maddubs_epi16(a, b), _mm512_set1_epi16(1))));
#elif defined(__AVX2__) && defined(__AVXVNNI__)
    return ivec(_mm256_dpbusd_avx_epi32(sums, a, b));
#elif defined(__AVX2__)
    return ivec(_mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1))));
#elif defined(__SSSE3__)
    return ivec(_mm_add_epi32(sums, _mm_madd_epi16(_mm_maddubs_epi16(a, b), _mm_set1_epi16(1))));
#elif defined(__SSE2__)
    const __m128i zero = _mm_setzero_si128(), sign = _mm_cmpgt_epi8(zero, b);
    const __m128 low = _mm_castsi128_ps(_mm_madd_epi16(_mm_unpacklo_epi8(a, zero), _mm_unpacklo_epi8(b, sign)));
    const __m128 high = _mm_castsi128_ps(_mm_madd_epi16(_mm_unpackhi_epi8(a, zero), _mm_unpackhi_epi8(b, sign)));
    const __m128i even = _mm_castps_si128(_mm_shuffle_ps(low, high, 0x88)),
                  odd = _mm_castps_si128(_mm_shuffle_ps(low, high, 0xdd));
    return ivec(_mm_add_epi32(sums, _mm_add_epi32(even, odd)));
#elif defined(__ARM_FEATURE_DOTPROD)
    return ivec(vdotq_s32(sums, vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)));
#elif defined(__aarch64__)
    const int8x16_t x = vreinterpretq_s8_s32(a), y = vreinterpretq_s8_s32(b);
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(x), vget_low_s8(y)));
    const int32x4_t high = vpaddlq_s16(vmull_high_s8(x, y));
    return ivec(vaddq_s32(sums, vpaddq_s32(low, high)));
#elif defined(__wasm_relaxed_simd__)
    return ivec(wasm_i32x4_relaxed_dot_i8x16_i7x16_add(b, a, sums));
#else // __wasm_simd128__
    const v128_t low = wasm_i32x4_dot_i16x8(wasm_u16x8_extend_low_u8x16(a), wasm_i16x8_extend_low_i8x16(b));
    const v128_t high = wasm_i32x4_dot_i16x8(wasm_u16x8_extend_high_u8x16(a), wasm_i16x8_extend_high_i8x16(b));
    const v128_t even = wasm_i32x4_shuffle(low, high, 0, 2, 4, 6), odd = wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
    return ivec(wasm_i32x4_add(sums, wasm_i32x4_add(even, odd)));
#endif
}

// How the relaxed product of bytes runs: as one instruction that sums four products, as Arm and AVX-VNNI have it, or as
// one that sums pairs and others that widen them, as x86 did before.
enum class summed { in_fours, in_pairs };
#if defined(__wasm_relaxed_simd__)
// What the engine does with it, told by operands outside of the range in which all agree: only pairs stop at 2^15 - 1.
inline summed engine_multiplies() {
    static constexpr std::int32_t most[] = {0x7f7f7f7f}, full[] = {-1};
    const v128_t sums = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(
        wasm_v128_load32_splat(held(most)), wasm_v128_load32_splat(held(full)), wasm_i32x4_const_splat(0));
    return wasm_i32x4_extract_lane(sums, 0) == 2 * 0x7fff ? summed::in_pairs : summed::in_fours;
}
#endif

// dot_i8(dot_i8(sums, a, b), c, d), a step of an int8 matrix product, at fewer instructions where products come in
// pairs: those of two halves are added before they are widened. For that, of the eight numbers that meet in the
// 16 bits, b's and d's four must not exceed 258 together (127 · 258 < 2^15), which core/matrix.hpp sees to.
template <summed P = summed::in_pairs>
[[gnu::always_inline]] inline ivec dot_i8(ivec sums, ivec a, ivec b, ivec c, ivec d) {
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__) || defined(__ARM_FEATURE_DOTPROD)
    return dot_i8(dot_i8(sums, a, b), c, d);
#elif defined(__AVX512BW__) && defined(__AVX512F__)
    const __m512i pairs = _mm512_add_epi16(_mm512_maddubs_epi16(a, b), _mm512_maddubs_epi16(c, d));
    return ivec(_mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1))));
#elif defined(__AVX2__)
    const __m256i pairs = _mm256_add_epi16(_mm256_maddubs_epi16(a, b), _mm256_maddubs_epi16(c, d));
    return ivec(_mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))));
#elif defined(__SSSE3__)
    const __m128i pairs = _mm_add_epi16(_mm_maddubs_epi16(a, b), _mm_maddubs_epi16(c, d));
    return ivec(_mm_add_epi32(sums, _mm_madd_epi16(pairs, _mm_set1_epi16(1))));
#elif defined(__aarch64__)
    const int8x16_t x = vreinterpretq_s8_s32(a), y = vreinterpretq_s8_s32(b), z = vreinterpretq_s8_s32(c),
                    w = vreinterpretq_s8_s32(d);
    const int16x8_t low = vmlal_s8(vmull_s8(vget_low_s8(x), vget_low_s8(y)), vget_low_s8(z), vget_low_s8(w));
    const int16x8_t high = vmlal_high_s8(vmull_high_s8(x, y), z, w);
    return ivec(vaddq_s32(sums, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high))));
#elif defined(__wasm_relaxed_simd__)
    if constexpr (P == summed::in_pairs) {
        const v128_t pairs =
            wasm_i16x8_add(wasm_i16x8_relaxed_dot_i8x16_i7x16(b, a), wasm_i16x8_relaxed_dot_i8x16_i7x16(d, c));
        return ivec(wasm_i32x4_add(sums, wasm_i32x4_extadd_pairwise_i16x8(pairs)));
    }
    return dot_i8(dot_i8(sums, a, b), c, d);
#elif defined(__wasm__)
    const auto low = [](ivec x, ivec y) {
        return wasm_i32x4_dot_i16x8(wasm_u16x8_extend_low_u8x16(x), wasm_i16x8_extend_low_i8x16(y));
    };
    const auto high = [](ivec x, ivec y) {
        return wasm_i32x4_dot_i16x8(wasm_u16x8_extend_high_u8x16(x), wasm_i16x8_extend_high_i8x16(y));
    };
    const v128_t l = wasm_i32x4_add(low(a, b), low(c, d)), h = wasm_i32x4_add(high(a, b), high(c, d));
    return ivec(wasm_i32x4_add(
        sums, wasm_i32x4_add(wasm_i32x4_shuffle(l, h, 0, 2, 4, 6), wasm_i32x4_shuffle(l, h, 1, 3, 5, 7))));
#else
    return dot_i8(dot_i8(sums, a, b), c, d);
#endif
}

// The nearest integers, ties to even, of numbers between -2^22 and 2^22: they stand in the low bits of x + 1.5 · 2^23.
[[gnu::always_inline]] inline ivec nearest(vec x) {
    static constexpr float shift[] = {12582912.0f};
    static constexpr std::int32_t bits[] = {0x4b400000};
    return xsimd::bitwise_cast<std::int32_t>(x + splat(*held(shift))) - ivec(*held(bits));
}

// 16 integers between 0 and 127 as 16 bytes.
[[gnu::always_inline]] inline void store_bytes(std::uint8_t* to, const ivec (&v)[16 / lanes]) {
#if defined(__AVX512F__)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(v[0]));
#elif defined(__AVX2__)
    const __m256i halves = _mm256_permute4x64_epi64(_mm256_packs_epi32(v[0], v[1]), 0xd8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_packus_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1)));
#elif defined(__SSE2__)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_packus_epi16(_mm_packs_epi32(v[0], v[1]), _mm_packs_epi32(v[2], v[3])));
#elif defined(__aarch64__)
    const int16x8_t low = vcombine_s16(vmovn_s32(v[0]), vmovn_s32(v[1])),
                    high = vcombine_s16(vmovn_s32(v[2]), vmovn_s32(v[3]));
    vst1q_u8(to, vcombine_u8(vqmovun_s16(low), vqmovun_s16(high)));
#else
    wasm_v128_store(to,
                    wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(v[0], v[1]), wasm_i16x8_narrow_i32x4(v[2], v[3])));
#endif
}

// Of each four neighbors a b c d: b a d c, and c d a b.
[[gnu::always_inline]] inline vec swap_ones(vec v) {
#if defined(__AVX512F__)
    return vec(_mm512_permute_ps(v, 0xb1));
#elif defined(__AVX__)
    return vec(_mm256_permute_ps(v, 0xb1));
#elif defined(__SSE2__)
    return vec(_mm_shuffle_ps(v, v, 0xb1));
#elif defined(__aarch64__)
    return vec(vrev64q_f32(v));
#else
    return vec(wasm_i32x4_shuffle(v, v, 1, 0, 3, 2));
#endif
}
[[gnu::always_inline]] inline vec swap_twos(vec v) {
#if defined(__AVX512F__)
    return vec(_mm512_permute_ps(v, 0x4e));
#elif defined(__AVX__)
    return vec(_mm256_permute_ps(v, 0x4e));
#elif defined(__SSE2__)
    return vec(_mm_shuffle_ps(v, v, 0x4e));
#elif defined(__aarch64__)
    return vec(vextq_f32(v, v, 2));
#else
    return vec(wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
#endif
}

} // namespace constformer::inline CONSTFORMER_ISA
