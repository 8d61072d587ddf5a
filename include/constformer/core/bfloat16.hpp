// bfloat16: the upper half of a float. Half the bytes, the same range, 8 bits of precision.
#pragma once

#include <bit>
#include <cstdint>

namespace constformer {

// The nearest bfloat16, ties to even; a NaN stays one. PyTorch: x.to(torch.bfloat16).
constexpr std::uint16_t to_bfloat16(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    if ((bits & 0x7fffffff) > 0x7f800000) return std::uint16_t(bits >> 16 | 0x40);
    return std::uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
constexpr float from_bfloat16(std::uint16_t x) { return std::bit_cast<float>(std::uint32_t(x) << 16); }

} // namespace constformer
