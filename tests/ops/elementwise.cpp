#include <boost/test/unit_test.hpp>

#include "constformer/ops/elementwise.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

template <int Width> void products_and_factors_are_exact() {
    laws::sheet x(5, Width, laws::noise(30), 2), y(5, Width, laws::noise(31), 3);
    laws::sheet expected = y;
    for (int r = 0; r < 5; ++r)
        for (int c = 0; c < Width; ++c) expected.at(r, c) *= x.at(r, c);
    ops::multiply_by(const_rows<Width>(x.view<Width>()), y.view<Width>());
    BOOST_TEST(laws::same(y, expected));
    for (int r = 0; r < 5; ++r)
        for (int c = 0; c < Width; ++c) expected.at(r, c) *= 0.3f;
    ops::scale(y.view<Width>(), 0.3f);
    BOOST_TEST(laws::same(y, expected));
    BOOST_TEST(x.guarded());
}

} // namespace

BOOST_AUTO_TEST_SUITE(ops_elementwise)

BOOST_AUTO_TEST_CASE(products_and_factors_touch_their_columns_only) {
    products_and_factors_are_exact<1>();
    products_and_factors_are_exact<15>();
    products_and_factors_are_exact<16>();
    products_and_factors_are_exact<36>();
}

BOOST_AUTO_TEST_SUITE_END()
