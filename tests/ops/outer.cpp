#include <boost/test/unit_test.hpp>

#include "constformer/ops/outer.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(ops_outer)

BOOST_AUTO_TEST_CASE(rows_agree_at_every_count_and_a_factor_keeps_what_was) {
    constexpr int wide = 2 * lanes;
    for (int rows : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 17})
        for (int depth : {0, 1, 2, 7, 33})
            for (bool kept : {false, true}) {
                const laws::sheet a(rows, depth, laws::noise(90), 3), b(depth, wide, laws::noise(91)),
                    factor(1, wide, laws::noise(92));
                laws::sheet c(rows, wide, laws::noise(93));
                reference::sheet expected = c.exact();
                for (int r = 0; r < rows; ++r)
                    for (int i = 0; i < wide; ++i) {
                        expected(r, i) *= kept ? factor.at(0, i) : 0;
                        for (int k = 0; k < depth; ++k) expected(r, i) += double(a.at(r, k)) * b.at(k, i);
                    }
                ops::detail::multiply_rows<2>(ops::detail::outer<float>{.a = a.data(),
                                                                        .row = a.stride,
                                                                        .step = 1,
                                                                        .b = b.data(),
                                                                        .c = c.data(),
                                                                        .wide = wide,
                                                                        .depth = depth,
                                                                        .factor = kept ? factor.data() : nullptr},
                                              rows);
                BOOST_TEST(laws::farthest(c, expected) <= laws::rounding * (depth + 3) * (depth + 1));
                BOOST_TEST(c.guarded());
            }
}

BOOST_AUTO_TEST_CASE(rows_are_turned_into_columns_at_every_size) {
    for (int rows : {1, 2, 3, 4, 5, 8, 15, 16, 17, 33})
        for (int columns : {1, 3, 4, 7, 8, 12, 16, 20, 31, 32, 33}) {
            const laws::sheet x(rows, columns, laws::noise(94), 5);
            laws::sheet y(columns, rows, 2), padded(columns, round_up(rows, lanes));
            const auto twice = [](vec v, int) { return v + v; };
            ops::detail::transpose_rows(x.data(), x.stride, rows, columns, y.data(), y.stride, false, twice);
            ops::detail::transpose_rows(x.data(), x.stride, rows, columns, padded.data(), padded.stride, true, twice);
            bool right = y.guarded() && padded.guarded();
            for (int c = 0; c < columns; ++c)
                for (int r = 0; r < padded.width; ++r) {
                    const float expected = r < rows ? 2 * x.at(r, c) : 0.0f;
                    right = right && padded.at(c, r) == expected && (r >= rows || y.at(c, r) == expected);
                }
            BOOST_TEST(right, rows << " x " << columns);
        }
}

BOOST_AUTO_TEST_SUITE_END()
