// split: how a text is cut into the pieces that a tokenizer looks at one by one. What other libraries interpret as
// regular expressions at run time is compiled code here. Equal to pre-tokenizers of the `tokenizers` package.
#pragma once

#include <cstddef>
#include <string_view>

#include "constformer/text/character_class.hpp"
#include "constformer/text/unicode.hpp"

namespace constformer {

// A piece of a text, in bytes.
struct piece {
    std::size_t begin, end;
};

// The first piece at or behind byte `at`, where the last one ended, of a text that is valid UTF-8; empty, at the end of
// the text, where there is none any more. What lies between pieces is dropped.
using splitter = piece (*)(std::string_view text, std::size_t at);

namespace splits {

// Bytes of 's, 't, 're, 've, 'm, 'll or 'd at byte `at`; 0 where there is none. Without case, the long s is an s.
template <bool AnyCase> [[nodiscard]] constexpr std::size_t contraction(std::string_view text,
                                                                        std::size_t at) noexcept {
    const auto letter = [&](std::size_t i) {
        const char c = at + i < text.size() ? text[at + i] : '\0';
        return AnyCase && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    };
    if (text[at] != '\'') return 0;
    const char first = letter(1), second = letter(2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l')) return 3;
    return AnyCase && first == '\xC5' && second == '\xBF' ? 3 : 0;
}

// \s+(?!\S)|\s+: white space from byte `at` on, without its last character where something follows.
[[nodiscard]] constexpr std::size_t end_of_space(std::string_view text, std::size_t at) noexcept {
    const auto end = unicode::end_of_run(text, at, unicode::character::space);
    if (end == text.size()) return end;
    const auto last = unicode::begin_of_last(text.substr(0, end));
    return last == at ? end : last;
}

// GPT-2's: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
constexpr piece gpt2(std::string_view text, std::size_t at) {
    if (at == text.size()) return {at, at};
    if (const auto bytes = contraction<false>(text, at)) return {at, at + bytes};
    const std::size_t first = at + (text[at] == ' ' && at + 1 != text.size());
    const auto what = unicode::class_at(text, first).what;
    if (what == unicode::character::space) return {at, end_of_space(text, at)};
    return {at, unicode::end_of_run(text, first, what)};
}

// Llama-3's, with at most three digits a piece, and Qwen2's, with one:
// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <int MostDigits> constexpr piece by_words(std::string_view text, std::size_t at) {
    using unicode::character;
    if (at == text.size()) return {at, at};
    if (const auto bytes = contraction<true>(text, at)) return {at, at + bytes};
    const auto line_end = [&](std::size_t i) { return text[i] == '\n' || text[i] == '\r'; };
    const auto here = unicode::class_at(text, at);
    const std::size_t next = at + static_cast<std::size_t>(here.bytes);
    if (here.what == character::letter) return {at, unicode::end_of_run(text, next, character::letter)};
    if (here.what == character::number) {
        std::size_t end = next;
        for (int digits = 1; digits < MostDigits && end != text.size(); ++digits) {
            const auto digit = unicode::class_at(text, end);
            if (digit.what != character::number) break;
            end += static_cast<std::size_t>(digit.bytes);
        }
        return {at, end};
    }
    const auto after = next == text.size() ? character::space : unicode::class_at(text, next).what;
    if (after == character::letter && !line_end(at)) return {at, unicode::end_of_run(text, next, character::letter)};
    if (here.what == character::other || (text[at] == ' ' && after == character::other)) {
        std::size_t end = unicode::end_of_run(text, next, character::other);
        while (end != text.size() && line_end(end)) ++end;
        return {at, end};
    }
    for (std::size_t last = unicode::end_of_run(text, at, character::space); last != at; --last)
        if (line_end(last - 1)) return {at, last};
    return {at, end_of_space(text, at)};
}
constexpr piece llama3(std::string_view text, std::size_t at) { return by_words<3>(text, at); }
constexpr piece qwen2(std::string_view text, std::size_t at) { return by_words<1>(text, at); }

// CLIP's, white space dropped: 's|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+
constexpr piece clip(std::string_view text, std::size_t at) {
    at = unicode::end_of_run(text, at, unicode::character::space);
    if (at == text.size()) return {at, at};
    if (const auto bytes = contraction<false>(text, at)) return {at, at + bytes};
    const auto here = unicode::class_at(text, at);
    if (here.what == unicode::character::number) return {at, at + static_cast<std::size_t>(here.bytes)};
    return {at, unicode::end_of_run(text, at, here.what)};
}

// The pre-tokenizer Digits: numbers, each digit or each run of them, and what lies between.
template <bool Each> constexpr piece digits(std::string_view text, std::size_t at) {
    std::size_t end = at;
    for (bool number = false; end != text.size();) {
        const auto next = unicode::decode(text.data() + end);
        const bool is = unicode::is_numeric(next.point);
        if (end == at) number = is;
        if (is != number) break;
        end += static_cast<std::size_t>(next.bytes);
        if (Each && is) break;
    }
    return {at, end};
}
constexpr piece each_digit(std::string_view text, std::size_t at) { return digits<true>(text, at); }
constexpr piece numbers(std::string_view text, std::size_t at) { return digits<false>(text, at); }

// WhitespaceSplit: what lies between white space.
constexpr piece white_space(std::string_view text, std::size_t at) {
    at += unicode::space_at_begin(text.substr(at));
    std::size_t end = at;
    while (end != text.size()) {
        const auto next = unicode::decode(text.data() + end);
        if (unicode::properties_of(next.point).is(unicode::tables::space)) break;
        end += static_cast<std::size_t>(next.bytes);
    }
    return {at, end};
}

// BertPreTokenizer: the same, and each punctuation character is a piece of its own.
constexpr piece words(std::string_view text, std::size_t at) {
    at += unicode::space_at_begin(text.substr(at));
    std::size_t end = at;
    while (end != text.size()) {
        const auto next = unicode::decode(text.data() + end);
        const auto known = unicode::properties_of(next.point);
        const bool alone = known.is(unicode::tables::punctuation);
        if (known.is(unicode::tables::space) || (alone && end != at)) break;
        end += static_cast<std::size_t>(next.bytes);
        if (alone) break;
    }
    return {at, end};
}

// SentencePiece's mark of a space, U+2581.
inline constexpr std::string_view mark = "\xE2\x96\x81";

// Metaspace: a piece begins at each mark.
constexpr piece marks(std::string_view text, std::size_t at) {
    if (at == text.size()) return {at, at};
    const auto end = text.find(mark, at + 1);
    return {at, end == text.npos ? text.size() : end};
}

} // namespace splits
} // namespace constformer
