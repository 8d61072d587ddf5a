#include <boost/test/unit_test.hpp>

#include "constformer/core/manifest.hpp"
#include "constformer/layers/blocks.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

using norm = layer_norm<24, 1e-5f>;
using self = attention<{.width = 24, .heads = 2}>;
using feed = feed_forward<24, 40, activation::relu>;
using post = post_norm_layer<norm, self, feed>;
using pre = pre_norm_layer<norm, self, feed>;
using decoder = pre_norm_decoder_layer<norm, self, self, feed>;

// The equations once more, over the same sublayers; memory is no object here.
struct spelled_out {
    laws::aligned_memory memory{1 << 16};
    basic_workspace<> m = basic_workspace<>::over(memory);

    laws::sheet normalized(const norm& n, laws::sheet x) {
        n.forward(x.view<24>(), x.view<24>(), m);
        return x;
    }
    laws::sheet plus(laws::sheet x, const laws::sheet& y) {
        for (int r = 0; r < x.count; ++r)
            for (int c = 0; c < x.width; ++c) x.at(r, c) += y.at(r, c);
        return x;
    }
    laws::sheet attended(const self& s, laws::sheet x, laws::sheet source, const auto& rule) {
        laws::sheet y(x.count, 24);
        basic_workspace<> n = m;
        auto past = self::memory::in(n, source.count);
        s.remember(source.view<24>(), past, n);
        s.attend(x.view<24>(), past, y.view<24>(), rule, n);
        return y;
    }
    laws::sheet fed(const feed& f, laws::sheet x) {
        laws::sheet y(x.count, 24);
        f.forward(x.view<24>(), y.view<24>(), m);
        return y;
    }
};

// The same sums, added to the residual in the epilogue or afterwards: a few roundings of values of 4.
constexpr double tolerance = 5e-6;

} // namespace

BOOST_AUTO_TEST_SUITE(layers_blocks)

BOOST_AUTO_TEST_CASE(post_norm_is_norm_of_the_sum) {
    const auto layer = laws::random_weights<post>(150);
    spelled_out by_hand;
    laws::sheet x(9, 24, laws::noise(151));
    auto y = by_hand.plus(x, by_hand.attended(layer->self, x, x, ops::everything{}));
    y = by_hand.normalized(layer->self_norm, y);
    y = by_hand.normalized(layer->ffn_norm, by_hand.plus(y, by_hand.fed(layer->ffn, y)));
    const laws::aligned_memory memory(post::scratch(9));
    layer->forward(x.view<24>(), {}, ops::everything{}, basic_workspace<>::over(memory));
    BOOST_TEST(laws::farthest(x, y.exact()) <= tolerance);
    BOOST_TEST(x.guarded());
}

BOOST_AUTO_TEST_CASE(pre_norm_is_sum_of_the_norm_with_and_without_a_past) {
    const auto layer = laws::random_weights<pre>(152);
    spelled_out by_hand;
    const laws::sheet before(9, 24, laws::noise(153));
    laws::sheet x = before;
    const auto h = by_hand.normalized(layer->self_norm, x);
    auto y = by_hand.plus(x, by_hand.attended(layer->self, h, h, ops::causal{}));
    y = by_hand.plus(y, by_hand.fed(layer->ffn, by_hand.normalized(layer->ffn_norm, y)));
    const laws::aligned_memory memory(pre::scratch(lengths(9))), states(pre::state::bytes(9)), less(pre::scratch(5, 9));
    layer->forward(x.view<24>(), {}, ops::causal{}, basic_workspace<>::over(memory));
    BOOST_TEST(laws::farthest(x, y.exact()) <= tolerance);

    x = before;
    auto place = basic_workspace<>::over(states);
    auto past = pre::state::in(place, 9);
    layer->forward(x.view<24>().part(0, 4), past, ops::causal{}, basic_workspace<>::over(less));
    layer->forward(x.view<24>().part(4, 5), past, ops::causal{4}, basic_workspace<>::over(less));
    BOOST_TEST(laws::farthest(x, y.exact()) <= tolerance);
    BOOST_TEST(x.guarded());
}

BOOST_AUTO_TEST_CASE(a_decoder_looks_at_itself_and_at_its_source) {
    const auto layer = laws::random_weights<decoder>(154);
    spelled_out by_hand;
    laws::sheet x(5, 24, laws::noise(155)), source(7, 24, laws::noise(156));
    const std::vector<int> keep{1, 1, 0, 1, 1, 0, 0};
    const auto h = by_hand.normalized(layer->self_norm, x);
    auto y = by_hand.plus(x, by_hand.attended(layer->self, h, h, ops::causal{}));
    y = by_hand.plus(
        y, by_hand.attended(layer->cross, by_hand.normalized(layer->cross_norm, y), source, ops::padding{keep}));
    y = by_hand.plus(y, by_hand.fed(layer->ffn, by_hand.normalized(layer->ffn_norm, y)));

    using stack = stack_state<decoder::state, 2>;
    const laws::aligned_memory states(stack::bytes(5, 7)), memory(decoder::scratch(5, 5, 7));
    auto past = stack::in(basic_workspace<>::over(states), 5, 7);
    const auto m = basic_workspace<>::over(memory);
    layer->cross.remember(source.view<24>(), past.layers[1].cross, m);
    layer->forward(x.view<24>(), past.layers[1], ops::causal{}, ops::padding{keep}, m);
    BOOST_TEST(laws::farthest(x, y.exact()) <= tolerance);
    BOOST_TEST(past.layers[1].self.length == 5);
    BOOST_TEST(past.layers[0].self.length == 0);
}

BOOST_AUTO_TEST_SUITE_END()
