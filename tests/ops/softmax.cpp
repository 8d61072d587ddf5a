#include <boost/test/unit_test.hpp>

#include "constformer/ops/rules.hpp"
#include "constformer/ops/softmax.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {
constexpr int counts[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 129};
}

BOOST_AUTO_TEST_SUITE(ops_softmax)

BOOST_AUTO_TEST_CASE(reductions_see_every_lane) {
    float x[lanes];
    for (int at = 0; at < lanes; ++at) {
        for (int i = 0; i < lanes; ++i) x[i] = i == at ? 3.0f : -2.0f;
        BOOST_TEST(ops::reduce_max(load(x)) == 3.0f);
        BOOST_TEST(fold(load(x)) == 3.0f - 2.0f * (lanes - 1));
    }
}

// A probability is e^(x - max), 2e-7 and the rounding of the difference (|x - max| <= 80, so 80 · 2^-24), times a
// reciprocal of a sum of up to 129 such: 1e-5 relative is twice that.
BOOST_AUTO_TEST_CASE(rows_are_probabilities) {
    for (int count : counts)
        for (float size : {0.0f, 1.0f, 40.0f})
            for (float offset : {0.0f, 1000.0f, -1000.0f}) {
                laws::sheet x(1, count, laws::noise(6));
                for (int i = 0; i < count; ++i) x.at(0, i) = x.at(0, i) * size + offset;
                reference::sheet expected = x.exact();
                reference::softmax(expected.row(0));
                ops::softmax(x.data(), count);
                double sum = 0, most = 0;
                for (int i = 0; i < count; ++i) {
                    sum += x.at(0, i);
                    most = std::max(most, std::abs(x.at(0, i) - expected(0, i)) / (expected(0, i) + 1e-30));
                }
                BOOST_TEST(most <= 1e-5);
                BOOST_TEST(std::abs(sum - 1) <= 1e-6);
                BOOST_TEST(x.guarded());
            }
}

BOOST_AUTO_TEST_CASE(hidden_keys_get_exactly_nothing) {
    for (int count : counts)
        for (int seen = 0; seen < count; ++seen) {
            laws::sheet x(1, count, laws::noise(7));
            for (int i = 0; i < count; ++i)
                if (i != seen) x.at(0, i) = ops::never;
            ops::softmax(x.data(), count);
            bool right = true;
            for (int i = 0; i < count; ++i) right = right && x.at(0, i) == (i == seen ? 1.0f : 0.0f);
            BOOST_TEST(right);
        }
}

BOOST_AUTO_TEST_CASE(a_row_of_never_becomes_uniform_and_not_nan) {
    for (int count : counts) {
        laws::sheet x(1, count);
        for (int i = 0; i < count; ++i) x.at(0, i) = ops::never;
        ops::softmax(x.data(), count);
        reference::sheet expected(1, count);
        for (double& v : expected.values) v = 1.0 / count;
        BOOST_TEST(laws::farthest(x, expected) <= 2 * laws::rounding);
    }
}

BOOST_AUTO_TEST_SUITE_END()
