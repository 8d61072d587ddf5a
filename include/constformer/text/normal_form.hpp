// normal_form: Unicode's normalization forms as steps of a normalizer: NFD, NFC, NFKD, NFKC; and StripAccents. Equal to
// those of the `tokenizers` package, from which the tables are (tools/unicode_tables.py), alignments included.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <vector>

#include "constformer/text/normal_text.hpp"
#include "constformer/text/unicode.hpp"
#include "constformer/text/unicode_form_tables.hpp"

namespace constformer {
namespace unicode {

// Is a code point in one of the runs of a table?
[[nodiscard]] constexpr bool in_runs(const tables::map& runs, char32_t point) noexcept {
    return point >= runs.key[0] && point <= detail::last_up_to(runs, point).value;
}

// The full decomposition of a code point, to sink(code point, is it the first?).
template <bool Compatible, class Sink> void decompose_fully(char32_t point, Sink&& sink) {
    using namespace form_tables;
    if (const char32_t syllable = point - 0xAC00; syllable < 11172) { // Hangul, by the arithmetic of the standard
        sink(0x1100 + syllable / 588, true);
        sink(0x1161 + syllable % 588 / 28, false);
        if (syllable % 28 != 0) sink(0x11A7 + syllable % 28, false);
        return;
    }
    const auto entry = [point](const map& m, char32_t& at) {
        if (point < m.key[0]) return false;
        const auto found = detail::last_up_to(m, point);
        at = found.value;
        return found.key == point;
    };
    char32_t at = 0;
    if (!(Compatible && entry(compatible, at)) && !entry(canonical, at)) return sink(point, true);
    char utf8[256];
    const int size = texts[at];
    for (int i = 0; i < size; ++i) utf8[i] = static_cast<char>(texts[at + 1 + static_cast<unsigned>(i)]);
    for (int i = 0; i < size;) {
        const auto next = decode(utf8 + i);
        sink(next.point, i == 0);
        i += next.bytes;
    }
}

// The primary composite of two code points; 0 where there is none.
[[nodiscard]] constexpr char32_t compose(char32_t first, char32_t second) noexcept {
    if (first - 0x1100 < 19 && second - 0x1161 < 21) return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28;
    if (first - 0xAC00 < 11172 && (first - 0xAC00) % 28 == 0 && second - 0x11A8 < 27) return first + second - 0x11A7;
    const auto* const end = std::end(form_tables::seconds);
    const auto* const known = std::lower_bound(std::begin(form_tables::seconds), end, second);
    if (known == end || *known != second) return 0;
    const char32_t key = static_cast<char32_t>(known - std::begin(form_tables::seconds)) * 0x110000 + first;
    if (key < form_tables::composition.key[0]) return 0;
    const auto found = detail::last_up_to(form_tables::composition, key);
    return found.key == key ? found.value : 0;
}

} // namespace unicode

namespace text_steps {
namespace detail {

// Puts the marks from `begin` on in the order of their classes, those of one class as they came. (`pile` holds them
// meanwhile: however many there are, it takes one pass.)
inline void order_marks(std::vector<normal_text::change>& list, std::size_t begin, std::vector<waiting_mark>& pile) {
    if (list.size() - begin < 2) return;
    pile.clear();
    std::array<std::size_t, 257> end{}; // of each class, one further up
    for (std::size_t i = begin; i < list.size(); ++i) {
        const auto known = unicode::properties_of(list[i].point);
        pile.push_back({list[i].point, list[i].removed, known, false});
        ++end[known.combining_class + 1u];
    }
    for (std::size_t c = 1; c < end.size(); ++c) end[c] += end[c - 1];
    for (const auto& mark : pile) list[begin + end[mark.properties.combining_class]++] = {mark.point, mark.source};
}

// Joins characters with marks behind them that are not blocked. What it joins stands for all of their places.
inline void compose(std::vector<normal_text::change>& list) {
    std::size_t kept = 0, starter = list.size(); // the last one, where there is one
    int before = -1;                             // the class of the last character kept behind it; -1: there is none
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto c = list[i];
        const int here = unicode::properties_of(c.point).combining_class;
        if (starter != list.size() && before < here) {
            if (const auto both = unicode::compose(list[starter].point, c.point)) {
                list[starter] = {both, list[starter].removed + c.removed - 1};
                continue;
            }
        }
        if (here == 0) {
            starter = kept;
            before = -1;
        } else {
            before = here;
        }
        list[kept++] = c;
    }
    list.resize(kept);
}

template <bool Compatible, bool Compose> void normal_form(normal_text& t) {
    if (t.is_ascii()) return;
    auto& list = t.changes;
    list.clear();
    std::size_t marks = 0; // where those begin that are not in order yet
    const auto put = [&](char32_t point, bool first) {
        const bool mark = unicode::properties_of(point).combining_class != 0;
        if (!mark) order_marks(list, marks, t.pile);
        list.push_back({point, first ? 0 : 1});
        if (!mark) marks = list.size();
    };
    for (std::size_t at = 0; at != t.bytes.size();) {
        const auto next = unicode::decode(t.bytes.data() + at);
        if (next.bytes == 1)
            put(next.point, true);
        else
            unicode::decompose_fully<Compatible>(next.point, put);
        at += static_cast<std::size_t>(next.bytes);
    }
    order_marks(list, marks, t.pile);
    if (Compose) compose(list);
    t.apply();
}
} // namespace detail

inline void nfd(normal_text& t, const text_step&) { detail::normal_form<false, false>(t); }
inline void nfc(normal_text& t, const text_step&) { detail::normal_form<false, true>(t); }
inline void nfkd(normal_text& t, const text_step&) { detail::normal_form<true, false>(t); }
inline void nfkc(normal_text& t, const text_step&) { detail::normal_form<true, true>(t); }

// StripAccents: drops marks; it does not take characters apart that have some.
inline void strip_accents(normal_text& t, const text_step&) {
    if (t.is_ascii()) return;
    t.begin();
    for (std::size_t at = 0; at != t.bytes.size();) {
        const auto next = unicode::decode(t.bytes.data() + at);
        const auto end = at + static_cast<std::size_t>(next.bytes);
        if (!unicode::in_runs(unicode::form_tables::accents, next.point)) t.keep(at, end);
        at = end;
    }
    t.done();
}

} // namespace text_steps
} // namespace constformer
