// activate: exp, erf, tanh and the activations made of them, on vectors. The library's own, so that each costs a few
// multiply-adds. Coefficients are minimax fits: tools/minimax.py prints them and the errors stated here.
#pragma once

#include "constformer/core/simd.hpp"
#include "constformer/core/tensor.hpp"

namespace constformer {

// What follows a linear map. PyTorch: Identity, ReLU, GELU(), GELU(approximate="tanh"), SiLU, Tanh.
enum class activation { none, relu, gelu, gelu_tanh, silu, tanh };

namespace ops::inline CONSTFORMER_ISA {

namespace detail {
// Coefficients from the constant term up.
template <std::size_t N> [[gnu::always_inline]] inline vec polynomial(vec x, const float (&terms)[N]) {
    const float* const t = held(terms);
    vec p = splat(t[N - 1]);
    for (std::size_t i = N - 1; i-- > 0;) p = fma(p, x, splat(t[i]));
    return p;
}
} // namespace detail

// e^x, relative error below 2e-7 up to x = 88; 0 below -87.3.
// e^x = 2^k e^r with k = round(x / ln 2), |r| <= ln 2 / 2; ln 2 in two parts keeps r exact (Cody and Waite 1980).
[[gnu::always_inline]] inline vec exp(vec x) {
    const vec low = splat(-87.3365f), inside = xsimd::min(xsimd::max(x, low), splat(88.3762f));
    const vec shift = splat(12582912.0f); // 1.5 · 2^23: adding it rounds to an integer, which stays in the low bits
    const vec shifted = fma(inside, splat(1.44269504f), shift), k = shifted - shift;
    const vec r = fma(k, splat(2.12194440e-4f), fma(k, splat(-0.693359375f), inside));
    static constexpr float terms[] = {1.0f,         1.0f,           0.49999994f,   0.166665211f,
                                      0.041668389f, 0.00836871658f, 0.00138145988f};
    const vec power = xsimd::bitwise_cast<float>((xsimd::bitwise_cast<std::int32_t>(shifted) + ivec(127)) << 23);
    return xsimd::select(x < low, splat(0.0f), detail::polynomial(r, terms) * power);
}

// 2^x for x <= 0 (or hardly above), as a softmax needs it: relative error below 3e-7, 0 or as good as 0 from -126 down.
// 1 + r P(r), r the fraction of x.
[[gnu::always_inline]] inline vec exp2_below(vec x) {
#if defined(__AVX512DQ__) && defined(__AVX512F__) && !defined(CONSTFORMER_DETERMINISTIC)
    static constexpr float terms[] = {1.0f, 0.693151295f, 0.240164444f, 0.0557999127f, 0.00901703071f, 0.00186713005f};
    const vec r = _mm512_reduce_ps(x, 9);                          // x - floor(x); 0 for what has no fraction
    return vec(_mm512_scalef_ps(detail::polynomial(r, terms), x)); // p · 2^floor(x)
#else
    static constexpr float numbers[] = {-126.0f, 12582912.0f},
                           terms[] = {1.0f, 0.693147004f, 0.240222424f, 0.0555073358f, 0.00967151299f, 0.00132647273f};
    const float* const n = held(numbers);
    const vec inside = xsimd::max(x, splat(n[0])), shift = splat(n[1]), shifted = inside + shift;
    const vec r = inside - (shifted - shift); // from -1/2 to 1/2
    return detail::polynomial(r, terms) *
           xsimd::bitwise_cast<float>((xsimd::bitwise_cast<std::int32_t>(shifted) + ivec(127)) << 23);
#endif
}

namespace detail {
// x P(x²) / Q(x²) after clamping x to `range`.
template <std::size_t P, std::size_t Q>
[[gnu::always_inline]] inline vec odd_rational(vec x, const float (&range)[2], const float (&p)[P],
                                               const float (&q)[Q]) {
    const float* const ends = held(range);
    x = xsimd::min(xsimd::max(x, splat(ends[0])), splat(ends[1]));
    const vec t = x * x;
    return x * polynomial(t, p) / polynomial(t, q);
}
} // namespace detail

// erf(x), absolute and relative error below 4e-7.
[[gnu::always_inline]] inline vec erf(vec x) {
    static constexpr float range[] = {-3.92f, 3.92f}, p[] = {1.12837911f,    0.190407261f,    0.0527488291f,
                                                             0.00376565126f, 0.000284883543f, 2.05008155e-06f},
                           q[] = {1.0f, 0.502076805f, 0.114109442f, 0.0149692856f, 0.00116254389f, 3.80916972e-05f};
    return detail::odd_rational(x, range, p, q);
}

// tanh(x), absolute and relative error below 4e-7.
[[gnu::always_inline]] inline vec tanh(vec x) {
    static constexpr float range[] = {-9.0f, 9.0f},
                           p[] =
                               {1.0f, 0.136808559f, 0.00386950676f, 2.80312888e-05f, 3.06424752e-08f, -1.22462101e-11f},
                           q[] = {1.0f, 0.470141888f, 0.0272501521f, 0.000394071132f, 1.28903355e-06f};
    return detail::odd_rational(x, range, p, q);
}

template <activation A> [[gnu::always_inline]] inline vec activate(vec x) {
    if constexpr (A == activation::relu)
        return xsimd::max(x, splat(0.0f));
    else if constexpr (A == activation::gelu) { // x Φ(x) = x/2 (1 + erf(x / √2)), Hendrycks and Gimpel 2016
        static constexpr float numbers[] = {0.5f, -6.0f, 1.0f, 0.707106781f};
        const float* const n = held(numbers);
        return splat(n[0]) * xsimd::max(splat(n[1]), x) * (splat(n[2]) + erf(x * splat(n[3])));
    } else if constexpr (A == activation::gelu_tanh) // x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
        return splat(0.5f) * xsimd::max(splat(-6.0f), x) *
               (splat(1.0f) + tanh(splat(0.797884561f) * fma(splat(0.044715f) * x * x, x, x)));
    else if constexpr (A == activation::silu) // x σ(x)
        return x / (splat(1.0f) + exp(-x));
    else if constexpr (A == activation::tanh)
        return tanh(x);
    else
        return x;
}

// y[i] = A(y[i]) over a block of (count, columns) values whose rows lie `stride` apart. Kept out of line: one body an
// activation, however many layers use it.
template <activation A> [[gnu::noinline]] void activate_block(float* y, int count, int columns, int stride) {
    for (int r = 0; r < count; ++r, y += stride) {
        int i = 0;
        for (; i + 2 * lanes <= columns; i += 2 * lanes) { // the two share what they read
            const vec first = activate<A>(load(y + i)), second = activate<A>(load(y + i + lanes));
            store(y + i, first), store(y + i + lanes, second);
        }
        map(y + i, y + i, columns - i, [](vec v) { return activate<A>(v); });
    }
}
using block_function = void (*)(float* y, int count, int columns, int stride);
template <activation A> inline constexpr block_function block_of = activate_block<A>;
template <> inline constexpr block_function block_of<activation::none> = nullptr;

} // namespace ops::inline CONSTFORMER_ISA
} // namespace constformer
