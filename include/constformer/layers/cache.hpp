// cache: what a decoder remembers between calls, placed by the caller, and what it checks before it goes on from there.
#pragma once

#include "constformer/layers/attention.hpp"
#include "constformer/layers/tokens.hpp"

#include <array>
#include <cstring>

namespace constformer {

// Keys and values of every layer, for up to capacity() tokens. A view of memory of bytes(capacity) bytes, 64-byte
// aligned. What lies in it depends on the tokens before alone, so that a beginning that two texts share is kept:
// rewind(shared) forgets what lies behind it. Transformers: DynamicCache.
template <int Width, int Layers, class T = float> struct cache {
    std::array<key_values<Width, T>, std::size_t(Layers)> layers;

    static constexpr std::size_t bytes(int capacity) {
        return std::size_t(Layers) * key_values<Width, T>::bytes(capacity);
    }
    // Takes the memory for `capacity` tokens from a workspace.
    static cache in(auto m, int capacity) {
        cache all;
        for (auto& one : all.layers) one = key_values<Width, T>::in(m, capacity);
        return all;
    }
    [[nodiscard]] int length() const { return layers[0].length; }
    [[nodiscard]] int capacity() const { return layers[0].capacity(); }
    // Forgets all but the first `length` tokens.
    void rewind(int length) {
        for (auto& one : layers) one.length = length < one.length ? length : one.length;
    }
    // Becomes what `from` is, of which it knows the first `same` tokens already: how a beam forks.
    void copy(const cache& from, int same = 0) {
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const key_values<Width, T>& source = from.layers[l];
            key_values<Width, T>& to = layers[l];
            const auto size = sizeof(T) * Width * std::size_t(source.length - same);
            if (source.length > same) {
                std::memcpy(to.keys[same], source.keys[same], size);
                std::memcpy(to.values[same], source.values[same], size);
            }
            to.length = source.length;
        }
    }
};

inline namespace CONSTFORMER_ISA {

// What a decoder checks before any kernel runs: the tokens, room for them behind what `past` holds, room for results of
// some of them, and the workspace. Errors: one sentence each, that begins with limits.who.
template <int Width, int Layers, class T>
[[nodiscard]] status check_next(std::span<const int> ids, const cache<Width, Layers, T>& past, int results,
                                const token_limits& limits, const workspace auto& m, std::size_t scratch) {
    const int n = int(ids.size()), before = past.length();
    if (status ok = check_tokens(ids, {}, limits, before); !ok) return ok;
    if (n > past.capacity() - before)
        return error(limits.who, ": ", before + n, " tokens, the state has room for ", past.capacity());
    if (results > n) return error(limits.who, ": ", n, " tokens, but room for the results of ", results);
    return enough(m, scratch, limits.who);
}

} // namespace CONSTFORMER_ISA
} // namespace constformer
