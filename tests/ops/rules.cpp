#include <boost/test/unit_test.hpp>

#include "constformer/ops/rules.hpp"

#include <cmath>
#include <vector>

using namespace constformer::ops;

namespace {
struct slope { // ALiBi's: score -= distance / 4
    key_range visible(int, int keys) const { return {0, keys}; }
    void operator()(int, const score_tile& s) const {
        for (int q = 0; q < s.queries; ++q)
            for (int k = 0; k < s.keys; ++k) s(q, k) -= float(std::abs(s.query + q - s.key - k)) / 4;
    }
    slope sentence(int, int) const { return *this; }
};
static_assert(rule<everything> && rule<causal> && rule<padding> && rule<slope> && rule<both<causal, slope>>);
static_assert(!rule<int> && rule<sliding_window>);
static_assert(!changes_scores<everything> && !changes_scores<both<causal, sliding_window>>);
static_assert(changes_scores<padding> && changes_scores<slope> && changes_scores<both<causal, slope>>);

// One query's scores for keys from the first on.
template <class Rule> std::vector<float> ruled(const Rule& rule, int query, std::vector<float> scores) {
    rule(0, {.data = scores.data(),
             .query_step = 1,
             .key_step = 1,
             .query = query,
             .queries = 1,
             .key = 0,
             .keys = int(scores.size())});
    return scores;
}
} // namespace

BOOST_AUTO_TEST_SUITE(ops_rules)

BOOST_AUTO_TEST_CASE(a_causal_query_sees_the_past_and_itself) {
    BOOST_TEST((everything{}.visible(3, 10) == key_range{0, 10}));
    BOOST_TEST((causal{}.visible(0, 10) == key_range{0, 1}));
    BOOST_TEST((causal{}.visible(9, 10) == key_range{0, 10}));
    BOOST_TEST((causal{4}.visible(2, 10) == key_range{0, 7}));
    BOOST_TEST((causal{40}.visible(2, 10) == key_range{0, 10}));
    BOOST_TEST(causal{4}.sentence(7, 3).past == 4);
}

BOOST_AUTO_TEST_CASE(a_window_slides_with_the_query) {
    BOOST_TEST((sliding_window{3}.visible(0, 10) == key_range{0, 1}));
    BOOST_TEST((sliding_window{3}.visible(2, 10) == key_range{0, 3}));
    BOOST_TEST((sliding_window{3}.visible(3, 10) == key_range{1, 4}));
    BOOST_TEST((sliding_window{3, 6}.visible(1, 10) == key_range{5, 8}));
    BOOST_TEST((sliding_window{1}.visible(9, 10) == key_range{9, 10}));
    BOOST_TEST((sliding_window{3, 40}.visible(2, 10) == key_range{10, 10})); // all that it sees is gone
    BOOST_TEST(((causal{} & sliding_window{2, 3}).visible(0, 10) == key_range{1, 1}));
    BOOST_TEST(((sliding_window{4, 2} & causal{}).visible(2, 10) == key_range{1, 3}));
}

BOOST_AUTO_TEST_CASE(padding_hides_keys_of_its_own_sentence) {
    using scores = std::vector<float>;
    const std::vector<int> keep{1, 0, 1, 1, 0};
    BOOST_TEST(ruled(padding{keep}.sentence(0, 3), 0, {1, 2, 3}) == (scores{1, never, 3}));
    BOOST_TEST(ruled(padding{keep}.sentence(3, 2), 0, {4, 5}) == (scores{4, never}));
    BOOST_TEST(ruled(padding{}.sentence(3, 2), 0, {4, 5}) == (scores{4, 5}));
    BOOST_TEST((padding{keep}.visible(0, 5) == key_range{0, 5}));
    scores tile(2 * 4, 1.0f); // two queries, keys 1 to 4, a key's scores side by side
    padding{keep}(0,
                  {.data = tile.data(), .query_step = 1, .key_step = 2, .query = 0, .queries = 2, .key = 1, .keys = 4});
    BOOST_TEST(tile == (scores{never, never, 1, 1, 1, 1, never, never}));
}

BOOST_AUTO_TEST_CASE(pairs_are_hidden_but_a_token_sees_itself) {
    using scores = std::vector<float>;
    const std::vector<int> hidden{1, 1, 0, 0, 1, 0, 1, 0, 1}, keep{1, 1, 0}, seats{2};
    BOOST_TEST(ruled(hidden_pairs{.hidden = hidden, .columns = 3}, 0, {1, 2, 3}) == (scores{1, never, 3}));
    BOOST_TEST(ruled(hidden_pairs{.hidden = hidden, .columns = 3, .itself = false}, 0, {1, 2, 3}) ==
               (scores{never, never, 3}));
    BOOST_TEST(ruled(hidden_pairs{.keep = keep}, 2, {1, 2, 3}) == (scores{1, 2, 3}));
    BOOST_TEST(ruled(hidden_pairs{.keep = keep}, 1, {1, 2, 3}) == (scores{1, 2, never}));
    // query 0 stands at token 2, behind two tokens that all see
    const hidden_pairs later{.hidden = hidden, .keep = keep, .seats = seats, .columns = 3, .past = 2, .itself = false};
    BOOST_TEST(ruled(later, 0, {7, 8, 1, 2, 3}) == (scores{7, 8, never, 2, never}));
    BOOST_TEST(ruled(hidden_pairs{.keep = keep}.sentence(1, 2), 0, {2, 3}) == (scores{2, never}));
    BOOST_TEST(ruled(hidden_pairs{}, 0, {2, 3}) == (scores{2, 3}));
}

BOOST_AUTO_TEST_CASE(segments_are_the_same_or_another) {
    using scores = std::vector<float>;
    const std::vector<float> table{1, 2, 10, 20, 100, 200}; // three queries, one head
    const std::vector<int> segments{0, 1, 1}, seats{2};
    BOOST_TEST(ruled(by_segment{table.data(), 2, segments}, 1, {0, 0, 0}) == (scores{20, 10, 10}));
    BOOST_TEST(ruled(by_segment{table.data(), 2, segments, seats}, 0, {0, 0, 0}) == (scores{2, 1, 1}));
    BOOST_TEST(ruled(by_segment{table.data(), 2, segments, {}, 1}, 0, {0, 0, 0, 0}) == (scores{1, 1, 2, 2}));
    BOOST_TEST(ruled(by_segment{table.data(), 2, segments}.sentence(1, 2), 1, {0, 0}) == (scores{100, 100}));
    BOOST_TEST(ruled(by_segment{table.data(), 2}, 1, {5}) == (scores{5}));
}

BOOST_AUTO_TEST_CASE(rules_compose_in_order) {
    const std::vector<int> keep{0, 1, 1};
    const auto all = causal{1} & padding{keep} & slope{};
    BOOST_TEST((all.visible(0, 3) == key_range{0, 2}));
    BOOST_TEST(ruled(all, 0, {1, 1}) == (std::vector<float>{never, 0.75f}));
    BOOST_TEST(ruled(all.sentence(2, 1), 0, {1}).front() == 1.0f);
    BOOST_TEST(std::isfinite(2 * never));
}

BOOST_AUTO_TEST_SUITE_END()
