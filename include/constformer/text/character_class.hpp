// character_class: letters, numbers and white space, as the regular expressions of tokenizers know them. The tables are
// generated (tools/unicode_tables.py) from the `tokenizers` package, so that both agree on every code point.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "constformer/text/unicode.hpp"
#include "constformer/text/unicode_class_tables.hpp"

namespace constformer::unicode {

// \p{L}, \p{N}, \s, and what is none of them. No code point is two.
enum class character : std::uint8_t { other, letter, number, space };

[[nodiscard]] constexpr character class_of(char32_t point) noexcept {
    if (point < class_tables::limit) {
        const unsigned block = class_tables::block_of[point / class_tables::block_size];
        const unsigned at = block * class_tables::block_size + point % class_tables::block_size;
        return static_cast<character>(class_tables::class_of[at / 4] >> at % 4 * 2 & 3);
    }
    for (std::size_t i = 0; i < std::size(class_tables::above); i += 2)
        if (class_tables::above[i] <= point && point <= class_tables::above[i + 1]) return character::letter;
    return character::other;
}

// Is it a number, or one that only newer versions of Unicode know? (Rust's char::is_numeric: what the pre-tokenizer
// Digits asks, where the others ask for \p{N}.)
[[nodiscard]] constexpr bool is_numeric(char32_t point) noexcept {
    if (class_of(point) == character::number) return true;
    for (std::size_t i = 0; i < std::size(class_tables::numeric_too); i += 2)
        if (class_tables::numeric_too[i] <= point && point <= class_tables::numeric_too[i + 1]) return true;
    return false;
}

namespace detail {
inline constexpr auto ascii_class = [] {
    std::array<character, 128> classes{};
    for (unsigned c = 0; c < 128; ++c) classes[c] = class_of(c);
    return classes;
}();
} // namespace detail

// The class of the code point that begins at byte `at` of a text that is valid UTF-8, and its bytes.
struct classified {
    character what;
    int bytes;
};
[[nodiscard]] constexpr classified class_at(std::string_view text, std::size_t at) noexcept {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 128) return {detail::ascii_class[byte], 1};
    const auto next = decode(text.data() + at);
    return {class_of(next.point), next.bytes};
}

// Where a run of code points of a class ends that begins at byte `at`.
[[nodiscard]] constexpr std::size_t end_of_run(std::string_view text, std::size_t at, character what) noexcept {
    while (at != text.size()) {
        const auto next = class_at(text, at);
        if (next.what != what) break;
        at += static_cast<std::size_t>(next.bytes);
    }
    return at;
}

} // namespace constformer::unicode
