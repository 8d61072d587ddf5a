#include <boost/test/unit_test.hpp>

#include "constformer/ops/reduce.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(ops_reduce)

BOOST_AUTO_TEST_CASE(inner_products_agree_at_every_width) {
    for (int width : laws::some_widths) {
        const laws::sheet a(1, width, laws::noise(53)), b(1, width, laws::noise(54));
        double expected = 0;
        for (int i = 0; i < width; ++i) expected += double(a.at(0, i)) * b.at(0, i);
        BOOST_TEST(std::abs(ops::dot(a.data(), b.data(), width) - expected) <= laws::rounding * width * width);
    }
}

BOOST_AUTO_TEST_CASE(a_register_is_reduced_to_its_sum_and_its_maximum) {
    float numbers[lanes];
    for (int i = 0; i < lanes; ++i) numbers[i] = float(i * 7 % lanes) - 3;
    float sum = 0, most = numbers[0];
    for (float v : numbers) sum += v, most = std::max(most, v);
    BOOST_TEST(fold(load(numbers)) == sum);
    BOOST_TEST(ops::reduce_max(load(numbers)) == most);
}

BOOST_AUTO_TEST_CASE(a_total_counts_no_lane_behind_the_end) {
    for (int count : laws::some_widths) {
        const laws::sheet x(1, count, laws::noise(31));
        double expected = 0;
        for (int i = 0; i < count; ++i) expected += x.at(0, i) + 1.0;
        const float got = ops::detail::total(x.data(), count, [](vec v) { return v + splat(1.0f); });
        BOOST_TEST(std::abs(got - expected) <= laws::rounding * count * count * 2);
    }
}

BOOST_AUTO_TEST_SUITE_END()
