// float16: IEEE 754's half: 11 bits of precision up to 65504, subnormal below 2^-14. What GGUF's blocks keep their
// scales in, and ours.
#pragma once

#include <bit>
#include <cstdint>

namespace constformer {

// The nearest half, ties to even; beyond the largest an infinity; a NaN stays one. PyTorch: x.to(torch.float16).
constexpr std::uint16_t to_float16(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    if (size > 0x7f800000) return std::uint16_t(sign | 0x7e00);
    if (size >= 0x477ff000) return std::uint16_t(sign | 0x7c00); // what would round to 65536
    if (size < 0x38800000)                                       // subnormal: the sum's last bit is 2^-24
        return std::uint16_t(sign | (std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) + 0.5f) -
                                     std::bit_cast<std::uint32_t>(0.5f)));
    return std::uint16_t(sign | (size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13);
}
constexpr float from_float16(std::uint16_t half) {
    const std::uint32_t sign = std::uint32_t{half} >> 15 << 31, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    if (exponent == 0) { // zero and the subnormals: fraction * 2^-24, exact
        const float value = static_cast<float>(fraction) * 0x1p-24f;
        return sign ? -value : value;
    }
    const std::uint32_t wide = exponent == 31 ? 0xff : exponent + 112; // infinity and NaN stay what they are
    return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

} // namespace constformer
