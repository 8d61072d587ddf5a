#include <boost/test/unit_test.hpp>

#include "constformer/core/float16.hpp"
#include "tests/support/laws.hpp"

#include <limits>

using namespace constformer;

BOOST_AUTO_TEST_SUITE(core_float16)

BOOST_AUTO_TEST_CASE(every_half_comes_back) {
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const auto half = std::uint16_t(bits);
        const float value = from_float16(half);
        if ((bits & 0x7fff) > 0x7c00)
            BOOST_TEST((std::isnan(value) && std::isnan(from_float16(to_float16(value)))));
        else
            BOOST_TEST(to_float16(value) == half);
    }
}

// Between two halves lies a number that is as near to both: it goes to the even one, and what is nearer to one to that.
BOOST_AUTO_TEST_CASE(numbers_go_to_the_nearest_and_ties_to_the_even_one) {
    for (unsigned bits = 0; bits < 0x7bff; ++bits) {
        const float low = from_float16(std::uint16_t(bits)), high = from_float16(std::uint16_t(bits + 1));
        const float middle = low + (high - low) / 2;
        BOOST_TEST(to_float16(middle) == (bits % 2 == 0 ? bits : bits + 1));
        BOOST_TEST(to_float16(std::nextafter(middle, 0.0f)) == bits);
        BOOST_TEST(to_float16(-std::nextafter(middle, 1e9f)) == (0x8000 | (bits + 1)));
    }
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_an_infinity) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    BOOST_TEST(to_float16(65519.99f) == 0x7bff);
    BOOST_TEST(to_float16(65520.0f) == 0x7c00);
    BOOST_TEST(to_float16(-3e38f) == 0xfc00);
    BOOST_TEST(to_float16(infinity) == 0x7c00);
    BOOST_TEST(to_float16(1e-40f) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
