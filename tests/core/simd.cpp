#include <boost/test/unit_test.hpp>

#include "constformer/core/simd.hpp"
#include "tests/support/laws.hpp"

#include <string_view>

using namespace constformer;

BOOST_AUTO_TEST_SUITE(core_simd)

BOOST_AUTO_TEST_CASE(a_register_divides_a_panel_and_the_instruction_set_has_a_name) {
    BOOST_TEST(panel % lanes == 0);
    BOOST_TEST(std::string_view(isa_name) != "CONSTFORMER_ISA");
    BOOST_TEST(!std::string_view(isa_name).empty());
}

BOOST_AUTO_TEST_CASE(a_part_is_read_and_written_to_the_number_and_no_further) {
    for (int count = 1; count < lanes; ++count) {
        const laws::sheet x(1, count, laws::noise(1));
        laws::sheet whole(1, lanes);
        store(whole.data(), load_part(x.data(), count));
        for (int i = 0; i < lanes; ++i) BOOST_TEST(whole.at(0, i) == (i < count ? x.at(0, i) : 0.0f));

        laws::sheet y(1, count);
        store_part(y.data(), load(whole.data()), count);
        BOOST_TEST(laws::farthest(y, x.exact()) == 0);
        BOOST_TEST(y.guarded());
    }
}

BOOST_AUTO_TEST_CASE(map_reaches_every_number_and_no_further_also_in_place) {
    for (int count : laws::some_widths) {
        laws::sheet x(1, count, laws::noise(2)), y(1, count);
        reference::sheet expected = x.exact();
        for (double& v : expected.values) v = 2 * v;
        map(x.data(), y.data(), count, [](vec v) { return v + v; });
        BOOST_TEST(laws::farthest(y, expected) == 0);
        map(x.data(), x.data(), count, [](vec v) { return v + v; });
        BOOST_TEST(laws::farthest(x, expected) == 0);
        BOOST_TEST((x.guarded() && y.guarded()));
    }
    laws::sheet none(0, 8);
    map(none.data(), none.data(), 0, [](vec v) { return v; });
    BOOST_TEST(none.guarded());
}

BOOST_AUTO_TEST_CASE(multiply_add_is_off_by_two_roundings_at_most) {
    laws::noise random(3);
    for (int round = 0; round < 100; ++round) {
        float a[lanes], b[lanes], c[lanes], y[lanes];
        for (int i = 0; i < lanes; ++i) a[i] = random(), b[i] = random(), c[i] = random();
        store(y, fma(load(a), load(b), load(c)));
        for (int i = 0; i < lanes; ++i) {
            const double product = double(a[i]) * b[i]; // rounded on its own where there is no fused form
            BOOST_TEST(std::abs(product + c[i] - y[i]) <=
                       laws::rounding * (std::abs(product) + std::abs(product + c[i])) * 1.001);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_square_is_turned_over_its_diagonal) {
    float numbers[lanes * lanes];
    for (int i = 0; i < lanes * lanes; ++i) numbers[i] = float(i);
    vec square[lanes];
    for (int r = 0; r < lanes; ++r) square[r] = load(numbers + r * lanes);
    transpose(square);
    for (int r = 0; r < lanes; ++r) {
        float row[lanes];
        store(row, square[r]);
        for (int c = 0; c < lanes; ++c) BOOST_TEST(row[c] == float(c * lanes + r));
    }
}

BOOST_AUTO_TEST_SUITE_END()
