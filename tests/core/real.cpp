#include "constformer/core/real.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(core_real)

static_assert(real::exp(0) == 1 && real::log(1) == 0 && real::turn(0).cosine == 1);

BOOST_AUTO_TEST_CASE(equals_the_c_library) {
    for (double x = -700; x < 700; x += 0.37) BOOST_TEST(std::abs(real::exp(x) / std::exp(x) - 1) < 1e-15 * 4);
    BOOST_TEST(real::exp(-1000) == 0);
    BOOST_TEST(std::isinf(real::exp(1000)));
    for (double x = 1e-300; x < 1e300; x *= 1.37)
        BOOST_TEST(std::abs(real::log(x) - std::log(x)) <= 1e-15 * std::max(1.0, std::abs(std::log(x))));
    for (double x = -1e6; x < 1e6; x += 61.803) {
        const auto found = real::turn(x);
        BOOST_TEST(std::abs(found.sine - std::sin(x)) < 1e-15);
        BOOST_TEST(std::abs(found.cosine - std::cos(x)) < 1e-15);
    }
    for (double x = -4; x < 4; x += 0.01) {
        BOOST_TEST(std::abs(real::turn(x).sine - std::sin(x)) < 1e-15);
        BOOST_TEST(std::abs(real::turn(x).cosine - std::cos(x)) < 1e-15);
    }
    BOOST_TEST(std::abs(real::power(10000, 0.25) - 10) < 1e-13);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
