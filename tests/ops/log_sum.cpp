#include "constformer/ops/log_sum.hpp"

#include "tests/support/laws.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(ops_log_sum)

BOOST_AUTO_TEST_CASE(equals_the_naive_sum_at_every_size) {
    for (const float shift : {0.0f, 300.0f, -300.0f})
        for (int n = 1; n < 70; ++n) {
            laws::noise draw{std::uint64_t(n)};
            std::vector<float> x(std::size_t(n), 0.0f);
            double sum = 0;
            for (float& v : x) v = 5 * draw() + shift, sum += std::exp(double(v) - double(shift));
            const double wanted = std::log(sum) + double(shift);
            BOOST_TEST(std::abs(double(ops::log_sum(x.data(), n)) - wanted) < 1e-6 * std::max(1.0, std::abs(wanted)));
        }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
