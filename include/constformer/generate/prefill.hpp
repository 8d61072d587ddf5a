// prefill: a prompt into a decoder's cache, in blocks, so that memory does not grow with its length.
#pragma once

#include "constformer/models/causal.hpp"

#include <algorithm>

namespace constformer::inline CONSTFORMER_ISA {

// How many of the first tokens of `ids` a cache that holds `known` can keep; at least one is left to be read, for what
// comes behind it to be known.
[[nodiscard]] inline int shared_beginning(std::span<const int> known, std::span<const int> ids) {
    std::size_t n = 0;
    while (n < known.size() && n + 1 < ids.size() && known[n] == ids[n]) ++n;
    return int(n);
}

// Scratch of prefill(): of blocks of `block` tokens, with up to `keys` in the cache.
template <class Model> constexpr std::size_t prefill_scratch(int block, int keys, int threads = 1) {
    return causal_scratch<Model>(block, keys, 1, threads);
}

// Reads `ids` behind what `past` holds; logits (1 row) of what comes behind the last of them. proceed() is asked before
// each block, and ends it by false: the cache then holds what was read. Errors: those of the model's forward; no ids;
// more than fit into the cache, before anything is read.
template <class Model>
[[nodiscard]] expected<bool> prefill(const Model& model, std::span<const int> ids, typename Model::state& past,
                                     rows<Model::outputs> logits, int block, workspace auto m, auto&& proceed) {
    const int n = int(ids.size()), before = past.length();
    if (n == 0) return error(Model::limits.who, ": no tokens; a prompt needs at least one");
    if (n > past.capacity() - before)
        return error(Model::limits.who, ": a prompt of ", before + n, " tokens, the context has room for ",
                     past.capacity());
    for (int at = 0; at < n; at += block) {
        if (!proceed()) return false;
        const int count = std::min(block, n - at);
        const bool last = at + count == n;
        if (status ok = model.forward(ids.subspan(std::size_t(at), std::size_t(count)), past,
                                      {logits.data, last ? 1 : 0, logits.stride}, m);
            !ok)
            return ok.error();
    }
    return true;
}

} // namespace constformer::inline CONSTFORMER_ISA
