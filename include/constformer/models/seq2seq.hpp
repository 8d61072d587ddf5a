// seq2seq: what models that read one text and write another have in common. Each is used in three steps:
//     encode(ids, keep, x, m)                the source's last hidden state
//     begin(x, past, m)                      a new text: no words yet, the source read into every layer's memory
//     decode(ids, keep, past, logits, m)     logits of the next word behind each of `ids`, which continue the words
// Greedy decoding is the third again and again with one word; a beam has a row of state::row() for each of its texts.
#pragma once

#include "constformer/core/names.hpp"
#include "constformer/layers/decoder_memory.hpp"
#include "constformer/layers/tokens.hpp"

namespace constformer {

// How a family of checkpoints spells its tensors.
struct seq2seq_family {
    const char* who; // begins every sentence: "marian"
    std::span<const name> names;
    std::span<const std::string_view> unused;
};

// What encode() checks before any kernel runs. keep: attention_mask, empty for all 1.
[[nodiscard]] inline status check_source(std::span<const int> ids, std::span<const int> keep, int room_for,
                                         const token_limits& limits) {
    if (status ok = check_tokens(ids, {}, limits); !ok) return ok;
    if (room_for != int(ids.size())) return error(limits.who, ": ", ids.size(), " tokens, but room for ", room_for);
    if (!keep.empty() && keep.size() != ids.size())
        return error(limits.who, ": a mask of ", keep.size(), " for ", ids.size(), " tokens");
    return {};
}

// What begin() checks.
[[nodiscard]] inline status check_begin(int source, int capacity, const token_limits& limits) {
    if (source > capacity)
        return error(limits.who, ": a source of ", source, " tokens, the state has room for ", capacity);
    return {};
}

// What decode() checks.
template <class State>
[[nodiscard]] status check_words(std::span<const int> ids, std::span<const int> keep, const State& past, int logits,
                                 const token_limits& limits) {
    const int n = int(ids.size()), before = past.length();
    if (status ok = check_tokens(ids, {}, limits, before); !ok) return ok;
    if (past.source() == 0) return error(limits.who, ": decode needs a source; call begin() first");
    if (before + n > past.capacity())
        return error(limits.who, ": ", before + n, " words, the state has room for ", past.capacity());
    if (!keep.empty() && int(keep.size()) != past.source())
        return error(limits.who, ": a mask of ", keep.size(), " for a source of ", past.source());
    if (logits != n) return error(limits.who, ": ", n, " words, but room for the logits of ", logits);
    return {};
}

} // namespace constformer
