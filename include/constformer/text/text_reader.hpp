// text_reader: ordinary text, in which no token is looked for any more, on its way to words.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "constformer/text/encoding.hpp"
#include "constformer/text/normalize.hpp"
#include "constformer/text/unicode.hpp"
#include "constformer/text/vocabulary.hpp"
#include "constformer/text/words.hpp"

namespace constformer {

class text_reader {
  public:
    text_reader() = default;
    text_reader(const normalization& steps, const word_pieces& pieces) : steps_(steps) {
        for (unsigned c = 0; c < 256; ++c) {
            sort_[c] = wide;
            if (c >= 128) continue;
            const auto p = unicode::properties_of(c);
            sort_[c] = steps.clean && p.is(unicode::tables::removed) ? nothing
                       : p.is(unicode::tables::space)                ? blank
                       : p.is(unicode::tables::punctuation)          ? mark
                                                                     : letter;
            small_[c] = static_cast<char>(steps.lowercase ? unicode::lower(c)[0] : c);
            single_[c] = std::max(pieces.known.find(&small_[c], 1, vocabulary::whole), -1);
            if (single_[c] < 0) single_[c] = pieces.unknown;
        }
    }

    // Appends the tokens of a text, whose first code point has the number `source`: at least so many that `to` holds
    // `enough`, where there are as many.
    void read(std::string_view text, int source, int enough, words& to) const;

    // The normalized text into out.work.normal, and the place of each of its bytes into out.work.places.
    void normalize(std::string_view text, int source, encoding& out) const;

  private:
    // What a byte of text may begin.
    enum sort : std::uint8_t { letter, blank, mark, nothing, wide };

    normalization steps_;
    std::array<std::uint8_t, 256> sort_{}; // as the text is scanned
    std::array<char, 128> small_{};        // ASCII after normalization
    std::array<int, 128> single_{};        // the id of a word of this one character
};

inline void text_reader::read(std::string_view text, int source, int enough, words& to) const {
    normalizer normal(steps_, to.out.work.pile, to);
    const auto finish = [&] {
        normal.finish();
        to.finish();
    };
    const char *p = text.data(), *const end = p + text.size();
    const auto byte = [](const char* at) { return static_cast<unsigned char>(*at); };
    while (p != end && to.out.size() < enough) {
        const auto c = byte(p);
        const auto what = sort_[c];
        if (what == letter && to.characters == 0) {
            // Most words are ASCII from end to end: no normalizer, no list of sources.
            const char* after = p + 1;
            while (after != end && sort_[byte(after)] == letter) ++after;
            const auto length = static_cast<int>(after - p);
            if (length <= to.pieces.longest_word &&
                (after == end || sort_[byte(after)] == blank || sort_[byte(after)] == mark)) {
                normal.finish();
                if (to.characters == 0) {
                    std::transform(p, after, to.room(length), [&](const char& at) { return small_[byte(&at)]; });
                    to.split(length, nullptr, source);
                    p = after;
                    source += length;
                    continue;
                }
            }
        }
        if (what == wide) {
            const auto next = unicode::decode(p);
            normal.put(next.point, source++);
            p += next.bytes;
            continue;
        }
        if (what == letter) {
            normal.finish();
            to.add(static_cast<unsigned char>(small_[c]), source);
        } else if (what != nothing) {
            finish();
            if (what == mark) to.whole(single_[c], source, source);
        }
        ++p;
        ++source;
    }
    finish();
}

inline void text_reader::normalize(std::string_view text, int source, encoding& out) const {
    auto& normal = out.work.normal;
    auto& places = out.work.places;
    normal.clear();
    places.clear();
    const auto keep = [&](char32_t point, unicode::properties, int place) {
        char bytes[4];
        const int size = unicode::encode(point, bytes);
        for (int i = 0; i < size; ++i) normal.push_back(bytes[i]), places.push_back(place);
    };
    normalizer steps(steps_, out.work.pile, keep);
    for (const char *p = text.data(), *const end = p + text.size(); p != end; ++source) {
        const auto next = unicode::decode(p);
        steps.put(next.point, source);
        p += next.bytes;
    }
    steps.finish();
}

} // namespace constformer
