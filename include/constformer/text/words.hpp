// words: what a normalized text becomes, word after word: WordPiece takes the longest piece first.
#pragma once

#include <algorithm>
#include <cstddef>

#include "constformer/text/encoding.hpp"
#include "constformer/text/unicode.hpp"
#include "constformer/text/vocabulary.hpp"

namespace constformer {

// What words are made of.
struct word_pieces {
    const vocabulary& known;
    int unknown;      // the token of a word that cannot be spelled
    int longest_word; // code points; a longer word is unknown
};

// One text on its way into `out`: the word being built, and how words become tokens.
struct words {
    const word_pieces pieces;
    encoding& out;
    const int segment;
    int next = 0;            // number of the next word
    int size = 0;            // bytes of the word so far, those of its first longest_word code points
    int characters = 0;      // its code points
    int first = 0, last = 0; // where they come from

    // The sink of the normalizer: one normalized code point. White space ends a word, punctuation is one.
    void operator()(char32_t point, unicode::properties known, int source) {
        if (known.is(unicode::tables::space)) return finish();
        const bool alone = known.is(unicode::tables::punctuation);
        if (alone) finish();
        add(point, source);
        if (alone) finish();
    }

    void add(char32_t point, int source) {
        if (characters++ == 0) first = source;
        last = source;
        if (characters > pieces.longest_word) return;
        char* const end = room(size + 4) + size;
        const int bytes = unicode::encode(point, end);
        std::fill_n(out.work.sources.data() + size, bytes, source);
        size += bytes;
    }

    void finish() {
        if (characters == 0) return;
        if (characters > pieces.longest_word) {
            whole(pieces.unknown, first, last);
        } else {
            split(size, out.work.sources.data(), 0);
        }
        size = characters = 0;
    }

    // The buffer of the word, made large enough for `bytes`.
    char* room(int bytes) {
        auto& buffer = out.work.word;
        if (buffer.size() < static_cast<std::size_t>(bytes)) {
            buffer.resize(buffer.size() * 2 + static_cast<std::size_t>(bytes) + 64);
            out.work.sources.resize(buffer.size());
        }
        return buffer.data();
    }

    // The word in the buffer: the longest piece first, then the longest that continues it, to its end; a word that
    // cannot be spelled so is unknown as a whole. Its bytes come from the places in `sources`, or, where there are
    // none, one after another from `plain` on.
    void split(int bytes, const int* sources, int plain) {
        const char* const text = out.work.word.data();
        const auto source = [&](int byte) { return sources ? sources[byte] : plain + byte; };
        const int before = out.size();
        auto where = vocabulary::whole;
        for (int begin = 0; begin < bytes;) {
            int end = std::min(bytes, begin + pieces.known.longest(where)), id = -1;
            for (; end > begin; --end) {
                id = pieces.known.find(text + begin, static_cast<std::size_t>(end - begin), where);
                if (id >= 0) break;
            }
            if (id < 0) {
                out.erase(before, out.size());
                return whole(pieces.unknown, source(0), source(bytes - 1));
            }
            out.append(id, segment, {source(begin), source(end - 1) + 1}, next);
            begin = end;
            where = vocabulary::continuing;
        }
        ++next;
    }

    // A word of one token.
    void whole(int id, int from, int to) { out.append(id, segment, {from, to + 1}, next++); }
};

} // namespace constformer
