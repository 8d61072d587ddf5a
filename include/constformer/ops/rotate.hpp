// rotate: rotary positions. A token's place turns pairs of its query and key, so that their product depends on the
// distance alone. Su et al. 2021. A head's pairs are its first and second half, as Transformers has it; files that lay
// neighbors side by side (some GGUF files) are put in that order when they are read (core/names.hpp, `pairs`).
#pragma once

#include "constformer/core/real.hpp"
#include "constformer/core/simd.hpp"
#include "constformer/core/tensor.hpp"

#include <array>
#include <span>

namespace constformer {

// How far one place turns. `width`: how much of a head is turned, even.
struct rotary_shape {
    int width;
    float base = 10000, factor = 1; // factor: places lie that much closer (Transformers: "linear")
    // Where `original` is not 0 ("llama3", Dubey et al. 2024): only slow waves are stretched by the factor, those
    // longer than original / low; those shorter than original / high stay; between the two it is mixed.
    float low = 1, high = 4;
    int original = 0;
};

// What one place turns each pair by, in float as Transformers computes it: base^(-2i / width).
template <rotary_shape s> consteval std::array<float, std::size_t(s.width / 2)> rotary_frequencies() {
    static_assert(s.width > 0 && s.width % 2 == 0, "rotary: what is turned of a head must be a positive even width");
    static_assert(s.base > 1 && s.factor > 0, "rotary: .base must exceed 1 and .factor 0");
    static_assert(s.original == 0 || s.high > s.low, "rotary: .high must exceed .low");
    std::array<float, std::size_t(s.width / 2)> all{};
    for (int i = 0; i < s.width / 2; ++i) {
        float f = 1.0f / float(real::power(double(s.base), double(float(2 * i) / float(s.width))));
        if (s.original == 0) {
            f /= s.factor;
        } else {
            const float wave = 6.2831855f / f, places = float(s.original);
            const float mixed = (places / wave - s.low) / (s.high - s.low);
            if (wave > places / s.low)
                f /= s.factor;
            else if (!(wave < places / s.high))
                f = (1 - mixed) * f / s.factor + mixed * f;
        }
        all[std::size_t(i)] = f;
    }
    return all;
}

namespace ops::inline CONSTFORMER_ISA {

// Rows of cosines and then sines, (n, Width), for n tokens that follow each other. Frequencies: Width / 2.
inline void turns_of(std::span<const float> frequencies, int first, int n, float* table) {
    for (int i = 0; i < n; ++i)
        for (std::size_t j = 0; j < frequencies.size(); ++j, ++table) {
            const auto turned = real::turn(double(float(first + i) * frequencies[j]));
            table[0] = float(turned.cosine), table[frequencies.size()] = float(turned.sine);
            if (j + 1 == frequencies.size()) table += frequencies.size();
        }
}

// Turns the first `turned` numbers of every head of each row, in place: (count, heads * head_width).
[[gnu::noinline]] inline void rotate(float* x, std::ptrdiff_t stride, int count, int heads, int head_width, int turned,
                                     const float* table) {
    const int half = turned / 2;
    for (int r = 0; r < count; ++r, x += stride, table += turned)
        for (int h = 0; h < heads; ++h) {
            float *const a = x + h * head_width, *const b = a + half;
            int i = 0;
            for (; i + lanes <= half; i += lanes) {
                const vec one = load(a + i), other = load(b + i), cosine = load(table + i),
                          sine = load(table + half + i);
                store(a + i, fma(one, cosine, splat(0.0f) - other * sine));
                store(b + i, fma(other, cosine, one * sine));
            }
            if (i < half) {
                const int left = half - i;
                const vec one = load_part(a + i, left), other = load_part(b + i, left),
                          cosine = load_part(table + i, left), sine = load_part(table + half + i, left);
                store_part(a + i, fma(one, cosine, splat(0.0f) - other * sine), left);
                store_part(b + i, fma(other, cosine, one * sine), left);
            }
        }
}

// What attention does with queries and keys before they meet: nothing, or
struct unturned {
    void forward(const auto&, int, const auto&) const {}
};
// a rotation. `table`: turns_of() the tokens.
template <int Width> struct turned_by {
    const_rows<Width> table;
    // x in place, (n, heads * head_width); PyTorch: apply_rotary_pos_emb.
    template <int All> void forward(rows<All> x, int heads, const auto& m) const {
        m.threads.split(x.count, [&](int begin, int end, int) {
            rotate(x[begin], x.stride, end - begin, heads, All / heads, Width, table[begin]);
        });
    }
};

} // namespace ops::inline CONSTFORMER_ISA
} // namespace constformer
