#include <boost/test/unit_test.hpp>

#include "constformer/core/bfloat16.hpp"

#include <cmath>
#include <limits>

using namespace constformer;

BOOST_AUTO_TEST_SUITE(core_bfloat16)

static_assert(to_bfloat16(1.0f) == 0x3f80 && from_bfloat16(0x3f80) == 1.0f);

BOOST_AUTO_TEST_CASE(every_bfloat16_comes_back) {
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const float x = from_bfloat16(std::uint16_t(bits));
        if (std::isnan(x))
            BOOST_TEST(std::isnan(from_bfloat16(to_bfloat16(x))));
        else
            BOOST_TEST(to_bfloat16(x) == bits);
    }
}

BOOST_AUTO_TEST_CASE(a_float_goes_to_the_nearest_and_ties_to_the_even_one) {
    BOOST_TEST(to_bfloat16(0x1.01p0f) == 0x3f80);     // half a step above 1: down to the even
    BOOST_TEST(to_bfloat16(0x1.03p0f) == 0x3f82);     // half a step above the next: up to the even
    BOOST_TEST(to_bfloat16(0x1.010002p0f) == 0x3f81); // a little more than half
    BOOST_TEST(to_bfloat16(-0x1.010002p0f) == 0xbf81);
    BOOST_TEST(to_bfloat16(0x1.00fffep0f) == 0x3f80);
    BOOST_TEST(to_bfloat16(std::numeric_limits<float>::max()) == 0x7f80); // to infinity, as PyTorch does
    BOOST_TEST(std::isnan(from_bfloat16(to_bfloat16(std::numeric_limits<float>::quiet_NaN()))));
}

BOOST_AUTO_TEST_SUITE_END()
