#include <boost/test/unit_test.hpp>

#include "constformer/files/gguf.hpp"
#include "constformer/files/safetensors.hpp"
#include "support.hpp"

#include <cmath>
#include <limits>
#include <random>

using namespace constformer;
using namespace files_test;

namespace {
// A block as a row of bits, the lowest of each byte first; a second telling of the formats, one number at a time.
class block_of_bits {
  public:
    explicit block_of_bits(std::span<const std::byte> bytes) : bytes_(bytes) {}
    [[nodiscard]] int bits(int at, int count) const {
        int found = 0;
        for (int i = 0; i < count; ++i) {
            const auto byte = bytes_[static_cast<std::size_t>(at + i) / 8];
            found |= (std::to_integer<int>(byte) >> (at + i) % 8 & 1) << i;
        }
        return found;
    }
    [[nodiscard]] int whole(int byte) const { return bits(byte * 8, 8) - (bits(byte * 8 + 7, 1) << 8); }
    [[nodiscard]] double half(int byte) const {
        const int fraction = bits(byte * 8, 10), exponent = bits(byte * 8 + 10, 5);
        const double size = exponent == 31  ? fraction ? std::numeric_limits<double>::quiet_NaN()
                                                       : std::numeric_limits<double>::infinity()
                             : exponent == 0 ? std::ldexp(fraction, -24)
                                            : std::ldexp(1024 + fraction, exponent - 25);
        return bits(byte * 8 + 15, 1) ? -size : size;
    }
    // In 32 numbers of which two, 16 apart, share a byte from `byte` on.
    [[nodiscard]] int pair(int byte, int i) const { return bits(8 * (byte + i % 16) + i / 16 * 4, 4); }

    [[nodiscard]] double value(dtype type, int i) const {
        switch (type) {
        case dtype::q8_0:
            return half(0) * whole(2 + i);
        case dtype::q4_0:
            return half(0) * (pair(2, i) - 8);
        case dtype::q4_1:
            return half(0) * pair(4, i) + half(2);
        case dtype::q5_0:
            return half(0) * (pair(6, i) + 16 * bits(16 + i, 1) - 16);
        case dtype::q5_1:
            return half(0) * (pair(8, i) + 16 * bits(32 + i, 1)) + half(2);
        case dtype::q6_k: {
            const int in_half = i % 128, byte = i / 128 * 64 + in_half % 64;
            const int four = bits(8 * byte + in_half / 64 * 4, 4);
            const int two = bits(8 * (128 + i / 128 * 32 + i % 32) + in_half / 32 * 2, 2);
            return half(208) * whole(192 + i / 16) * (four + 16 * two - 32);
        }
        default: { // Q4_K, Q5_K
            const int part = i / 32, byte = i / 64 * 32 + i % 32;
            int scale = bits(32 + 8 * part, 6), least = bits(64 + 8 * part, 6);
            if (part >= 4) {
                scale = bits(64 + 8 * part, 4) + 16 * bits(32 + 8 * (part - 4) + 6, 2);
                least = bits(64 + 8 * part + 4, 4) + 16 * bits(64 + 8 * (part - 4) + 6, 2);
            }
            const bool five = type == dtype::q5_k;
            const int q = bits(8 * ((five ? 48 : 16) + byte) + part % 2 * 4, 4) +
                          (five ? 16 * bits(8 * (16 + i % 32) + part, 1) : 0);
            return half(0) * scale * q - half(2) * least;
        }
        }
    }

  private:
    std::span<const std::byte> bytes_;
};
bool same_bits(float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}
} // namespace

BOOST_AUTO_TEST_SUITE(files_stored_numbers)

// The `gguf` package's gguf.quants.dequantize, bit by bit.
BOOST_AUTO_TEST_CASE(every_type_is_what_the_package_makes_of_it) {
    const std::string folder = CONSTFORMER_TESTS "/golden/gguf/";
    const auto file = gguf::open(folder + "blocks.gguf");
    const auto golden = safetensors::open(folder + "blocks.safetensors");
    BOOST_REQUIRE(file);
    BOOST_REQUIRE(golden);
    BOOST_TEST(file->size() == golden->size());
    BOOST_TEST(file->size() == 12u);
    for (const auto& tensor : *file) {
        const auto* expected = golden->find(tensor.name);
        BOOST_REQUIRE(expected);
        BOOST_TEST((expected->shape == tensor.shape));
        std::vector<float> ours(tensor.elements()), theirs(expected->elements());
        same(sentence(to_float(tensor, ours)), "");
        same(sentence(to_float(*expected, theirs)), "");
        BOOST_REQUIRE(ours.size() == theirs.size());
        for (std::size_t i = 0; i < ours.size(); ++i)
            BOOST_REQUIRE_MESSAGE(same_bits(ours[i], theirs[i]),
                                  tensor.name << " at " << i << ": " << ours[i] << ", not " << theirs[i]);
    }
}

BOOST_AUTO_TEST_CASE(random_bits) {
    std::mt19937 random(11);
    for (std::size_t t = 0; t < dtypes.size(); ++t) {
        const auto type = static_cast<dtype>(t);
        if (!is_quantized(type)) continue;
        const auto size = static_cast<std::size_t>(facts(type).block),
                   bytes = static_cast<std::size_t>(facts(type).bits) / 8;
        for (int round = 0; round < 100; ++round) {
            std::vector<std::byte> block(bytes);
            for (auto& byte : block) byte = static_cast<std::byte>(random());
            const stored_tensor tensor{"x", type, {static_cast<std::int64_t>(size)}, block};
            std::vector<float> ours(size);
            same(sentence(to_float(tensor, ours)), "");
            for (std::size_t i = 0; i < size; ++i) {
                const auto expected = static_cast<float>(block_of_bits(block).value(type, static_cast<int>(i)));
                BOOST_REQUIRE_MESSAGE(same_bits(ours[i], expected),
                                      facts(type).name << " at " << i << ": " << ours[i] << ", not " << expected);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(ranges_need_not_begin_with_a_block) {
    std::mt19937 random(12);
    for (const auto type : {dtype::q8_0, dtype::q6_k}) {
        const auto size = static_cast<std::size_t>(facts(type).block);
        std::vector<std::byte> bytes(3 * static_cast<std::size_t>(facts(type).bits) / 8, std::byte{0x11});
        for (auto& byte : bytes) byte = static_cast<std::byte>(random() & 0x3f);
        const stored_tensor tensor{"x", type, {3, static_cast<std::int64_t>(size)}, bytes};
        BOOST_TEST(tensor.elements() == 3 * size);
        std::vector<float> all(3 * size);
        same(sentence(to_float(tensor, all)), "");
        for (std::size_t first = 0; first <= all.size(); first += 5)
            for (std::size_t count = 0; count <= all.size() - first; count += 7) {
                std::vector<float> some(count);
                BOOST_REQUIRE(to_float(tensor, some, first).has_value());
                BOOST_REQUIRE(std::equal(some.begin(), some.end(), all.begin() + static_cast<std::ptrdiff_t>(first)));
            }
        std::vector<float> two(2);
        same(sentence(to_float(tensor, two, 3 * size - 1)),
             "x holds " + std::to_string(3 * size) + " values, not " + std::to_string(3 * size - 1) + " + 2");
    }
}

BOOST_AUTO_TEST_SUITE_END()
