#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include "constformer/text/merges.hpp"

using namespace constformer;

namespace {
using merge = token_data::merge;

std::vector<int> run(const merge_table& table, const std::vector<int>& ids, int* bytes = nullptr) {
    subword_work work;
    for (const int id : ids) work.symbols.push_back({id, 1, -1, -1, -1, -1});
    table.run(work);
    std::vector<int> out;
    int sum = 0;
    for (const auto& s : work.symbols) out.push_back(s.id), sum += s.bytes;
    if (bytes) *bytes = sum;
    return out;
}
// The definition, as it is read.
std::vector<int> by_definition(const std::vector<merge>& merges, std::vector<int> ids) {
    while (true) {
        std::size_t best = merges.size(), at = 0;
        for (std::size_t i = 0; i + 1 < ids.size(); ++i)
            for (std::size_t rank = 0; rank < best; ++rank)
                if (merges[rank].left == ids[i] && merges[rank].right == ids[i + 1]) best = rank, at = i;
        if (best == merges.size()) return ids;
        ids[at] = merges[best].result;
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_merges)

BOOST_AUTO_TEST_CASE(the_lowest_rank_first_and_of_several_the_leftmost) {
    const merge_table table({{1, 2, 3}, {2, 1, 4}, {3, 3, 5}});
    BOOST_TEST(run(table, {1, 2, 1, 2}) == std::vector<int>{5}, boost::test_tools::per_element());
    BOOST_TEST(run(table, {2, 1, 2}) == (std::vector<int>{2, 3}), boost::test_tools::per_element());
    BOOST_TEST(run(table, {2, 1, 1}) == (std::vector<int>{4, 1}), boost::test_tools::per_element());
    BOOST_TEST(run(table, {}).empty());
    BOOST_TEST(run(merge_table(), {1, 2}) == (std::vector<int>{1, 2}), boost::test_tools::per_element());
    BOOST_TEST(table.find(2, 1).rank == 1);
    BOOST_TEST(table.find(2, 1).result == 4);
    BOOST_TEST(table.find(2, 2).rank == -1);
}

BOOST_AUTO_TEST_CASE(of_two_merges_of_a_pair_the_last_one_counts) {
    const merge_table table({{1, 1, 7}, {1, 2, 3}, {1, 1, 8}});
    BOOST_TEST(run(table, {1, 1, 2}) == (std::vector<int>{1, 3}), boost::test_tools::per_element());
    BOOST_TEST(table.find(1, 1).result == 8);
}

BOOST_AUTO_TEST_CASE(short_words_and_long_ones_follow_the_definition) {
    std::mt19937 random(4);
    for (int round = 0; round < 400; ++round) {
        std::vector<merge> merges; // any, also ones that make what they are made of
        for (int i = 0; i < 60; ++i) {
            const merge m{static_cast<int>(random() % 12), static_cast<int>(random() % 12),
                          static_cast<int>(random() % 12)};
            if (std::none_of(merges.begin(), merges.end(),
                             [&](const merge& o) { return o.left == m.left && o.right == m.right; }))
                merges.push_back(m);
        }
        const merge_table table(merges);
        for (const std::size_t size :
             {std::size_t{5}, merge_table::longest_scanned, merge_table::longest_scanned + 1, std::size_t{200}}) {
            std::vector<int> ids(size);
            for (int& id : ids) id = static_cast<int>(random() % 12);
            int bytes = 0;
            const auto found = run(table, ids, &bytes);
            BOOST_REQUIRE(found == by_definition(merges, ids));
            BOOST_REQUIRE(bytes == static_cast<int>(size));
        }
    }
}

// A word of a million symbols: what is quadratic would not end.
BOOST_AUTO_TEST_CASE(long_words_take_no_square_of_their_length) {
    std::vector<merge> merges;
    for (int i = 0; i < 19; ++i) merges.push_back({i, i, i + 1});
    const auto found = run(merge_table(merges), std::vector<int>(1 << 19, 0));
    BOOST_TEST(found == std::vector<int>{19}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
