#include <boost/test/unit_test.hpp>

#include "constformer/ops/prepare.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(ops_prepare)

BOOST_AUTO_TEST_CASE(floats_stay_where_they_are_and_cost_nothing) {
    laws::sheet x(3, 20, laws::noise(97), 2);
    basic_workspace<> m{};
    const auto same = ops::prepare<f32>(x.view<20>(), m);
    BOOST_TEST(same.data == x.data());
    BOOST_TEST(same.stride == x.stride);
    BOOST_TEST(ops::prepare_room<f32>(100, 20, 4) == 0u);
}

template <element E> void takes_its_room_once() {
    laws::sheet x(9, 33, laws::noise(98), 2);
    const laws::aligned_memory memory(ops::prepare_room<E>(9, 33));
    auto m = basic_workspace<>::over(memory);
    const auto once = ops::prepare<E>(x.view<33>(), m);
    BOOST_TEST(m.left() == 0u);
    const auto twice = ops::prepare<E>(once, m); // what is prepared stays as it is
    BOOST_TEST(m.left() == 0u);
    BOOST_TEST(static_cast<const void*>(twice.data) == static_cast<const void*>(once.data));
    BOOST_TEST(once.count == 9);
    BOOST_TEST(x.guarded());
}
BOOST_AUTO_TEST_CASE(rounded_rows_take_their_room_once) {
    takes_its_room_once<bf16>();
    takes_its_room_once<i8>();
    takes_its_room_once<q8>();
    takes_its_room_once<q4>();
}

#if defined(CONSTFORMER_DOT_BF16)
BOOST_AUTO_TEST_CASE(rows_of_bfloat16_are_rounded_and_end_in_a_zero) {
    laws::sheet x(3, 33, laws::noise(99), 2);
    const laws::aligned_memory memory(ops::prepare_room<bf16>(3, 33));
    auto m = basic_workspace<>::over(memory);
    const auto y = ops::prepare<bf16>(x.view<33>(), m);
    BOOST_TEST(y.stride == 34);
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 33; ++c) BOOST_TEST(y.data[r * 34 + c] == to_bfloat16(x.at(r, c)));
        BOOST_TEST(y.data[r * 34 + 33] == 0);
    }
}
#endif

BOOST_AUTO_TEST_SUITE_END()
