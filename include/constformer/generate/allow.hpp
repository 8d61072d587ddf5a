// allow: what a text may say next: tokens that are forbidden, or forced, by where it stands and by what it said.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

namespace constformer {

// What a checkpoint's generation_config.json says of the texts that an encoder-decoder writes. The names of
// Transformers' generate(), ours beside them.
struct writing {
    int start;                    // decoder_start_token_id: what begins every text
    std::span<const int> ends{};  // eos_token_id
    int first = -1, last = -1;    // forced_bos_token_id, forced_eos_token_id: of a text, and of one that is full
    std::span<const int> never{}; // suppress_tokens, and bad_words_ids of one token
    int least = 0;                // min_length: tokens before a text may end, the first included
    int most = 0;                 // max_length, the first included; 0: nothing is said
    int repeats = 0;              // no_repeat_ngram_size: so many tokens in a row are never there twice; 0: may be
    int beams = 1;                // num_beams
    float length_penalty = 1;     // of beams
    bool early = false;           // early_stopping, of beams
};

// Scores of what may not come are set to `out_of_reach`; not infinite, so that they stay numbers.
inline constexpr float out_of_reach = -1e30f;

// text: the tokens so far, the one that begins it included. most: how long it can become.
inline void allow(const writing& rules, int most, std::span<const int> text, std::span<float> scores) {
    const int length = int(text.size());
    const auto forbid = [&](int token) {
        if (token >= 0 && std::size_t(token) < scores.size()) scores[std::size_t(token)] = out_of_reach;
    };
    const auto force = [&](int token) {
        std::fill(scores.begin(), scores.end(), out_of_reach);
        if (token >= 0 && std::size_t(token) < scores.size()) scores[std::size_t(token)] = 0;
    };
    if (const int n = rules.repeats; n > 0 && length >= n) // what followed its last n - 1 tokens before
        for (int i = 0; i + n <= length; ++i)
            if (std::equal(text.begin() + i, text.begin() + i + n - 1, text.end() - (n - 1)))
                forbid(text[std::size_t(i + n - 1)]);
    if (length < rules.least)
        for (const int end : rules.ends) forbid(end);
    for (const int token : rules.never) forbid(token);
    if (length == 1 && rules.first >= 0) force(rules.first);
    if (length == most - 1 && rules.last >= 0) force(rules.last);
}

} // namespace constformer
