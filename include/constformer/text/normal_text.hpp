// normal_text: a text on its way through the steps of a normalizer, each byte with the place that it came from. Equal
// to the normalizers of the `tokenizers` package, alignments included.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "constformer/text/normalize.hpp"
#include "constformer/text/unicode.hpp"

namespace constformer {

struct normal_text {
    // What a code point is replaced by. 0: it stands for the next character of the old text; 1: it is put in behind the
    // last of them; -n: it stands for the next one and the n behind it.
    struct change {
        char32_t point;
        int removed; // as said above, below 0 or not
    };

    std::vector<char> bytes;
    std::vector<int> places; // of each byte: the number of a code point of the original text

    [[nodiscard]] std::string_view text() const noexcept { return {bytes.data(), bytes.size()}; }
    [[nodiscard]] bool is_ascii() const noexcept {
        return std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
    }

    // The original: a text that is valid UTF-8, whose first code point has the number `place`.
    void start(std::string_view text, int place) {
        bytes.assign(text.begin(), text.end());
        places.resize(text.size());
        --place;
        for (std::size_t i = 0; i < text.size(); ++i) places[i] = place += (text[i] & 0xC0) != 0x80;
    }
    // A part of another one.
    void start(std::string_view text, const int* from) {
        bytes.assign(text.begin(), text.end());
        places.assign(from, from + text.size());
    }

    // Steps write a new text by these, and end with done().
    void begin() noexcept {
        new_bytes_.clear();
        new_places_.clear();
    }
    void put(std::string_view text, int place) {
        new_bytes_.insert(new_bytes_.end(), text.begin(), text.end());
        new_places_.insert(new_places_.end(), text.size(), place);
    }
    void put(char32_t point, int place) {
        char utf8[4];
        put(std::string_view(utf8, static_cast<std::size_t>(unicode::encode(point, utf8))), place);
    }
    void keep(std::size_t from, std::size_t to) { // bytes of the old text
        const auto at = [](auto& list, std::size_t i) { return list.begin() + static_cast<std::ptrdiff_t>(i); };
        new_bytes_.insert(new_bytes_.end(), at(bytes, from), at(bytes, to));
        new_places_.insert(new_places_.end(), at(places, from), at(places, to));
    }
    void done() noexcept {
        bytes.swap(new_bytes_);
        places.swap(new_places_);
    }

    // Or they list changes, from the beginning on, and end with this.
    std::vector<change> changes;
    void apply() {
        begin();
        std::size_t at = 0;
        for (const auto& c : changes) {
            const int place = places[at == 0 || (c.removed <= 0 && at < places.size()) ? at : at - 1];
            put(c.point, place);
            for (int taken = c.removed > 0 ? 0 : 1 - c.removed; taken > 0 && at != bytes.size(); --taken)
                at += static_cast<std::size_t>(unicode::decode(bytes.data() + at).bytes);
        }
        done();
    }

    std::vector<waiting_mark> pile; // working memory of steps

  private:
    std::vector<char> new_bytes_;
    std::vector<int> new_places_;
};

// A step, and the two texts that it may need; usable as `inline constexpr text_step lower{&text_steps::lowercase};`. A
// program contains the code and the tables of those steps alone that it names.
struct text_step {
    void (*run)(normal_text&, const text_step&);
    std::string_view from{}, to{};
};

namespace text_steps {

// Lowercase: code point by code point.
inline void lowercase(normal_text& t, const text_step&) {
    t.begin();
    for (std::size_t at = 0; at != t.bytes.size();) {
        const auto next = unicode::decode(t.bytes.data() + at);
        const auto lower = unicode::properties_of(next.point).is(unicode::tables::upper)
                               ? unicode::lower(next.point)
                               : std::array<char32_t, 2>{next.point, 0};
        t.put(lower[0], t.places[at]);
        if (lower[1] != 0) t.put(lower[1], t.places[at]);
        at += static_cast<std::size_t>(next.bytes);
    }
    t.done();
}

// BertNormalizer with all it does: cleaning, spaces around Chinese characters, no accents, lower case.
inline void bert(normal_text& t, const text_step&) {
    constexpr normalization all{};
    t.begin();
    const auto keep = [&](char32_t point, unicode::properties, int place) { t.put(point, place); };
    normalizer steps(all, t.pile, keep);
    for (std::size_t at = 0; at != t.bytes.size();) {
        const auto next = unicode::decode(t.bytes.data() + at);
        steps.put(next.point, t.places[at]);
        at += static_cast<std::size_t>(next.bytes);
    }
    steps.finish();
    t.done();
}

// Replace of `from`, a plain text that is not empty, by `to`, which comes from where the last replaced character did.
inline void replace(normal_text& t, const text_step& step) {
    std::size_t found = t.text().find(step.from);
    if (found == std::string_view::npos) return;
    t.begin();
    for (std::size_t at = 0;; found = t.text().find(step.from, at)) {
        t.keep(at, std::min(found, t.bytes.size()));
        if (found == std::string_view::npos) break;
        at = found + step.from.size();
        t.put(step.to, t.places[at - 1]);
    }
    t.done();
}

// Replace of two or more spaces, the regular expression " {2,}", by `to`.
inline void squeeze_spaces(normal_text& t, const text_step& step) {
    t.begin();
    for (std::size_t at = 0; at != t.bytes.size();) {
        const auto end = std::min(t.text().find_first_not_of(' ', at), t.bytes.size());
        if (end - at >= 2)
            t.put(step.to, t.places[end - 1]);
        else
            t.keep(at, end);
        at = std::min(t.text().find(' ', end), t.bytes.size());
        t.keep(end, at);
    }
    t.done();
}

// Replace of white space, the regular expression "\s+", by `to`.
inline void squeeze_white_space(normal_text& t, const text_step& step) {
    t.begin();
    for (std::size_t at = 0; at != t.bytes.size();) {
        if (const auto space = unicode::space_at_begin(t.text().substr(at)); space != 0) {
            at += space;
            t.put(step.to, t.places[at - 1]);
            continue;
        }
        const auto end = at + static_cast<std::size_t>(unicode::decode(t.bytes.data() + at).bytes);
        t.keep(at, end);
        at = end;
    }
    t.done();
}

// Strip: white space at the beginning, or at the end.
inline void strip_left(normal_text& t, const text_step&) {
    t.begin();
    t.keep(unicode::space_at_begin(t.text()), t.bytes.size());
    t.done();
}
inline void strip_right(normal_text& t, const text_step&) {
    const auto rest = t.bytes.size() - unicode::space_at_end(t.text());
    t.bytes.resize(rest);
    t.places.resize(rest);
}

// Prepend of `to`, to a text that is not empty.
inline void prepend(normal_text& t, const text_step& step) {
    if (t.bytes.empty()) return;
    t.begin();
    t.put(step.to, t.places[0]);
    t.keep(0, t.bytes.size());
    t.done();
}
// The same where the text does not begin with it (ByteLevel's add_prefix_space; Metaspace's prepend_scheme "always"),
// and where it is also the first of all (prepend_scheme "first").
inline void prefix(normal_text& t, const text_step& step) {
    if (!t.text().starts_with(step.to)) prepend(t, step);
}
inline void prefix_first(normal_text& t, const text_step& step) {
    if (!t.bytes.empty() && t.places[0] == 0) prefix(t, step);
}

} // namespace text_steps
} // namespace constformer
