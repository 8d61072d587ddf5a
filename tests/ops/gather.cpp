#include <boost/test/unit_test.hpp>

#include "constformer/core/parallel.hpp"
#include "constformer/ops/gather.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

struct alone { // all that multiply() asks of a workspace
    sequential threads;
};

template <int Width> void rows_are_found_and_added() {
    const auto weight = laws::random_weights<table<9, Width>>(40);
    const std::vector<int> ids{8, 0, 3, 3, 8};
    laws::sheet y(5, Width, 3);
    const reference::sheet found = reference::look_up(laws::exact(*weight), ids);
    ops::look_up(*weight, ids, y.template view<Width>());
    BOOST_TEST(laws::farthest(y, found) == 0);
    for (int i = 0; i < 5; ++i) ops::add(*weight, ids[std::size_t(i)], &y.at(i, 0));
    reference::sheet twice = found;
    for (double& v : twice.values) v *= 2;
    BOOST_TEST(laws::farthest(y, twice) == 0);
    BOOST_TEST(y.guarded());
}

} // namespace

BOOST_AUTO_TEST_SUITE(ops_gather)

BOOST_AUTO_TEST_CASE(a_row_is_copied_and_added_whole_and_alone) {
    rows_are_found_and_added<1>();
    rows_are_found_and_added<15>();
    rows_are_found_and_added<16>();
    rows_are_found_and_added<36>();
}

// Higham's bound for a dot product: depth roundings of the sum of magnitudes.
BOOST_AUTO_TEST_CASE(the_product_with_a_table_agrees_at_every_size) {
    for (int rows : {0, 1, 3, 4, 5, 9, 17})
        for (int outputs : {1, 7, 16, 17, 100})
            for (int depth : laws::some_widths)
                for (bool with : {false, true}) {
                    const laws::sheet x(rows, depth, laws::noise(41), 3), w(outputs, depth, laws::noise(42)),
                        bias(1, outputs, laws::noise(43));
                    laws::sheet y(rows, outputs, 5);
                    const reference::sheet expected =
                        reference::linear(x.exact(), w.exact(), with ? bias.row(0) : std::vector<double>{});
                    const ops::table_product p{.x = x.data(),
                                               .x_stride = x.stride,
                                               .table = w.data(),
                                               .bias = with ? bias.data() : nullptr,
                                               .y = y.data(),
                                               .y_stride = y.stride,
                                               .rows = rows,
                                               .depth = depth};
                    ops::multiply_table(p, outputs / 2, outputs); // in two parts
                    ops::multiply_table(p, 0, outputs / 2);
                    BOOST_TEST(laws::farthest(y, expected) <= laws::rounding * (depth + 3) * (depth + 1),
                               "rows " << rows << ", outputs " << outputs << ", depth " << depth);
                    BOOST_TEST(y.guarded());
                }
}

BOOST_AUTO_TEST_CASE(the_typed_form_says_the_same) {
    const auto w = laws::random_weights<table<21, 36>>(44);
    const auto bias = laws::random_weights<vector<21>>(45);
    laws::sheet x(6, 36, laws::noise(46), 4), y(6, 21, 5);
    ops::multiply(*w, *bias, const_rows<36>(x.view<36>()), y.view<21>(), alone{});
    BOOST_TEST(laws::farthest(y, reference::linear(x.exact(), laws::exact(*w), laws::exact_row(*bias))) <= 3e-6);
    ops::multiply(*w, absent<void>{}, const_rows<36>(x.view<36>()), y.view<21>(), alone{});
    BOOST_TEST(laws::farthest(y, reference::linear(x.exact(), laws::exact(*w), {})) <= 3e-6);
    BOOST_TEST((x.guarded() && y.guarded()));
}

BOOST_AUTO_TEST_SUITE_END()
