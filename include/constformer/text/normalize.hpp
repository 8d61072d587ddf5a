// normalize: BERT's normalization of text, one code point after another, each result with the place it came from.
// Equal to the normalizer "BertNormalizer" of the `tokenizers` package: cleaning, spaces around Chinese characters,
// stripping of accents (NFD without nonspacing marks), lower case, in this order.
#pragma once

#include <cstddef>
#include <vector>

#include "constformer/text/unicode.hpp"

namespace constformer {

// Which steps are taken.
struct normalization {
    bool clean = true;         // drop control characters
    bool chinese = true;       // make each Chinese character a word of its own
    bool strip_accents = true; // decompose and drop nonspacing marks
    bool lowercase = true;
};

// A combining character that waits until all that follow the same base are known. (NFD sorts them by class.)
struct waiting_mark {
    char32_t point;
    int source;
    unicode::properties properties;
    bool first; // the first character of what its source decomposes into
};

// Takes code points of the original text by put(point, source) and gives normalized ones to `sink(point, properties,
// source)`; `source` is the index in the original text. finish() ends a stretch of text.
template <class Sink> class normalizer {
  public:
    // `pile` is working memory; its capacity is kept from call to call.
    normalizer(const normalization& steps, std::vector<waiting_mark>& pile, Sink& sink)
        : steps_(steps), pile_(pile), sink_(sink) {
        pile_.clear();
    }

    void put(char32_t point, int source) {
        const auto known = unicode::properties_of(point);
        if (steps_.clean && known.is(unicode::tables::removed)) return;
        const bool apart = steps_.chinese && known.is(unicode::tables::ideograph);
        if (apart) space(source);
        if (!steps_.strip_accents) {
            emit(point, known, source);
        } else if (known.is(unicode::tables::decomposes)) {
            bool first = true;
            for (const char32_t part : unicode::decompose(point)) {
                if (part == 0) break;
                order({part, source, unicode::properties_of(part), first});
                first = false;
            }
        } else {
            order({point, source, known, true});
        }
        if (apart) space(source);
    }

    // Nothing that waits may be reordered with what follows: call before a character that is known to need nothing of
    // this class, and at the end.
    void finish() {
        if (!pile_.empty()) settle();
    }

  private:
    const normalization& steps_;
    std::vector<waiting_mark>& pile_;
    Sink& sink_;
    int base_ = 0; // source of the last starter

    void space(int source) {
        finish();
        sink_(U' ', unicode::properties_of(U' '), source);
    }

    // Canonical ordering: a starter ends the marks before it and passes at once.
    void order(const waiting_mark& character) {
        if (character.properties.combining_class != 0) {
            pile_.push_back(character);
            return;
        }
        finish();
        base_ = character.source;
        keep(character, character.source);
    }

    // Emits the marks in the order of their classes, those of one class as they came. Sources do not move with them:
    // the k-th original character of the pile gives its source to the k-th in the new order, and what a decomposition
    // added takes the source of the character before it. This is how `tokenizers` keeps offsets from going backward.
    void settle() {
        bool kept = false;
        for (const auto& m : pile_) kept |= !m.properties.is(unicode::tables::mark);
        if (kept) {
            std::size_t next = 0;
            int source = base_;
            for (int done = 0;;) {
                int smallest = 256;
                for (const auto& m : pile_)
                    if (m.properties.combining_class > done && m.properties.combining_class < smallest)
                        smallest = m.properties.combining_class;
                if (smallest == 256) break;
                for (const auto& m : pile_) {
                    if (m.properties.combining_class != smallest) continue;
                    if (m.first) {
                        while (!pile_[next].first) ++next;
                        source = pile_[next++].source;
                    }
                    keep(m, source);
                }
                done = smallest;
            }
        }
        pile_.clear();
    }

    void keep(const waiting_mark& character, int source) {
        if (!character.properties.is(unicode::tables::mark)) emit(character.point, character.properties, source);
    }

    void emit(char32_t point, unicode::properties known, int source) {
        if (!steps_.lowercase || !known.is(unicode::tables::upper)) {
            sink_(point, known, source);
            return;
        }
        for (const char32_t small : unicode::lower(point))
            if (small != 0) sink_(small, unicode::properties_of(small), source);
    }
};

} // namespace constformer
