// simd: the one place that knows xsimd and the instruction set. Everything above it is written with `vec`.
//
// The instruction set is the translation unit's (-march, -msimd128, -mrelaxed-simd). Its name is an inline namespace
// around all code that it changes, so that objects built with different flags can be linked together and never merge.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push // GCC 12's own AVX-512 headers pass `__Y = __Y` where a value does not matter
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#if defined(__wasm_relaxed_simd__)
// xsimd's WebAssembly batches have no fused multiply-add; relaxed SIMD does. xsimd calls kernel::fma qualified, so the
// overloads must be declared before its API header.
#include <complex>
#include <type_traits>
#include <xsimd/config/xsimd_config.hpp>
#if __has_include(<xsimd/config/xsimd_macros.hpp>)
#include <xsimd/config/xsimd_macros.hpp>
#endif
#if __has_include(<xsimd/config/xsimd_inline.hpp>)
#include <xsimd/config/xsimd_inline.hpp>
#endif
#ifndef XSIMD_NO_DISCARD
#define XSIMD_NO_DISCARD [[nodiscard]]
#endif
#ifndef XSIMD_IF_CONSTEXPR
#define XSIMD_IF_CONSTEXPR if constexpr
#endif
#include <xsimd/types/xsimd_batch.hpp>
#include <xsimd/types/xsimd_utils.hpp>
#include <xsimd/types/xsimd_wasm_register.hpp>
namespace xsimd::kernel {
template <class A>
inline batch<float, A> fma(const batch<float, A>& x, const batch<float, A>& y, const batch<float, A>& z,
                           requires_arch<wasm>) noexcept {
    return wasm_f32x4_relaxed_madd(x, y, z);
}
template <class A>
inline batch<float, A> fnma(const batch<float, A>& x, const batch<float, A>& y, const batch<float, A>& z,
                            requires_arch<wasm>) noexcept {
    return wasm_f32x4_relaxed_nmadd(x, y, z);
}
} // namespace xsimd::kernel
#endif
#include <xsimd/xsimd.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// Intel's processors with products of bfloat16 pairs, which have AMX too, are faster without them (core/isa.hpp).
#if defined(__AVX512BF16__) && !defined(__AMX_BF16__)
#define CONSTFORMER_AVX512_BF16
#endif

#if defined(__wasm_relaxed_simd__)
#define CONSTFORMER_INSTRUCTIONS wasm_relaxed
#elif defined(__wasm__)
#define CONSTFORMER_INSTRUCTIONS wasm_simd128
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__) &&             \
    defined(CONSTFORMER_AVX512_BF16)
#define CONSTFORMER_INSTRUCTIONS avx512_bf16
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__)
#define CONSTFORMER_INSTRUCTIONS avx512_vnni
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define CONSTFORMER_INSTRUCTIONS avx512
#elif defined(__AVX2__) && defined(__FMA__) && defined(__AVXVNNI__)
#define CONSTFORMER_INSTRUCTIONS avx_vnni
#elif defined(__AVX2__) && defined(__FMA__)
#define CONSTFORMER_INSTRUCTIONS avx2
#elif defined(__SSE4_2__)
#define CONSTFORMER_INSTRUCTIONS sse4_2
#elif defined(__SSE2__)
#define CONSTFORMER_INSTRUCTIONS sse2
#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
#define CONSTFORMER_INSTRUCTIONS neon_dot
#elif defined(__aarch64__)
#define CONSTFORMER_INSTRUCTIONS neon
#else
#error "constformer: no vector instruction set; build with -march=native, -mavx2 -mfma, or -msimd128"
#endif

// The deterministic build (-DCONSTFORMER_DETERMINISTIC -ffp-contract=off) gives the same bits on every instruction set:
// no fused multiply-add, no instruction of one processor alone. Everything else has one order and one width anyway.
// It is part of the namespace that is part of every symbol, as the instruction set is: the two builds never merge.
#if defined(CONSTFORMER_DETERMINISTIC) && defined(__wasm_relaxed_simd__)
#error "constformer: relaxed SIMD leaves results to the browser; a deterministic build uses -msimd128 alone"
#endif

#if defined(CONSTFORMER_DETERMINISTIC)
#define CONSTFORMER_JOIN_(x) x##_deterministic
#define CONSTFORMER_JOIN(x) CONSTFORMER_JOIN_(x)
#define CONSTFORMER_ISA CONSTFORMER_JOIN(CONSTFORMER_INSTRUCTIONS)
#else
#define CONSTFORMER_ISA CONSTFORMER_INSTRUCTIONS
#endif

namespace constformer::inline CONSTFORMER_ISA {

#define CONSTFORMER_TEXT_(x) #x
#define CONSTFORMER_TEXT(x) CONSTFORMER_TEXT_(x)
inline constexpr const char* isa_name = CONSTFORMER_TEXT(CONSTFORMER_INSTRUCTIONS);
#undef CONSTFORMER_TEXT
#undef CONSTFORMER_TEXT_

#if defined(__AVX512F__)
using arch = xsimd::avx512bw; // f32 needs no more; the derived arches only add tags
#elif defined(__AVX2__) && defined(__FMA__)
using arch = xsimd::fma3<xsimd::avx2>; // xsimd's default with AVX-VNNI multiplies and adds in two steps
#else
using arch = xsimd::default_arch;
#endif
using vec = xsimd::batch<float, arch>; // `lanes` floats
using ivec = xsimd::batch<std::int32_t, arch>;
inline constexpr int lanes = static_cast<int>(vec::size);
static_assert(16 % lanes == 0, "simd: a weights panel is 16 outputs wide, so a register must hold 4, 8 or 16 floats");

[[gnu::always_inline]] inline vec load(const float* p) { return vec::load_unaligned(p); }
[[gnu::always_inline]] inline void store(float* p, vec v) { v.store_unaligned(p); }
[[gnu::always_inline]] inline vec splat(float x) { return vec(x); }

// Where `numbers` lie. WebAssembly engines build a constant of a register anew wherever a loop uses it (three
// instructions in V8, two of them on the ports that multiply); reading it from memory is one. A compiler that knew what
// is there would make it a constant again.
template <class T, std::size_t N> [[gnu::always_inline]] inline const T* held(const T (&numbers)[N]) {
    const T* p = numbers;
#if defined(__wasm__)
    asm("" : "+r"(p));
#endif
    return p;
}

// a * b + c: in one rounding where the instruction set has it, in two in the deterministic build.
[[gnu::always_inline]] inline vec fma(vec a, vec b, vec c) {
#if defined(CONSTFORMER_DETERMINISTIC)
    return a * b + c;
#else
    return xsimd::fma(a, b, c);
#endif
}

// The first `count` floats, 0 < count < lanes; the other lanes read as zero and are never touched in memory.
inline vec load_part(const float* p, int count) {
#if defined(__AVX512F__)
    return vec(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p));
#else
    alignas(64) float whole[lanes] = {};
    for (int i = 0; i < count; ++i) whole[i] = p[i];
    return vec::load_aligned(whole);
#endif
}
inline void store_part(float* p, vec v, int count) {
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), v);
#else
    alignas(64) float whole[lanes];
    v.store_aligned(whole);
    for (int i = 0; i < count; ++i) p[i] = whole[i];
#endif
}

// The sum of all lanes, in one order for every instruction set: the upper half is added to the lower, and so on. A
// wider register thus gives what two narrower ones give that were added before.
[[gnu::always_inline]] inline float fold(vec v) {
#if defined(__SSE2__)
#if defined(__AVX512F__)
    const __m512 all = v;
    const __m256 half =
        _mm256_add_ps(_mm512_castps512_ps256(all), _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(all), 1)));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
#elif defined(__AVX__)
    const __m256 half = v;
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
#else
    const __m128 four = v;
#endif
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
#elif defined(__aarch64__)
    const float32x2_t two = vadd_f32(vget_low_f32(v), vget_high_f32(v));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
#else
    const v128_t two = wasm_f32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 2, 3));
    return wasm_f32x4_extract_lane(two, 0) + wasm_f32x4_extract_lane(two, 1);
#endif
}

// The `lanes` registers as a square of numbers, turned over its diagonal.
inline void transpose(vec (&v)[lanes]) {
#if defined(__AVX512F__)
    __m512 t[16], u[16];
    for (int i = 0; i < 16; i += 2) { // pairs of rows, then of pairs: 4 x 4 squares within the 128-bit quarters
        t[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; ++j) {
            const __m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);
            u[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            u[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        }
    for (int i = 0; i < 4; ++i) { // then the quarters
        const __m512 a = _mm512_shuffle_f32x4(u[i], u[i + 4], 0x88), b = _mm512_shuffle_f32x4(u[i], u[i + 4], 0xdd);
        const __m512 c = _mm512_shuffle_f32x4(u[i + 8], u[i + 12], 0x88),
                     d = _mm512_shuffle_f32x4(u[i + 8], u[i + 12], 0xdd);
        v[i] = _mm512_shuffle_f32x4(a, c, 0x88);
        v[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
        v[i + 8] = _mm512_shuffle_f32x4(a, c, 0xdd);
        v[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
#else
    xsimd::transpose(v, v + lanes);
#endif
}

// Runs f(vec) -> vec over `count` floats from x to y (which may be the same), the tail included.
template <class F> [[gnu::always_inline]] inline void map(const float* x, float* y, int count, F f) {
    int i = 0;
    for (; i + lanes <= count; i += lanes) store(y + i, f(load(x + i)));
    if (i < count) store_part(y + i, f(load_part(x + i, count - i)), count - i);
}

} // namespace constformer::inline CONSTFORMER_ISA
