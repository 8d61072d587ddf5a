// encoding: what a tokenizer makes of a text, and what can be asked of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "constformer/text/normalize.hpp"
#include "constformer/text/subword_work.hpp"

namespace constformer {

// One entry a token in each list. Encoding into the same object again reuses its memory: nothing is allocated once it
// has held a text as long. PyTorch equivalent: the fields of a `tokenizers.Encoding`.
struct encoding {
    std::vector<int> ids;                    // what the model sees
    std::vector<int> segments;               // 0: first text, 1: second text (token_type_ids)
    std::vector<std::array<int, 2>> offsets; // [begin, end) in code points of its text; {0, 0} for added tokens
    std::vector<int> words;                  // number of its word in its text; -1 for added tokens

    // Working memory of the tokenizer: nothing here is a result.
    struct working {
        std::vector<char> word;
        std::vector<int> sources;
        std::vector<waiting_mark> pile;
        std::vector<char> normal; // normalized text and where its bytes come from
        std::vector<int> places;
        subword_work subword;
    } work;

    [[nodiscard]] int size() const noexcept { return static_cast<int>(ids.size()); }

    void clear() noexcept {
        ids.clear();
        segments.clear();
        offsets.clear();
        words.clear();
    }
    void append(int id, int segment, std::array<int, 2> offset, int word) {
        ids.push_back(id);
        segments.push_back(segment);
        offsets.push_back(offset);
        words.push_back(word);
    }
    // Drops the tokens from `first` up to `last`.
    void erase(int first, int last) {
        ids.erase(ids.begin() + first, ids.begin() + last);
        segments.erase(segments.begin() + first, segments.begin() + last);
        offsets.erase(offsets.begin() + first, offsets.begin() + last);
        words.erase(words.begin() + first, words.begin() + last);
    }
};

struct encode_options {
    int most_tokens = 0;   // tokens that fit, added ones included; 0: no limit
    bool truncate = false; // what does not fit is cut off (of a pair, from the longer text first); else it is an error
    bool special = true;   // add [CLS] and [SEP], or what else the model wants around a text
};

// How many tokens of each of two texts stay in a room too small for both: the longer text is cut down to what the
// shorter one leaves; where both are long, each gets half. As `tokenizers` truncates by "longest_first".
[[nodiscard]] constexpr std::array<int, 2> kept_tokens(std::array<int, 2> count, int room) noexcept {
    const int shorter = std::min(count[0], count[1]);
    int small = shorter, large = room - shorter;
    if (large < small) small = room / 2, large = room - small;
    return count[0] > count[1] ? std::array{large, small} : std::array{small, large};
}

} // namespace constformer
