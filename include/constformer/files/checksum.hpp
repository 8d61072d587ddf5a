// checksum: XXH64, a 64-bit checksum at the speed of memory, natively and in WebAssembly (it needs no 128-bit product).
// It finds damage, not malice.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace constformer {

// XXH64 of `bytes` with seed 0, as the xxhsum program prints it; the algorithm is Yann Collet's (xxHash specification).
inline std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
    constexpr std::uint64_t p1 = 0x9e3779b185ebca87, p2 = 0xc2b2ae3d27d4eb4f, p3 = 0x165667b19e3779f9,
                            p4 = 0x85ebca77c2b2ae63, p5 = 0x27d4eb2f165667c5;
    const auto load = [](const std::byte* from, auto word) {
        std::memcpy(&word, from, sizeof word);
        return std::uint64_t{word};
    };
    const auto round = [](std::uint64_t lane, std::uint64_t word) { return std::rotl(lane + word * p2, 31) * p1; };
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t hash = p5;
    if (left >= 32) {
        // Four lanes, as independent as the processor's multipliers want them.
        std::uint64_t a = p1 + p2, b = p2, c = 0, d = 0 - p1;
        for (; left >= 32; at += 32, left -= 32) {
            a = round(a, load(at, std::uint64_t{}));
            b = round(b, load(at + 8, std::uint64_t{}));
            c = round(c, load(at + 16, std::uint64_t{}));
            d = round(d, load(at + 24, std::uint64_t{}));
        }
        hash = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
        for (const std::uint64_t lane : {a, b, c, d}) hash = (hash ^ round(0, lane)) * p1 + p4;
    }
    hash += bytes.size();
    for (; left >= 8; at += 8, left -= 8) hash = std::rotl(hash ^ round(0, load(at, std::uint64_t{})), 27) * p1 + p4;
    for (; left >= 4; at += 4, left -= 4) hash = std::rotl(hash ^ load(at, std::uint32_t{}) * p1, 23) * p2 + p3;
    for (; left >= 1; ++at, --left) hash = std::rotl(hash ^ load(at, std::uint8_t{}) * p5, 11) * p1;
    hash = (hash ^ hash >> 33) * p2;
    hash = (hash ^ hash >> 29) * p3;
    return hash ^ hash >> 32;
}

} // namespace constformer
