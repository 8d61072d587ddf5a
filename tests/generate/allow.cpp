#include "constformer/generate/allow.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

// Which of `vocabulary` tokens stay in reach behind a text that can become `most` tokens long.
std::vector<int> left(const writing& rules, int most, const std::vector<int>& text, int vocabulary = 6) {
    std::vector<float> scores(std::size_t(vocabulary), 1.0f);
    allow(rules, most, text, scores);
    std::vector<int> tokens;
    for (int t = 0; t < vocabulary; ++t)
        if (scores[std::size_t(t)] > out_of_reach) tokens.push_back(t);
    return tokens;
}
using list = std::vector<int>;

} // namespace

BOOST_AUTO_TEST_SUITE(generate_allow)

BOOST_AUTO_TEST_CASE(forbids_and_forces_by_where_a_text_stands) {
    const int ends[] = {1, 4}, never[] = {2, 99, -1}; // what lies outside of the vocabulary does no harm
    BOOST_TEST((left({.start = 0}, 9, {0}) == list{0, 1, 2, 3, 4, 5}));
    BOOST_TEST((left({.start = 0, .never = never}, 9, {0}) == list{0, 1, 3, 4, 5}));
    const writing late{.start = 0, .ends = ends, .least = 3};
    BOOST_TEST((left(late, 9, {0, 5}) == list{0, 2, 3, 5}));
    BOOST_TEST((left(late, 9, {0, 5, 5}) == list{0, 1, 2, 3, 4, 5}));
    const writing forced{.start = 0, .ends = ends, .first = 3, .last = 2, .never = never, .least = 9};
    BOOST_TEST((left(forced, 5, {0}) == list{3}));
    BOOST_TEST((left(forced, 5, {0, 3}) == list{0, 3, 5}));
    BOOST_TEST((left(forced, 5, {0, 3, 3, 3}) == list{2})); // the last one, whatever was forbidden
}

// By the definition: no sequence of n tokens is there twice.
BOOST_AUTO_TEST_CASE(sequences_do_not_repeat) {
    unsigned draw = 1;
    for (int round = 0; round < 200; ++round) {
        std::vector<int> text;
        for (int i = 0; i < round % 12 + 1; ++i) text.push_back(int((draw = draw * 1664525 + 1013904223) >> 16) % 3);
        for (const int n : {1, 2, 3}) {
            list wanted;
            for (int t = 0; t < 3; ++t) {
                std::vector<int> longer = text;
                longer.push_back(t);
                bool twice = false;
                const auto size = int(longer.size());
                for (int i = 0; size >= n && i + n < size; ++i)
                    twice = twice || std::equal(longer.end() - n, longer.end(), longer.begin() + i);
                if (!twice) wanted.push_back(t);
            }
            BOOST_TEST((left({.start = 0, .repeats = n}, 99, text, 3) == wanted));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
