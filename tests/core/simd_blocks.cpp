#include <boost/test/unit_test.hpp>

#include "constformer/core/float16.hpp"
#include "constformer/core/simd_blocks.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {
// A block of 8 lines, added and compared with the integers; rounds 0 to 3 hold the extremes.
template <class Products> void sums_are_exact(int least, int below) {
    laws::noise random(5);
    for (int round = 0; round < 200; ++round) {
        std::int8_t x[8][4], w[8][4 * lanes];
        int expected[lanes] = {}, sum = 0;
        for (auto& line : x)
            for (auto& v : line) {
                v = std::int8_t(round < 2 ? 127 : round < 4 ? -127 : random.below(255) - 127);
                sum += v;
            }
        for (auto& line : w)
            for (auto& v : line) {
                v = std::int8_t(round < 4 ? (round % 2 == 0 ? least : below - 1) : random.below(below - least) + least);
            }
        for (int k = 0; k < 8; ++k)
            for (int i = 0; i < 4 * lanes; ++i) expected[i / 4] += int(x[k][i % 4]) * w[k][i];
        auto sums = [&] {
            if constexpr (Products::starts)
                return Products::start(-128 * sum);
            else
                return Products::start();
        }();
        for (int k = 0; k < 8; ++k)
            Products::add(sums, splat_bytes(reinterpret_cast<const std::uint8_t*>(x[k])),
                          Products::loaded(load_bytes(w[k])));
        std::int32_t got[lanes];
        Products::total(sums).store_unaligned(got);
        for (int i = 0; i < lanes; ++i) BOOST_TEST(got[i] == expected[i], "round " << round << ", output " << i);
    }
}
} // namespace

BOOST_AUTO_TEST_SUITE(core_simd_blocks)

BOOST_AUTO_TEST_CASE(sums_of_products_of_bytes_are_exact) { sums_are_exact<byte_products>(-128, 128); }
BOOST_AUTO_TEST_CASE(sums_of_products_with_nibbles_are_exact) { sums_are_exact<nibble_products>(0, 16); }

BOOST_AUTO_TEST_CASE(every_finite_half_is_loaded) {
    std::uint16_t halves[lanes];
    float got[lanes];
    for (unsigned first = 0; first < 0x10000; first += unsigned(lanes)) {
        if ((first & 0x7fff) >= 0x7c00) continue;
        for (int i = 0; i < lanes; ++i) halves[i] = std::uint16_t(first + unsigned(i));
        store(got, load_halves(halves));
        for (int i = 0; i < lanes; ++i)
            if (std::bit_cast<std::uint32_t>(got[i]) != std::bit_cast<std::uint32_t>(from_float16(halves[i])))
                BOOST_ERROR("half " << halves[i] << " is " << got[i]);
    }
}

BOOST_AUTO_TEST_CASE(bytes_come_apart_and_are_stored) {
    laws::noise random(6);
    std::uint8_t bytes[4 * lanes], got[4 * lanes];
    for (auto& v : bytes) v = std::uint8_t(random.below(256));
    const ivec all = load_bytes(reinterpret_cast<const std::int8_t*>(bytes));
    low_halves(all).store_unaligned(reinterpret_cast<std::int32_t*>(got));
    for (int i = 0; i < 4 * lanes; ++i) BOOST_TEST(int(got[i]) == (bytes[i] & 15));
    high_halves(all).store_unaligned(reinterpret_cast<std::int32_t*>(got));
    for (int i = 0; i < 4 * lanes; ++i) BOOST_TEST(int(got[i]) == bytes[i] >> 4);

    std::int32_t numbers[16];
    ivec v[16 / lanes];
    for (int i = 0; i < 16; ++i) numbers[i] = i * 17 - 128;
    for (int i = 0; i < 16 / lanes; ++i) v[i] = ivec::load_unaligned(numbers + i * lanes);
    std::int8_t stored[17];
    stored[16] = 77;
    store_signed_bytes(stored, v);
    for (int i = 0; i < 16; ++i) BOOST_TEST(int(stored[i]) == numbers[i]);
    BOOST_TEST(int(stored[16]) == 77);
}

BOOST_AUTO_TEST_SUITE_END()
