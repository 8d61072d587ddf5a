// decoder_memory: what the decoder of a pair remembers, layer by layer: its words so far, and the source, read once.
// Several rows of a beam share the source; each has words of its own, which another row's can replace.
#pragma once

#include "constformer/layers/attention.hpp"

namespace constformer {

// Of one layer: keys and values of `Words` numbers a word and of `Source` a token of the source.
template <int Words, int Source> struct decoder_memory {
    key_values<Words> self;
    key_values<Source> cross;

    static constexpr std::size_t bytes(int target, int source) {
        return together(key_values<Words>::bytes(target), key_values<Source>::bytes(source));
    }
    static decoder_memory in(auto& m, int target, int source) {
        auto words = key_values<Words>::in(m, target);
        return {words, key_values<Source>::in(m, source)};
    }
    // Another row of a beam: words of its own in row_bytes(target) bytes, the source of `first`.
    static constexpr std::size_t row_bytes(int target) { return key_values<Words>::bytes(target); }
    static decoder_memory row(auto& m, int target, const decoder_memory& first) {
        return {key_values<Words>::in(m, target), first.cross};
    }
};

// The state of a stack of such layers, placed by the caller in bytes(target, source) bytes: room for `target` words and
// `source` tokens. Copying the struct copies a view; copy_words() copies what it shows.
template <class Layer, int Layers> struct decoder_state {
    std::array<Layer, std::size_t(Layers)> layers;

    static constexpr std::size_t bytes(int target, int source) { return Layers * Layer::bytes(target, source); }
    static decoder_state in(auto m, int target, int source) {
        decoder_state s;
        for (auto& layer : s.layers) layer = Layer::in(m, target, source);
        return s;
    }
    // Another row of a beam whose first row has read the source: no words yet.
    static constexpr std::size_t row_bytes(int target) { return Layers * Layer::row_bytes(target); }
    static decoder_state row(auto m, int target, const decoder_state& first) {
        decoder_state s;
        for (std::size_t l = 0; l < s.layers.size(); ++l) s.layers[l] = Layer::row(m, target, first.layers[l]);
        return s;
    }

    // Words so far, room for them, tokens of the source, room for those.
    [[nodiscard]] int length() const { return layers[0].self.length; }
    [[nodiscard]] int capacity() const { return layers[0].self.capacity(); }
    [[nodiscard]] int source() const { return layers[0].cross.length; }
    [[nodiscard]] int source_capacity() const { return layers[0].cross.capacity(); }

    // Forgets all but the first `length` words.
    void rewind(int length) {
        for (auto& layer : layers) layer.self.length = length;
    }
    // The words of another row take the place of this one's, which must have room for them.
    void copy_words(const decoder_state& from) {
        for (std::size_t l = 0; l < layers.size(); ++l) {
            auto& to = layers[l].self;
            const auto& other = from.layers[l].self;
            to.length = other.length;
            for (int i = 0; i < other.length; ++i) {
                std::copy_n(other.keys[i], other.keys.width, to.keys[i]);
                std::copy_n(other.values[i], other.values.width, to.values[i]);
            }
        }
    }
};

} // namespace constformer
