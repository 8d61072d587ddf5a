// unicode: UTF-8, and what BERT's normalization asks of a code point. The tables are generated
// (tools/unicode_tables.py) from the `tokenizers` package, so that both agree on every code point.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "constformer/text/unicode_tables.hpp"

namespace constformer::unicode {

// A code point and the number of bytes it takes in UTF-8.
struct decoded {
    char32_t point;
    int bytes;
};

// How many bytes at the beginning of the text are valid UTF-8: text.size() where all are. Overlong forms, surrogates,
// values above U+10FFFF, stray and missing continuation bytes are not valid.
[[nodiscard]] inline std::size_t valid_bytes(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t i = 0;
    while (i < text.size()) {
        const unsigned lead = at(i);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (lead < 0xC2 || lead > 0xF4 || text.size() - i <= more) return i;
        // The second byte alone decides about overlong forms, surrogates and the end of Unicode.
        const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (at(i + 1) < low || at(i + 1) > high) return i;
        for (std::size_t k = 2; k <= more; ++k)
            if ((at(i + k) & 0xC0) != 0x80) return i;
        i += more + 1;
    }
    return i;
}

// The code point that begins at p, in text that is valid UTF-8.
[[nodiscard]] inline decoded decode(const char* p) noexcept {
    const auto at = [&](int i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
    const auto rest = [&](int i) { return at(i) & 0x3F; };
    const char32_t lead = at(0);
    if (lead < 0x80) return {lead, 1};
    if (lead < 0xE0) return {(lead & 0x1F) << 6 | rest(1), 2};
    if (lead < 0xF0) return {(lead & 0x0F) << 12 | rest(1) << 6 | rest(2), 3};
    return {(lead & 0x07) << 18 | rest(1) << 12 | rest(2) << 6 | rest(3), 4};
}

// Writes a code point as UTF-8 and returns the number of bytes, at most 4.
inline int encode(char32_t point, char* out) noexcept {
    const auto put = [&](int i, char32_t byte) { out[i] = static_cast<char>(static_cast<unsigned char>(byte)); };
    if (point < 0x80) return put(0, point), 1;
    if (point < 0x800) return put(0, 0xC0 | point >> 6), put(1, 0x80 | (point & 0x3F)), 2;
    if (point < 0x10000) {
        put(0, 0xE0 | point >> 12), put(1, 0x80 | (point >> 6 & 0x3F)), put(2, 0x80 | (point & 0x3F));
        return 3;
    }
    put(0, 0xF0 | point >> 18), put(1, 0x80 | (point >> 12 & 0x3F));
    put(2, 0x80 | (point >> 6 & 0x3F)), put(3, 0x80 | (point & 0x3F));
    return 4;
}

// The properties of a code point: tables::removed, space, punctuation, ideograph, mark, decomposes, upper, and its
// canonical combining class (0: a starter).
struct properties {
    std::uint8_t bits;
    std::uint8_t combining_class;
    [[nodiscard]] constexpr bool is(int bit) const noexcept { return (bits & bit) != 0; }
};
[[nodiscard]] constexpr properties properties_of(char32_t point) noexcept {
    unsigned kind = 0;
    if (point < tables::limit) {
        const unsigned block = tables::block_of[point / tables::block_size];
        kind = tables::kind_of[block * tables::block_size + point % tables::block_size];
    } else {
        for (std::size_t i = 0; i < std::size(tables::above_first) && tables::above_first[i] <= point; ++i)
            kind = tables::above_kind[i];
    }
    return {tables::bits[kind], tables::combining_class[kind]};
}

namespace detail {
// Where a map of the tables sends a code point; the code point itself where it has no entry.
[[nodiscard]] constexpr char32_t look_up(const tables::map& m, char32_t point) noexcept {
    const auto step = std::upper_bound(m.key, m.key + m.steps, static_cast<std::uint32_t>(point)) - m.key;
    if (step == 0) return point;
    std::uint32_t at = m.key[step - 1], value = at;
    const std::uint8_t* p = m.stream + m.begin[step - 1];
    const std::uint8_t* const end = m.stream + m.begin[step];
    const auto number = [&p] {
        std::uint32_t n = 0;
        for (int shift = 0;; shift += 7) {
            n |= (*p & 127u) << shift;
            if (*p++ < 128) return n;
        }
    };
    while (p != end && at <= point) {
        at += number();
        const std::uint32_t change = number();
        value += change & 1 ? ~(change >> 1) : change >> 1;
        if (at == point) return value;
    }
    return point;
}
} // namespace detail

// The full canonical decomposition (NFD) of a code point that has one, without the accents after its first character:
// at most three code points, 0 where there are fewer.
[[nodiscard]] constexpr std::array<char32_t, 3> decompose(char32_t point) noexcept {
    if (const char32_t syllable = point - 0xAC00; syllable < 11172) { // Hangul, by the arithmetic of the standard
        const char32_t last = syllable % 28;
        return {0x1100 + syllable / 588, 0x1161 + syllable % 588 / 28, last ? 0x11A7 + last : 0};
    }
    std::array<char32_t, 3> parts{detail::look_up(tables::decomposition, point), 0, 0};
    for (std::size_t k = 0; k < std::size(tables::decomposition_rest); k += 3)
        if (tables::decomposition_rest[k] == point)
            parts[1] = tables::decomposition_rest[k + 1], parts[2] = tables::decomposition_rest[k + 2];
    return parts;
}

// The lower case of a code point: one code point or, where the second is not 0, two.
[[nodiscard]] constexpr std::array<char32_t, 2> lower(char32_t point) noexcept {
    char32_t second = 0;
    for (std::size_t k = 0; k < std::size(tables::lower_second); k += 2)
        if (tables::lower_second[k] == point) second = tables::lower_second[k + 1];
    return {detail::look_up(tables::lower, point), second};
}

} // namespace constformer::unicode
