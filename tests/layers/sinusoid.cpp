#include "constformer/layers/sinusoid.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(layers_sinusoid)

// Far from where it began a wave is still what its formula says; an odd width has one sine more.
BOOST_AUTO_TEST_CASE(equals_the_formula) {
    constexpr int width = 13, n = 3000;
    std::vector<float> y(n * width), z(n * width, 2.0f);
    sinusoid(rows<width>{y.data(), n}, 1000, -1);
    add_sinusoid(rows<width>{z.data(), n}, 7);
    double most = 0;
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < width; ++j) {
            const auto value = [&](int position) {
                const double angle = position * std::pow(10000.0, -2.0 * (j < 7 ? j : j - 7) / width);
                return j < 7 ? std::sin(angle) : std::cos(angle);
            };
            most = std::max({most, std::abs(double(y[std::size_t(i * width + j)]) - value(1000 - i)),
                             std::abs(double(z[std::size_t(i * width + j)]) - 2 - value(7 + i))});
        }
    BOOST_TEST(most < 2e-7);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
