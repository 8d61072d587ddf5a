// stored_blocks: blocks of GGUF's quantized types as a matrix keeps them (core/blocks.hpp): the same integers and
// scales, so that what was quantized once is not rounded a second time.
#pragma once

#include "constformer/core/blocks.hpp"
#include "constformer/core/tensor.hpp"
#include "constformer/files/stored_tensor.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace constformer {

// Whether a matrix of this element keeps a stored type's blocks as they are. Other types become floats, and those are
// rounded to the element.
constexpr bool keeps_blocks(element e, dtype type) {
    if (e == q8) return type == dtype::q8_0 || type == dtype::q4_0 || type == dtype::q5_0;
    return e == q4 && (type == dtype::q4_0 || type == dtype::q4_1);
}

// Block number `index` of a tensor for a matrix of element e, where keeps_blocks says so. Nothing where its least would
// be beyond the halves: Q4_0's is -8 times its scale.
inline std::optional<quantized_block> kept_block(const stored_tensor& tensor, std::size_t index, element e) {
    const std::byte* const from = tensor.bytes.data() + index * static_cast<std::size_t>(facts(tensor.type).bits) / 8;
    const bool with_least = tensor.type == dtype::q4_1;
    const std::byte* const fifth = tensor.type == dtype::q5_0 ? from + 2 : nullptr;
    const std::byte* const four = from + (with_least || fifth ? 2 : 0) + (fifth ? 4 : 2);
    quantized_block b;
    b.scale = detail::load<std::uint16_t>(from);
    if (tensor.type == dtype::q8_0) {
        for (int i = 0; i < block_size; ++i) b.q[i] = std::to_integer<std::int8_t>(from[2 + i]);
        return b;
    }
    const int zero = e == q4 ? 0 : fifth ? 16 : 8; // q8 has no least: its numbers are moved
    for (int i = 0; i < 16; ++i) {
        int low = detail::low(four[i]), high = detail::high(four[i]);
        if (fifth) low |= detail::bit(fifth[i / 8], i % 8) << 4, high |= detail::bit(fifth[2 + i / 8], i % 8) << 4;
        b.q[i] = static_cast<std::int8_t>(low - zero), b.q[16 + i] = static_cast<std::int8_t>(high - zero);
    }
    if (with_least) b.least = detail::load<std::uint16_t>(from + 2);
    if (e == q4 && !with_least) b.least = to_float16(-8 * from_float16(b.scale));
    if (!std::isfinite(from_float16(b.least))) return {};
    return b;
}

} // namespace constformer
