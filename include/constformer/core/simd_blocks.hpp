// simd_blocks: the seam for sums of products of small integers over a block of 32 inputs: signed bytes times signed
// bytes (q8), and times numbers from 0 to 15 (q4). Every form gives the same integers; which one is chosen is what the
// instruction set multiplies without saturating. Activations lie from -127 to 127.
//
// A `products` has: sums of a block, which start() gives, or start(-128 times the block's sum of activations) where it
// says `starts`; loaded(), what becomes of a register of weights, once for all rows; add(); total(), `lanes` integers.
#pragma once

#include "constformer/core/simd_i8.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// `lanes` halves as floats. They must be finite.
[[gnu::always_inline]] inline vec load_halves(const std::uint16_t* p) {
#if defined(__AVX512F__)
    return vec(_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
#elif defined(__AVX2__) && defined(__F16C__)
    return vec(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
#elif defined(__aarch64__)
    return vec(vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))));
#else // their bits as a float's, the sign apart from the rest, are 2^-112 times what they mean, subnormal numbers too
#if defined(__AVX2__)
    const ivec wide(_mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
#elif defined(__SSE2__)
    const __m128i four = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    const ivec wide(_mm_srai_epi32(_mm_unpacklo_epi16(four, four), 16));
#else
    const ivec wide(wasm_i32x4_load16x4(p));
#endif
    return xsimd::bitwise_cast<float>((wide << 13) & ivec(std::int32_t(0x8fffe000))) * splat(0x1p112f);
#endif
}

// The largest of all lanes.
[[gnu::always_inline]] inline float most_of(vec v) {
#if defined(__SSE2__)
#if defined(__AVX512F__)
    const __m512 all = v;
    const __m256 half =
        _mm256_max_ps(_mm512_castps512_ps256(all), _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(all), 1)));
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
#elif defined(__AVX__)
    const __m256 half = v;
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
#else
    const __m128 four = v;
#endif
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
#else
    return xsimd::reduce_max(v);
#endif
}

// 16 integers between -128 and 127 as 16 bytes.
[[gnu::always_inline]] inline void store_signed_bytes(std::int8_t* to, const ivec (&v)[16 / lanes]) {
#if defined(__AVX512F__)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(v[0]));
#elif defined(__AVX2__)
    const __m256i halves = _mm256_permute4x64_epi64(_mm256_packs_epi32(v[0], v[1]), 0xd8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_packs_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1)));
#elif defined(__SSE2__)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_packs_epi16(_mm_packs_epi32(v[0], v[1]), _mm_packs_epi32(v[2], v[3])));
#elif defined(__aarch64__)
    const int16x8_t low = vcombine_s16(vmovn_s32(v[0]), vmovn_s32(v[1])),
                    high = vcombine_s16(vmovn_s32(v[2]), vmovn_s32(v[3]));
    vst1q_s8(to, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
#else
    wasm_v128_store(to,
                    wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(v[0], v[1]), wasm_i16x8_narrow_i32x4(v[2], v[3])));
#endif
}

// The lower and the upper half of each byte.
[[gnu::always_inline]] inline ivec low_halves(ivec bytes) { return bytes & ivec(0x0f0f0f0f); }
[[gnu::always_inline]] inline ivec high_halves(ivec bytes) { return low_halves(bytes >> 4); }

#if defined(__AVX512VNNI__) && defined(__AVX512F__) || defined(__AVXVNNI__) && defined(__AVX2__)

// sums[i] += the four products of unsigned bytes in w and signed ones in x: nothing in between is rounded.
[[gnu::always_inline]] inline ivec dot_unsigned(ivec sums, ivec w, ivec x) {
#if defined(__AVX512F__)
    return ivec(_mm512_dpbusd_epi32(sums, w, x));
#else
    return ivec(_mm256_dpbusd_avx_epi32(sums, w, x));
#endif
}
struct nibble_products {
    using sums = ivec;
    static constexpr bool starts = false;
    [[gnu::always_inline]] static sums start() { return ivec(0); }
    [[gnu::always_inline]] static ivec loaded(ivec w) { return w; }
    [[gnu::always_inline]] static void add(sums& s, ivec x, ivec w) { s = dot_unsigned(s, w, x); }
    [[gnu::always_inline]] static ivec total(sums s) { return s; }
};
struct byte_products : nibble_products { // x (w + 128) - 128 x
    static constexpr bool starts = true;
    [[gnu::always_inline]] static sums start(std::int32_t correction) { return ivec(correction); }
    [[gnu::always_inline]] static ivec loaded(ivec w) { return w ^ ivec(std::int32_t(0x80808080)); }
};

#elif defined(__SSSE3__)

// Pairs of products of unsigned bytes in w and signed ones in x as 16 bits, and pairs of those as 32.
#if defined(__AVX512BW__)
[[gnu::always_inline]] inline ivec pairs_of(ivec w, ivec x) { return ivec(_mm512_maddubs_epi16(w, x)); }
[[gnu::always_inline]] inline ivec fours_of(ivec w) { return ivec(_mm512_madd_epi16(w, _mm512_set1_epi16(1))); }
[[gnu::always_inline]] inline ivec add_pairs(ivec a, ivec b) { return ivec(_mm512_add_epi16(a, b)); }
[[gnu::always_inline]] inline ivec size_of(ivec w) { return ivec(_mm512_abs_epi8(w)); }
[[gnu::always_inline]] inline ivec signed_by(ivec x, ivec w) {
    return ivec(_mm512_mask_sub_epi8(x, _mm512_movepi8_mask(w), _mm512_setzero_si512(), x));
}
#elif defined(__AVX2__)
[[gnu::always_inline]] inline ivec pairs_of(ivec w, ivec x) { return ivec(_mm256_maddubs_epi16(w, x)); }
[[gnu::always_inline]] inline ivec fours_of(ivec w) { return ivec(_mm256_madd_epi16(w, _mm256_set1_epi16(1))); }
[[gnu::always_inline]] inline ivec add_pairs(ivec a, ivec b) { return ivec(_mm256_add_epi16(a, b)); }
[[gnu::always_inline]] inline ivec size_of(ivec w) { return ivec(_mm256_abs_epi8(w)); }
[[gnu::always_inline]] inline ivec signed_by(ivec x, ivec w) { return ivec(_mm256_sign_epi8(x, w)); }
#else
[[gnu::always_inline]] inline ivec pairs_of(ivec w, ivec x) { return ivec(_mm_maddubs_epi16(w, x)); }
[[gnu::always_inline]] inline ivec fours_of(ivec w) { return ivec(_mm_madd_epi16(w, _mm_set1_epi16(1))); }
[[gnu::always_inline]] inline ivec add_pairs(ivec a, ivec b) { return ivec(_mm_add_epi16(a, b)); }
[[gnu::always_inline]] inline ivec size_of(ivec w) { return ivec(_mm_abs_epi8(w)); }
[[gnu::always_inline]] inline ivec signed_by(ivec x, ivec w) { return ivec(_mm_sign_epi8(x, w)); }
#endif
struct nibble_products { // 8 lines of 2 · 15 · 127 are 30480: the pairs of a whole block fit into 16 bits
    using sums = ivec;
    static constexpr bool starts = false;
    [[gnu::always_inline]] static sums start() { return ivec(0); }
    [[gnu::always_inline]] static ivec loaded(ivec w) { return w; }
    [[gnu::always_inline]] static void add(sums& s, ivec x, ivec w) { s = add_pairs(s, pairs_of(w, x)); }
    [[gnu::always_inline]] static ivec total(sums s) { return fours_of(s); }
};
struct byte_products { // |w| times x with w's sign: 2 · 128 · 127 are 32512, a pair does not saturate
    using sums = ivec;
    static constexpr bool starts = false;
    struct weights {
        ivec size, sign;
    };
    [[gnu::always_inline]] static sums start() { return ivec(0); }
    [[gnu::always_inline]] static weights loaded(ivec w) { return {size_of(w), w}; }
    [[gnu::always_inline]] static void add(sums& s, ivec x, const weights& w) {
        s = s + fours_of(pairs_of(w.size, signed_by(x, w.sign)));
    }
    [[gnu::always_inline]] static ivec total(sums s) { return s; }
};

#elif defined(__ARM_FEATURE_DOTPROD)

struct byte_products {
    using sums = ivec;
    static constexpr bool starts = false;
    [[gnu::always_inline]] static sums start() { return ivec(0); }
    [[gnu::always_inline]] static ivec loaded(ivec w) { return w; }
    [[gnu::always_inline]] static void add(sums& s, ivec x, ivec w) {
        s = ivec(vdotq_s32(s, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w)));
    }
    [[gnu::always_inline]] static ivec total(sums s) { return s; }
};
using nibble_products = byte_products;

#elif defined(__aarch64__)

struct byte_products {
    struct sums {
        int32x4_t low, high;
    };
    static constexpr bool starts = false;
    [[gnu::always_inline]] static sums start() { return {vdupq_n_s32(0), vdupq_n_s32(0)}; }
    [[gnu::always_inline]] static ivec loaded(ivec w) { return w; }
    [[gnu::always_inline]] static void add(sums& s, ivec x, ivec w) {
        const int8x16_t a = vreinterpretq_s8_s32(x), b = vreinterpretq_s8_s32(w);
        s.low = vpadalq_s16(s.low, vmull_s8(vget_low_s8(a), vget_low_s8(b)));
        s.high = vpadalq_s16(s.high, vmull_high_s8(a, b));
    }
    [[gnu::always_inline]] static ivec total(const sums& s) { return ivec(vpaddq_s32(s.low, s.high)); }
};
struct nibble_products { // 8 lines of 15 · 127 fit into 16 bits
    struct sums {
        int16x8_t low, high;
    };
    static constexpr bool starts = false;
    [[gnu::always_inline]] static sums start() { return {vdupq_n_s16(0), vdupq_n_s16(0)}; }
    [[gnu::always_inline]] static ivec loaded(ivec w) { return w; }
    [[gnu::always_inline]] static void add(sums& s, ivec x, ivec w) {
        const int8x16_t a = vreinterpretq_s8_s32(x), b = vreinterpretq_s8_s32(w);
        s.low = vmlal_s8(s.low, vget_low_s8(a), vget_low_s8(b));
        s.high = vmlal_high_s8(s.high, a, b);
    }
    [[gnu::always_inline]] static ivec total(const sums& s) {
        return ivec(vpaddq_s32(vpaddlq_s16(s.low), vpaddlq_s16(s.high)));
    }
};

#else // SSE2 and WebAssembly: products of 16 bits, added in pairs

struct byte_products {
    struct sums { // of two outputs each, an output's two sums side by side
        ivec low, high;
    };
    struct weights {
        ivec low, high;
    };
    static constexpr bool starts = false;
    [[gnu::always_inline]] static sums start() { return {ivec(0), ivec(0)}; }
    [[gnu::always_inline]] static ivec low_wide(ivec bytes) {
#if defined(__SSE2__)
        return ivec(_mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8));
#else
        return ivec(wasm_i16x8_extend_low_i8x16(bytes));
#endif
    }
    [[gnu::always_inline]] static ivec high_wide(ivec bytes) {
#if defined(__SSE2__)
        return ivec(_mm_srai_epi16(_mm_unpackhi_epi8(bytes, bytes), 8));
#else
        return ivec(wasm_i16x8_extend_high_i8x16(bytes));
#endif
    }
    [[gnu::always_inline]] static weights loaded(ivec w) { return {low_wide(w), high_wide(w)}; }
    [[gnu::always_inline]] static void add(sums& s, ivec x, const weights& w) {
        const ivec wide = low_wide(x); // the same four everywhere
#if defined(__SSE2__)
        s.low = s.low + ivec(_mm_madd_epi16(wide, w.low)), s.high = s.high + ivec(_mm_madd_epi16(wide, w.high));
#else
        s.low = s.low + ivec(wasm_i32x4_dot_i16x8(wide, w.low)),
        s.high = s.high + ivec(wasm_i32x4_dot_i16x8(wide, w.high));
#endif
    }
    [[gnu::always_inline]] static ivec total(const sums& s) {
#if defined(__SSE2__)
        const __m128 low = _mm_castsi128_ps(s.low), high = _mm_castsi128_ps(s.high);
        return ivec(_mm_castps_si128(_mm_shuffle_ps(low, high, 0x88))) +
               ivec(_mm_castps_si128(_mm_shuffle_ps(low, high, 0xdd)));
#else
        return ivec(wasm_i32x4_shuffle(s.low, s.high, 0, 2, 4, 6)) +
               ivec(wasm_i32x4_shuffle(s.low, s.high, 1, 3, 5, 7));
#endif
    }
};
#if defined(__wasm_relaxed_simd__)
struct nibble_products { // 8 lines of 2 · 15 · 127 fit into 16 bits; the second operand has 4 of the 7 bits it may have
    using sums = ivec;
    static constexpr bool starts = false;
    [[gnu::always_inline]] static sums start() { return ivec(0); }
    [[gnu::always_inline]] static ivec loaded(ivec w) { return w; }
    [[gnu::always_inline]] static void add(sums& s, ivec x, ivec w) {
        s = ivec(wasm_i16x8_add(s, wasm_i16x8_relaxed_dot_i8x16_i7x16(x, w)));
    }
    [[gnu::always_inline]] static ivec total(sums s) { return ivec(wasm_i32x4_extadd_pairwise_i16x8(s)); }
};
#else
using nibble_products = byte_products;
#endif
#endif

} // namespace constformer::inline CONSTFORMER_ISA
