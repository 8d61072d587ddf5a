#include <boost/test/unit_test.hpp>

#include "constformer/layers/attention.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

constexpr double gone = -std::numeric_limits<double>::infinity();

template <attention_shape s>
reference::sheet exact_attention(const attention<s>& a, const reference::sheet& x, const reference::sheet& source,
                                 const reference::score_rule& rule) {
    const auto map = [](const auto& layer, const reference::sheet& in) {
        std::vector<double> bias;
        if constexpr (requires { layer.bias.data; }) bias = laws::exact_row(layer.bias);
        return reference::linear(in, laws::exact(layer.weight), bias);
    };
    return map(a.output, reference::attend(map(a.query, x), map(a.key, source), map(a.value, source), s.heads,
                                           s.kv_heads, s.scaled ? 1 / std::sqrt(double(s.head_width)) : 1.0, rule));
}

constexpr attention_shape plain{.width = 36, .heads = 3};
constexpr attention_shape grouped{
    .width = 36, .heads = 4, .kv_heads = 2, .head_width = 8, .source = 20, .bias = false, .scaled = false};

reference::sheet part(const reference::sheet& x, int first, int count) {
    reference::sheet some(count, x.columns);
    for (int r = 0; r < count; ++r)
        for (int c = 0; c < x.columns; ++c) some(r, c) = x(first + r, c);
    return some;
}

} // namespace

// Four products of up to 36 terms over values of about 1, and a softmax: 3e-5 is some hundred roundings of values of 4.
BOOST_AUTO_TEST_SUITE(layers_attention)

BOOST_AUTO_TEST_CASE(an_encoder_looks_at_each_sentence_alone) {
    using layer = attention<plain>;
    const auto a = laws::random_weights<layer>(130);
    const std::vector<int> each{1, 9, 17};
    std::vector<int> keep(27, 1);
    keep[3] = keep[12] = keep[26] = 0;
    laws::sheet x(27, 36, laws::noise(131)), y(27, 36, 3);
    const lengths shape{std::span<const int>(each)};
    const laws::aligned_memory memory(layer::encode_scratch(shape));
    a->encode(x.view<36>(), y.view<36>(), each, ops::padding{keep}, basic_workspace<>::over(memory));
    for (int s = 0, first = 0; s < 3; first += each[std::size_t(s++)]) {
        const reference::sheet mine = part(x.exact(), first, each[std::size_t(s)]);
        const reference::sheet expected = exact_attention(
            *a, mine, mine, [&](int, int, int j, double score) { return keep[std::size_t(first + j)] ? score : gone; });
        for (int r = 0; r < mine.rows; ++r)
            for (int c = 0; c < 36; ++c) BOOST_TEST(std::abs(y.at(first + r, c) - expected(r, c)) <= 3e-5);
    }
    BOOST_TEST(y.guarded());
}

BOOST_AUTO_TEST_CASE(a_memory_read_in_pieces_is_the_memory_read_at_once) {
    using layer = attention<plain>;
    const auto a = laws::random_weights<layer>(132);
    laws::sheet x(20, 36, laws::noise(133)), whole(20, 36), pieces(20, 36);
    const laws::aligned_memory states(layer::memory::bytes(20)), memory(layer::scratch(20, 20));
    const auto m = basic_workspace<>::over(memory);
    auto place = basic_workspace<>::over(states);
    auto past = layer::memory::in(place, 20);
    BOOST_TEST(place.left() == 0u);
    BOOST_TEST(past.capacity() == 20);
    a->remember(x.view<36>(), past, m);
    a->attend(x.view<36>(), past, whole.view<36>(), ops::causal{}, m);
    BOOST_TEST(laws::farthest(whole, exact_attention(*a, x.exact(), x.exact(), [](int, int i, int j, double score) {
                                  return j <= i ? score : gone;
                              })) <= 3e-5);
    past.length = 0; // rewound
    for (int first = 0, n = 1; first < 20; first += n, n = std::min(2 * n, 20 - first)) {
        const auto now = x.view<36>().part(first, n);
        a->remember(now, past, m);
        a->attend(now, past, pieces.view<36>().part(first, n), ops::causal{first}, m);
    }
    BOOST_TEST(past.length == 20);
    // the same sums, whichever tile runs them
    BOOST_TEST(laws::farthest(pieces, whole.exact()) <= 2e-6);
}

BOOST_AUTO_TEST_CASE(grouped_queries_look_at_another_source_and_add_where_told) {
    using layer = attention<grouped>;
    const auto a = laws::random_weights<layer>(134);
    laws::sheet x(7, 36, laws::noise(135)), source(15, 20, laws::noise(136), 1), y(7, 36, laws::noise(137), 2);
    reference::sheet expected =
        exact_attention(*a, x.exact(), source.exact(), [](int, int, int, double score) { return score; });
    for (int r = 0; r < 7; ++r)
        for (int c = 0; c < 36; ++c) expected(r, c) += y.at(r, c);
    const laws::aligned_memory states(layer::memory::bytes(15)), memory(layer::scratch(7, 15));
    const auto m = basic_workspace<>::over(memory);
    auto place = basic_workspace<>::over(states);
    auto past = layer::memory::in(place, 15);
    a->remember(source.view<20>(), past, m);
    a->attend(x.view<36>(), past, onto(y.view<36>()), ops::everything{}, m);
    BOOST_TEST(laws::farthest(y, expected) <= 3e-5);
    BOOST_TEST(y.guarded());
}

BOOST_AUTO_TEST_SUITE_END()
