#include "constformer/layers/rotary.hpp"
#include "tests/support/laws.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(layers_rotary)

// The turns of tokens behind others are the end of those of all, in exactly the memory that is said.
BOOST_AUTO_TEST_CASE(turns_go_on_where_the_past_ends) {
    using turn = rotary<{.width = 12, .base = 100, .factor = 4, .low = 1, .high = 4, .original = 24}>;
    constexpr int all = 9;
    const laws::aligned_memory whole(turn::scratch(all)), part(turn::scratch(all));
    auto m = basic_workspace<>::over(whole);
    const auto from_start = turn::at(0, all, m);
    for (int past = 0; past < all; ++past) {
        std::size_t high = 0;
        auto own = basic_workspace<>::over(part);
        own.high = &high;
        const auto behind = turn::at(past, all - past, own);
        BOOST_TEST(high == turn::scratch(all - past));
        for (int i = 0; i < all - past; ++i)
            for (int c = 0; c < 12; ++c) BOOST_TEST(behind.table[i][c] == from_start.table[past + i][c]);
    }
    for (int c = 0; c < 6; ++c) { // the first place is not turned
        BOOST_TEST(from_start.table[0][c] == 1);
        BOOST_TEST(from_start.table[0][6 + c] == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
