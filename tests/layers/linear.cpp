#include <boost/test/unit_test.hpp>

#include "constformer/layers/linear.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(layers_linear)

// 36 products of about 1/4 and a bias of about 1: 40 roundings of sums below 4.
BOOST_AUTO_TEST_CASE(a_column_range_of_wider_rows_is_a_destination_like_any_other) {
    const auto layer = laws::random_weights<linear<36, 17>>(90);
    laws::sheet x(9, 36, laws::noise(91), 5), y(9, 40, laws::noise(92));
    const laws::sheet before = y;
    const reference::sheet expected =
        reference::linear(x.exact(), laws::exact(layer->weight), laws::exact_row(layer->bias));
    const basic_workspace<> m{};
    layer->forward(x.view<36>(), y.view<40>().columns<17>(11), m);
    layer->forward(x.view<36>(), onto(y.view<40>().columns<17>(11)), m);
    for (int r = 0; r < 9; ++r)
        for (int c = 0; c < 40; ++c) {
            if (c < 11 || c >= 28)
                BOOST_TEST(y.at(r, c) == before.at(r, c));
            else
                BOOST_TEST(std::abs(y.at(r, c) - 2 * expected(r, c - 11)) <= 1e-5);
        }
    BOOST_TEST((y.guarded() && x.guarded()));
}

BOOST_AUTO_TEST_CASE(without_a_bias_there_is_none_and_activations_follow) {
    const auto layer = laws::random_weights<linear<36, 17, false>>(93);
    laws::sheet x(3, 36, laws::noise(94)), y(3, 17);
    layer->forward<activation::gelu_tanh>(x.view<36>(), y.view<17>(), basic_workspace<>{});
    BOOST_TEST(laws::farthest(y, reference::linear(x.exact(), laws::exact(layer->weight), {}, activation::gelu_tanh)) <=
               1e-5);
    BOOST_TEST(sizeof(*layer) == sizeof(layer->weight));
    BOOST_TEST((linear<36, 17>::flops(3) == 2.0 * 3 * 36 * 17));
}

BOOST_AUTO_TEST_SUITE_END()
