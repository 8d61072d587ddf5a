// rotary: where tokens stand, as a rotation of their queries and keys. It has no parameters.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/ops/rotate.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// PyTorch: LlamaRotaryEmbedding. Su et al. 2021.
template <rotary_shape s> struct rotary {
    static constexpr std::size_t scratch(int n) { return room(std::size_t(n), s.width); }
    // The rotation of n tokens behind `past` others; its table is taken from m, once for all layers.
    static ops::turned_by<s.width> at(int past, int n, auto& m) {
        static constexpr auto frequencies = rotary_frequencies<s>();
        rows<s.width> table = m.take(n);
        ops::turns_of(frequencies, past, n, table.data);
        return {table};
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
