#include <boost/test/unit_test.hpp>

#include "constformer/layers/embedding.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(layers_embedding)

BOOST_AUTO_TEST_CASE(rows_positions_and_segments_add_up) {
    const auto words = laws::random_weights<embedding<11, 20>>(100),
               places = laws::random_weights<embedding<11, 20>>(101),
               kinds = laws::random_weights<embedding<11, 20>>(102);
    const std::vector<int> ids{10, 0, 3, 3, 7, 1}, segments{0, 1, 1, 0, 0, 1}, each{1, 3, 2},
        position{0, 0, 1, 2, 0, 1};
    for (int past : {0, 5})
        for (bool packed : {true, false})
            for (bool one_kind : {true, false}) {
                laws::sheet y(6, 20, 3);
                words->look_up(ids, y.view<20>());
                kinds->add(one_kind ? std::vector<int>{} : segments, y.view<20>());
                places->add_positions(packed ? each : std::vector<int>{}, y.view<20>(), past);
                reference::sheet expected(6, 20);
                for (int i = 0; i < 6; ++i)
                    for (int c = 0; c < 20; ++c)
                        expected(i, c) = words->weight.at(ids[std::size_t(i)], c) +
                                         kinds->weight.at(one_kind ? 0 : segments[std::size_t(i)], c) +
                                         places->weight.at(past + (packed ? position[std::size_t(i)] : i), c);
                BOOST_TEST(laws::farthest(y, expected) <= 4 * laws::rounding); // two sums of values below 2
                BOOST_TEST(y.guarded());
            }
}

BOOST_AUTO_TEST_CASE(a_tied_head_reads_the_same_table) {
    const auto words = laws::random_weights<embedding<11, 20>>(103);
    laws::sheet x(5, 20, laws::noise(104)), y(5, 11, 2);
    words->logits(x.view<20>(), absent<void>{}, y.view<11>(), basic_workspace<>{});
    BOOST_TEST(laws::farthest(y, reference::linear(x.exact(), laws::exact(words->weight), {})) <= 2e-6);
    BOOST_TEST(y.guarded());
}

// In blocks a row is what it is as a row of the matrix, and the head multiplies by the same numbers.
template <element E> void tables_in_blocks_are_looked_up_and_multiplied() {
    const auto words = laws::random_weights<embedding<19, 50, E>>(105);
    const std::vector<int> ids{18, 0, 3, 17};
    laws::sheet rows_of(4, 50, 3);
    words->look_up(ids, rows_of.view<50>());
    for (int i = 0; i < 4; ++i)
        for (int c = 0; c < 50; ++c) BOOST_TEST(rows_of.at(i, c) == words->weight.at(ids[std::size_t(i)], c));
    laws::sheet x(5, 50, laws::noise(106)), y(5, 19, 2);
    const laws::aligned_memory memory(words->logits_scratch(5));
    std::size_t high = 0;
    auto m = basic_workspace<>::over(memory);
    m.high = &high;
    words->logits(x.view<50>(), absent<void>{}, y.view<19>(), m);
    BOOST_TEST(high == words->logits_scratch(5));
    BOOST_TEST(laws::farthest(y, reference::linear(x.exact(), laws::exact(words->weight), {})) <= 0.02);
    BOOST_TEST((rows_of.guarded() && y.guarded()));
}
BOOST_AUTO_TEST_CASE(tables_in_blocks) {
    tables_in_blocks_are_looked_up_and_multiplied<q8>();
    tables_in_blocks_are_looked_up_and_multiplied<q4>();
}

BOOST_AUTO_TEST_SUITE_END()
