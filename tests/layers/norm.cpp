#include <boost/test/unit_test.hpp>

#include "constformer/layers/norm.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(layers_norm)

// As in tests/ops/normalize.cpp, with weights and a bias of up to 1.25.
BOOST_AUTO_TEST_CASE(norms_use_their_parameters_and_may_write_where_they_read) {
    const auto layer = laws::random_weights<layer_norm<36, 1e-5f>>(110);
    const auto root = laws::random_weights<rms_norm<36, 1e-6f>>(111);
    laws::sheet x(5, 36, laws::noise(112), 3), y(5, 36, 1);
    const basic_workspace<> m{};
    layer->forward(x.view<36>(), y.view<36>(), m);
    const auto expected =
        reference::layer_norm(x.exact(), laws::exact_row(layer->weight), laws::exact_row(layer->bias), 1e-5);
    BOOST_TEST(laws::farthest(y, expected) <= 5e-6);
    root->forward(y.view<36>(), y.view<36>(), m);
    BOOST_TEST(laws::farthest(y, reference::rms_norm(expected, laws::exact_row(root->weight), 1e-6)) <= 1e-5);
    BOOST_TEST((x.guarded() && y.guarded()));
}

BOOST_AUTO_TEST_SUITE_END()
