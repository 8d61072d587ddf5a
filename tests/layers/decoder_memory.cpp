#include "constformer/layers/decoder_memory.hpp"
#include "tests/support/laws.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {
using state = decoder_state<decoder_memory<5, 7>, 3>;

void say(state& s, float value) { // one word more
    for (auto& layer : s.layers) {
        for (int i = 0; i < 5; ++i)
            layer.self.keys[layer.self.length][i] = value, layer.self.values[layer.self.length][i] = -value;
        ++layer.self.length;
    }
}
} // namespace

BOOST_AUTO_TEST_SUITE(layers_decoder_memory)

BOOST_AUTO_TEST_CASE(rows_share_the_source_and_have_words_of_their_own) {
    const laws::aligned_memory first_memory(state::bytes(4, 6)), other_memory(state::row_bytes(4));
    std::size_t high = 0;
    auto m = basic_workspace<>::over(first_memory);
    m.high = &high;
    state first = state::in(m, 4, 6);
    BOOST_TEST(high == state::bytes(4, 6));
    for (auto& layer : first.layers) layer.cross.length = 6, layer.cross.keys[5][6] = 42;
    state other = state::row(basic_workspace<>::over(other_memory), 4, first);
    BOOST_TEST((other.source() == 6 && other.source_capacity() == 6 && other.capacity() == 4 && other.length() == 0));
    for (std::size_t l = 0; l < 3; ++l) BOOST_TEST(other.layers[l].cross.keys.data == first.layers[l].cross.keys.data);

    say(first, 1), say(first, 2);
    say(other, 3);
    other.copy_words(first);
    say(other, 4);
    BOOST_TEST((first.length() == 2 && other.length() == 3));
    for (std::size_t l = 0; l < 3; ++l) {
        BOOST_TEST(other.layers[l].self.keys[0][4] == 1);
        BOOST_TEST(other.layers[l].self.values[1][0] == -2);
        BOOST_TEST(other.layers[l].self.keys[2][0] == 4);
        BOOST_TEST(first.layers[l].cross.keys[5][6] == 42);
    }
    other.rewind(1);
    say(other, 5);
    BOOST_TEST(other.layers[2].self.keys[1][0] == 5);
    BOOST_TEST(first.layers[2].self.keys[1][0] == 2);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
