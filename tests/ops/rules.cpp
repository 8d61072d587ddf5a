#include <boost/test/unit_test.hpp>

#include "constformer/ops/rules.hpp"

#include <cmath>
#include <vector>

using namespace constformer::ops;

namespace {
struct slope { // ALiBi's: score -= distance / 4
    int visible(int, int keys) const { return keys; }
    void operator()(int, int query, std::span<float> scores) const {
        for (std::size_t j = 0; j < scores.size(); ++j) scores[j] -= float(std::abs(query - int(j))) / 4;
    }
    slope sentence(int, int) const { return *this; }
};
static_assert(rule<everything> && rule<causal> && rule<padding> && rule<slope> && rule<both<causal, slope>>);
static_assert(!rule<int>);
} // namespace

BOOST_AUTO_TEST_SUITE(ops_rules)

BOOST_AUTO_TEST_CASE(a_causal_query_sees_the_past_and_itself) {
    BOOST_TEST(everything{}.visible(3, 10) == 10);
    BOOST_TEST(causal{}.visible(0, 10) == 1);
    BOOST_TEST(causal{}.visible(9, 10) == 10);
    BOOST_TEST(causal{4}.visible(2, 10) == 7);
    BOOST_TEST(causal{40}.visible(2, 10) == 10);
    BOOST_TEST(causal{4}.sentence(7, 3).past == 4);
}

BOOST_AUTO_TEST_CASE(padding_hides_keys_of_its_own_sentence) {
    const std::vector<int> keep{1, 0, 1, 1, 0};
    std::vector<float> scores{1, 2, 3};
    padding{keep}.sentence(0, 3)(0, 0, scores);
    BOOST_TEST(scores == (std::vector<float>{1, never, 3}));
    scores = {4, 5};
    padding{keep}.sentence(3, 2)(0, 0, scores);
    BOOST_TEST(scores == (std::vector<float>{4, never}));
    padding{}.sentence(3, 2)(0, 0, scores);
    BOOST_TEST(scores == (std::vector<float>{4, never}));
    BOOST_TEST(padding{keep}.visible(0, 5) == 5);
}

BOOST_AUTO_TEST_CASE(rules_compose_in_order) {
    const std::vector<int> keep{0, 1, 1};
    const auto all = causal{1} & padding{keep} & slope{};
    BOOST_TEST(all.visible(0, 3) == 2);
    std::vector<float> scores{1, 1};
    all(0, 0, scores);
    BOOST_TEST(scores == (std::vector<float>{never, 0.75f}));
    scores = {1};
    all.sentence(2, 1)(0, 0, scores);
    BOOST_TEST(scores.front() == 1.0f);
    BOOST_TEST(std::isfinite(never));
}

BOOST_AUTO_TEST_SUITE_END()
