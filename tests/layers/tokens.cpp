#include <boost/test/unit_test.hpp>

#include "constformer/layers/tokens.hpp"

#include <climits>
#include <string>
#include <vector>

using namespace constformer;

namespace {
std::string said(const std::vector<int>& ids, const std::vector<int>& each, int past = 0) {
    const status ok = check_tokens(ids, each, {"bert", 30, 8}, past);
    return ok ? "" : std::string(ok.error().what());
}
} // namespace

BOOST_AUTO_TEST_SUITE(layers_tokens)

BOOST_AUTO_TEST_CASE(good_batches_pass) {
    BOOST_TEST(said({0, 29, 5}, {}) == "");
    BOOST_TEST(said({0, 29, 5}, {1, 2}) == "");
    BOOST_TEST(said(std::vector<int>(8, 1), {}) == "");
    BOOST_TEST(said(std::vector<int>(3, 1), {}, 5) == "");
}

BOOST_AUTO_TEST_CASE(every_mistake_has_its_sentence) {
    BOOST_TEST(said({}, {}) == "bert: no tokens; a forward needs at least one");
    BOOST_TEST(said({1, 2}, {0, 2}) == "bert: a sentence of the batch has 0 tokens, at least 1 is needed");
    BOOST_TEST(said({1, 2}, {-1, 3}) == "bert: a sentence of the batch has -1 tokens, at least 1 is needed");
    BOOST_TEST(said(std::vector<int>(9, 1), {}) == "bert: 9 tokens, this model has 8 positions");
    BOOST_TEST(said(std::vector<int>(4, 1), {}, 5) == "bert: 9 tokens, this model has 8 positions");
    BOOST_TEST(said({1, 2}, {INT_MAX, INT_MAX}) == "bert: 2147483647 tokens, this model has 8 positions");
    BOOST_TEST(said({1, 2, 3}, {1, 1}) == "bert: the lengths of the batch add up to 2, but there are 3 tokens");
    BOOST_TEST(said({1, 30}, {}) == "bert: token id 30 is outside the vocabulary of 30");
    BOOST_TEST(said({1, -1}, {}) == "bert: token id -1 is outside the vocabulary of 30");
}

BOOST_AUTO_TEST_SUITE_END()
