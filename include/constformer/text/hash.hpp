// hash: of a few bytes, for the tables of tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace constformer {

// Up to 16 bytes are two loads and two multiplications, so that each prefix of a word is cheap to try. Another `kind`
// gives the same bytes another hash.
[[nodiscard]] inline std::uint64_t hash_bytes(const char* p, std::size_t size, std::size_t kind) noexcept {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u;
    std::uint64_t h = (size + kind * 0x1000) * odd;
    const auto mix = [&](std::uint64_t word) {
        h = (h ^ word) * odd;
        h ^= h >> 29;
    };
    const auto load = [](const char* from, auto word) -> std::uint64_t {
        std::memcpy(&word, from, sizeof word);
        return word;
    };
    constexpr std::uint64_t eight = 0;
    constexpr std::uint32_t four = 0;
    constexpr std::uint8_t one = 0;
    if (size >= 8) {
        for (std::size_t i = 0; i + 8 < size; i += 8) mix(load(p + i, eight));
        mix(load(p + size - 8, eight));
    } else if (size >= 4) {
        mix(load(p, four) | load(p + size - 4, four) << 32);
    } else if (size != 0) {
        mix(load(p, one) | load(p + size / 2, one) << 8 | load(p + size - 1, one) << 16);
    }
    h *= odd;
    return h ^ h >> 32;
}

} // namespace constformer
