#include <boost/test/unit_test.hpp>

#include "constformer/layers/feed_forward.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

// Two products of 12 and 20 terms over values of about 1: a few dozen roundings.
BOOST_AUTO_TEST_SUITE(layers_feed_forward)

BOOST_AUTO_TEST_CASE(up_activate_down_within_its_scratch) {
    using layer = feed_forward<12, 20, activation::gelu>;
    const auto f = laws::random_weights<layer>(120);
    laws::sheet x(9, 12, laws::noise(121), 1), y(9, 12, 2);
    const laws::aligned_memory memory(layer::scratch(9));
    f->forward(x.view<12>(), y.view<12>(), basic_workspace<>::over(memory));
    const auto inner =
        reference::linear(x.exact(), laws::exact(f->up.weight), laws::exact_row(f->up.bias), activation::gelu);
    const auto expected = reference::linear(inner, laws::exact(f->down.weight), laws::exact_row(f->down.bias));
    BOOST_TEST(laws::farthest(y, expected) <= 1e-5);
    f->forward(x.view<12>(), onto(y.view<12>()), basic_workspace<>::over(memory));
    auto twice = expected;
    for (double& v : twice.values) v *= 2;
    BOOST_TEST(laws::farthest(y, twice) <= 2e-5);
    BOOST_TEST(y.guarded());
}

BOOST_AUTO_TEST_CASE(a_gate_multiplies_within_its_scratch) {
    using layer = gated_feed_forward<12, 20, activation::silu>;
    const auto f = laws::random_weights<layer>(122);
    laws::sheet x(9, 12, laws::noise(123), 1), y(9, 12, 2);
    const laws::aligned_memory memory(layer::scratch(9));
    f->forward(x.view<12>(), y.view<12>(), basic_workspace<>::over(memory));
    auto inner = reference::linear(x.exact(), laws::exact(f->gate.weight), {}, activation::silu);
    const auto up = reference::linear(x.exact(), laws::exact(f->up.weight), {});
    for (std::size_t i = 0; i < inner.values.size(); ++i) inner.values[i] *= up.values[i];
    BOOST_TEST(laws::farthest(y, reference::linear(inner, laws::exact(f->down.weight), {})) <= 1e-5);
    BOOST_TEST(y.guarded());
}

BOOST_AUTO_TEST_SUITE_END()
