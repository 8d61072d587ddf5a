// stored_numbers: how numbers lie in model files: whole, as halves, or in blocks of GGUF's quantized types, in which 32
// or 256 numbers share their scales. Each decode_ function turns one block into floats.
// They equal the `gguf` package's gguf.quants.dequantize bit by bit, however the compiler contracts: a scale has 11
// bits, its factor at most 8 and a number at most 6, so every product is exact in a float and only the last sum rounds.
#pragma once

#include "constformer/core/float16.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace constformer::detail {

template <class T> T load(const std::byte* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}
inline float from_bf16(std::uint16_t bits) noexcept { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
inline float from_f16(std::uint16_t half) noexcept { return from_float16(half); }
template <class From, class To, class Convert>
void convert(const std::byte* from, std::span<To> to, Convert&& convert_one) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = convert_one(load<From>(from + i * sizeof(From)));
}

inline float half_at(const std::byte* from) noexcept { return from_f16(load<std::uint16_t>(from)); }
inline int low(std::byte b) noexcept { return std::to_integer<int>(b & std::byte{15}); }
inline int high(std::byte b) noexcept { return std::to_integer<int>(b >> 4); }
inline int bit(std::byte b, int i) noexcept { return std::to_integer<int>(b >> i & std::byte{1}); }

// Q8_0, 34 bytes: scale, 32 signed bytes.
inline void decode_q8_0(const std::byte* from, float* to) noexcept {
    const float scale = half_at(from);
    for (int i = 0; i < 32; ++i) to[i] = scale * static_cast<float>(std::to_integer<std::int8_t>(from[2 + i]));
}

// Q4_0, 18 bytes: scale, 16 bytes, of which the lower halves are the numbers 0 to 15 and the upper ones 16 to 31.
inline void decode_q4_0(const std::byte* from, float* to) noexcept {
    const float scale = half_at(from);
    for (int i = 0; i < 16; ++i) {
        to[i] = scale * static_cast<float>(low(from[2 + i]) - 8);
        to[16 + i] = scale * static_cast<float>(high(from[2 + i]) - 8);
    }
}

// Q4_1, 20 bytes: scale, least, 16 bytes as in Q4_0.
inline void decode_q4_1(const std::byte* from, float* to) noexcept {
    const float scale = half_at(from), least = half_at(from + 2);
    for (int i = 0; i < 16; ++i) {
        to[i] = scale * static_cast<float>(low(from[4 + i])) + least;
        to[16 + i] = scale * static_cast<float>(high(from[4 + i])) + least;
    }
}

// Q5_0, 22 bytes: scale, the fifth bits of 32 numbers, the lower four as in Q4_0.
inline void decode_q5_0(const std::byte* from, float* to) noexcept {
    const float scale = half_at(from);
    for (int i = 0; i < 16; ++i) {
        const int first = bit(from[2 + i / 8], i % 8), second = bit(from[4 + i / 8], i % 8);
        to[i] = scale * static_cast<float>((low(from[6 + i]) | first << 4) - 16);
        to[16 + i] = scale * static_cast<float>((high(from[6 + i]) | second << 4) - 16);
    }
}

// Q5_1, 24 bytes: scale, least, the rest as in Q5_0.
inline void decode_q5_1(const std::byte* from, float* to) noexcept {
    const float scale = half_at(from), least = half_at(from + 2);
    for (int i = 0; i < 16; ++i) {
        const int first = bit(from[4 + i / 8], i % 8), second = bit(from[6 + i / 8], i % 8);
        to[i] = scale * static_cast<float>(low(from[8 + i]) | first << 4) + least;
        to[16 + i] = scale * static_cast<float>(high(from[8 + i]) | second << 4) + least;
    }
}

// The scale and the least of part `part` of 8, six bits each, that Q4_K and Q5_K fold into 12 bytes.
struct folded_scale {
    int scale, least;
    folded_scale(const std::byte* from, int part) noexcept {
        const auto six = [&](int at) { return std::to_integer<int>(from[at] & std::byte{63}); };
        const auto top = [&](int at) { return std::to_integer<int>(from[at] >> 6) << 4; };
        if (part < 4)
            scale = six(part), least = six(part + 4);
        else
            scale = low(from[part + 4]) | top(part - 4), least = high(from[part + 4]) | top(part);
    }
};

// Q4_K, 144 bytes: scale, scale of the leasts, 12 bytes of folded scales, 4 times 32 bytes, of which the lower halves
// are one part and the upper ones the next.
inline void decode_q4_k(const std::byte* from, float* to) noexcept {
    const float scale = half_at(from), least = half_at(from + 2);
    for (int part = 0; part < 8; ++part) {
        const folded_scale folded(from + 4, part);
        const float s = scale * static_cast<float>(folded.scale), m = least * static_cast<float>(folded.least);
        const std::byte* four = from + 16 + part / 2 * 32;
        for (int i = 0; i < 32; ++i) *to++ = s * static_cast<float>(part % 2 == 0 ? low(four[i]) : high(four[i])) - m;
    }
}

// Q5_K, 176 bytes: as Q4_K, with 32 bytes of fifth bits before the lower four; bit n of a byte belongs to part n.
inline void decode_q5_k(const std::byte* from, float* to) noexcept {
    const float scale = half_at(from), least = half_at(from + 2);
    for (int part = 0; part < 8; ++part) {
        const folded_scale folded(from + 4, part);
        const float s = scale * static_cast<float>(folded.scale), m = least * static_cast<float>(folded.least);
        const std::byte *fifth = from + 16, *four = from + 48 + part / 2 * 32;
        for (int i = 0; i < 32; ++i)
            *to++ =
                s * static_cast<float>((part % 2 == 0 ? low(four[i]) : high(four[i])) | bit(fifth[i], part) << 4) - m;
    }
}

// Q6_K, 210 bytes: in two halves 64 bytes of lower fours, then for both 32 bytes of upper twos, 16 signed bytes that
// are factors of 16 numbers each, scale.
inline void decode_q6_k(const std::byte* from, float* to) noexcept {
    const float scale = half_at(from + 208);
    for (int part = 0; part < 8; ++part) { // of 32 numbers
        const int half = part / 4, quarter = part % 4;
        const std::byte *four = from + half * 64 + quarter % 2 * 32, *two = from + 128 + half * 32;
        for (int i = 0; i < 32; ++i) {
            const float s = scale * static_cast<float>(std::to_integer<std::int8_t>(from[192 + part * 2 + i / 16]));
            const int upper = std::to_integer<int>(two[i] >> (2 * quarter) & std::byte{3});
            *to++ = s * static_cast<float>(((quarter < 2 ? low(four[i]) : high(four[i])) | upper << 4) - 32);
        }
    }
}

} // namespace constformer::detail
