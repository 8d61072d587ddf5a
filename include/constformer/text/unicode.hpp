// unicode: UTF-8, and what BERT's tokenizer asks of a code point. The tables are generated
// (tools/unicode_tables.py) from the `tokenizers` package, so that both agree on every code point.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "constformer/core/utf8.hpp"
#include "constformer/text/unicode_tables.hpp"

namespace constformer::unicode {

// A code point and the number of bytes it takes in UTF-8.
struct decoded {
    char32_t point;
    int bytes;
};

// The code point that begins at p, in text that is valid UTF-8.
[[nodiscard]] constexpr decoded decode(const char* p) noexcept {
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
// The last entry of a map whose key is not above a code point; {point, point} where there is none.
struct entry {
    char32_t key, value;
};
[[nodiscard]] constexpr entry last_up_to(const tables::map& m, char32_t point) noexcept {
    const auto step = std::upper_bound(m.key, m.key + m.steps, static_cast<std::uint32_t>(point)) - m.key;
    if (step == 0) return {point, point};
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
    entry found{point, point};
    while (p != end) {
        at += number();
        if (at > point) break;
        const std::uint32_t change = number();
        value += change & 1 ? ~(change >> 1) : change >> 1;
        found = {at, value};
    }
    return found;
}
// Where a map sends a code point; the code point itself where it has no entry.
[[nodiscard]] constexpr char32_t look_up(const tables::map& m, char32_t point) noexcept {
    const entry found = last_up_to(m, point);
    return found.key == point ? found.value : point;
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

// Is it a letter, a mark, a digit, a connector such as the underscore, or a joiner? (What \w matches in Rust's regex.)
[[nodiscard]] constexpr bool is_word(char32_t point) noexcept {
    if (point < 128) return (point | 32) - U'a' < 26 || point - U'0' < 10 || point == U'_';
    return point <= detail::last_up_to(tables::word, point).value;
}

// Does a text that is valid UTF-8 begin, or end, with such a code point?
[[nodiscard]] constexpr bool begins_word(std::string_view text) noexcept {
    return !text.empty() && is_word(decode(text.data()).point);
}
[[nodiscard]] constexpr std::size_t begin_of_last(std::string_view text) noexcept { // of its last code point
    std::size_t begin = text.size() - 1;
    while ((text[begin] & 0xC0) == 0x80) --begin;
    return begin;
}
[[nodiscard]] constexpr bool ends_word(std::string_view text) noexcept {
    return !text.empty() && is_word(decode(text.data() + begin_of_last(text)).point);
}

// Bytes of white space at the beginning, or at the end, of a text that is valid UTF-8.
[[nodiscard]] constexpr std::size_t space_at_begin(std::string_view text) noexcept {
    std::size_t bytes = 0;
    while (bytes != text.size()) {
        const auto next = decode(text.data() + bytes);
        if (!properties_of(next.point).is(tables::space)) break;
        bytes += static_cast<std::size_t>(next.bytes);
    }
    return bytes;
}
[[nodiscard]] constexpr std::size_t space_at_end(std::string_view text) noexcept {
    const std::size_t all = text.size();
    while (!text.empty()) {
        const auto begin = begin_of_last(text);
        if (!properties_of(decode(text.data() + begin).point).is(tables::space)) break;
        text.remove_suffix(text.size() - begin);
    }
    return all - text.size();
}

} // namespace constformer::unicode
