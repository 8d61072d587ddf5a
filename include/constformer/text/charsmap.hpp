// charsmap: SentencePiece's own normalization, a trie of what is replaced and the texts that replace it, as models
// carry it
// ("precompiled_charsmap"). Equal to the normalizer Precompiled of the `tokenizers` package: a grapheme of less than
// six bytes is looked up as a whole first (of which the beginning suffices), then each code point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "constformer/core/check.hpp"
#include "constformer/text/normal_form.hpp"
#include "constformer/text/normal_text.hpp"
#include "constformer/text/unicode.hpp"
#include "constformer/text/unicode_form_tables.hpp"

namespace constformer {

// Stands for the charsmap of the token file in a step: {&text_steps::charsmap, charsmap_data}.
inline constexpr std::string_view charsmap_data = "charsmap of the token file";

// Its layout: bytes of the trie (little-endian, as all), units of the trie, texts that end in a zero. Errors: sizes
// that cannot be.
[[nodiscard]] inline status check_charsmap(std::string_view data) {
    std::uint32_t trie = 0;
    for (std::size_t i = 0; i < 4 && i < data.size(); ++i)
        trie |= std::uint32_t{static_cast<unsigned char>(data[i])} << 8 * i;
    if (data.size() < 8 || trie % 4 != 0 || trie == 0 || trie > data.size() - 4)
        return error("charsmap: ", data.size(), " bytes cannot hold a trie of ", trie, " bytes");
    return {};
}

namespace detail {
// The text that the trie has for the shortest beginning of a key that it knows; false where it knows none.
inline bool find_in_charsmap(std::string_view map, std::string_view key, std::string_view& found) noexcept {
    const auto number = [&](std::size_t byte) {
        std::uint32_t n = 0;
        for (std::size_t i = 0; i < 4; ++i) n |= std::uint32_t{static_cast<unsigned char>(map[byte + i])} << 8 * i;
        return n;
    };
    const std::uint32_t trie = number(0), units = trie / 4;
    const auto unit = [&](std::uint32_t i) { return number(4 + std::size_t{4} * i); };
    const auto offset = [](std::uint32_t u) { return u >> 10 << ((u & 512u) >> 6); }; // of its children
    std::uint32_t node = offset(unit(0));
    for (const char c : key) {
        const auto byte = static_cast<unsigned char>(c);
        node ^= byte;
        if (byte == 0 || node >= units) return false;
        const auto u = unit(node);
        if ((u & 0x800000FFu) != byte) return false;
        node ^= offset(u);
        if ((u >> 8 & 1) == 0) continue;
        const auto texts = map.substr(std::size_t{4} + trie);
        if (node >= units || (unit(node) & 0x7FFFFFFFu) > texts.size()) return false;
        found = texts.substr(unit(node) & 0x7FFFFFFFu);
        found = found.substr(0, found.find('\0'));
        return unicode::valid_bytes(found) == found.size();
    }
    return false;
}

// Hangul's parts of a syllable: 1 leading, 2 vowel, 4 trailing, 3 leading and vowel, 7 all; 0 is no such thing.
[[nodiscard]] constexpr int hangul_parts(char32_t c) noexcept {
    if (c < 0x1100) return 0;
    if (c < 0x1160 || (c >= 0xA960 && c < 0xA97D)) return c < 0x1200 || c >= 0xA960 ? 1 : 0;
    if (c < 0x11A8 || (c >= 0xD7B0 && c < 0xD7C7)) return 2;
    if (c < 0x1200 || (c >= 0xD7CB && c < 0xD7FC)) return 4;
    return c >= 0xAC00 && c < 0xD7A4 ? (c - 0xAC00) % 28 == 0 ? 3 : 7 : 0;
}

// Where the grapheme ends that begins at byte `at`. Exact for graphemes of less than six bytes, on which alone anything
// depends here: emoji that are joined and conjuncts of Indic scripts are longer.
[[nodiscard]] inline std::size_t end_of_grapheme(std::string_view text, std::size_t at) noexcept {
    namespace tables = unicode::form_tables;
    auto last = unicode::decode(text.data() + at);
    std::size_t end = at + static_cast<std::size_t>(last.bytes);
    if (end == text.size()) return end;
    if (last.point == U'\r' && text[end] == '\n') return end + 1;
    if (unicode::in_runs(tables::controls, last.point)) return end;
    while (end != text.size()) {
        const auto next = unicode::decode(text.data() + end);
        if (last.bytes == 1 && next.bytes == 1) break;
        const int before = hangul_parts(last.point), here = hangul_parts(next.point);
        const bool syllable = before != 0 && here != 0 &&
                              (before == 1 ? here != 4 : here == 4 || (here == 2 && (before == 2 || before == 3)));
        if (unicode::in_runs(tables::controls, next.point)) break;
        if (!unicode::in_runs(tables::extends, next.point) && !unicode::in_runs(tables::prepends, last.point) &&
            !syllable)
            break;
        end += static_cast<std::size_t>(next.bytes);
        last = next;
    }
    return end;
}
} // namespace detail

namespace text_steps {

// Precompiled; `from` is the charsmap.
inline void charsmap(normal_text& t, const text_step& step) {
    t.changes.clear();
    bool changed = false;
    const auto replaced = [&](std::string_view part) {
        std::string_view by;
        if (!constformer::detail::find_in_charsmap(step.from, part, by)) return false;
        const auto count = [](std::string_view text) {
            int n = 0;
            for (const char c : text) n += (c & 0xC0) != 0x80;
            return n;
        };
        const int more = count(by) - count(part);
        for (std::size_t at = 0; at != by.size();) {
            const auto next = unicode::decode(by.data() + at);
            t.changes.push_back({next.point, 0});
            at += static_cast<std::size_t>(next.bytes);
        }
        for (int i = 0; i < more; ++i) t.changes[t.changes.size() - 1 - static_cast<std::size_t>(i)].removed = 1;
        if (more < 0 && !t.changes.empty()) t.changes.back().removed += more;
        return changed = true;
    };
    const auto text = t.text();
    for (std::size_t at = 0; at != text.size();) {
        const auto end = constformer::detail::end_of_grapheme(text, at);
        if (end - at < 6 && replaced(text.substr(at, end - at))) {
            at = end;
            continue;
        }
        while (at != end) {
            const auto next = unicode::decode(text.data() + at);
            const auto bytes = static_cast<std::size_t>(next.bytes);
            if (!replaced(text.substr(at, bytes))) t.changes.push_back({next.point, 0});
            at += bytes;
        }
    }
    if (changed) t.apply();
}

} // namespace text_steps
} // namespace constformer
