#include "tests/tasks/support.hpp"

#include "constformer/tasks/fill_mask.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

namespace constformer::test {
namespace {

// The head for one token gives what the model's own forward gives for it.
template <class Model> void fills(const std::string& golden) {
    const checkpoint<Model> c(golden);
    mask_filler f(*c.weights, c.words, 16);
    const std::string_view text = "[MASK] cat sat [MASK].";
    const encoding tokens = c.encode(text);
    const auto logits = c.template forward<Model::outputs>(tokens, tokens.size());
    for (const int top : {1, 4, 1000}) {
        const auto found = f.fill(text, top);
        BOOST_REQUIRE_MESSAGE(found, why(found));
        const auto each = std::size_t(std::min(top, Model::outputs));
        BOOST_REQUIRE(found->size() == 2 * each);
        std::size_t at = 0;
        for (int i = 0; i < tokens.size(); ++i) {
            if (tokens.ids[std::size_t(i)] != c.words.mask()) continue;
            const float* row = logits.data() + std::size_t(i) * Model::outputs;
            const auto expected = softmax(row, Model::outputs);
            std::vector<int> order(static_cast<std::size_t>(Model::outputs));
            std::iota(order.begin(), order.end(), 0);
            std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return row[a] > row[b]; });
            for (std::size_t k = 0; k < each; ++k, ++at) {
                const filling& one = (*found)[at];
                BOOST_TEST(std::abs(one.score - expected[std::size_t(order[k])]) < 1e-5);
                BOOST_TEST(one.text == c.words.token(one.token));
            }
        }
    }
}
} // namespace

BOOST_AUTO_TEST_SUITE(tasks_fill_mask)

BOOST_AUTO_TEST_CASE(tied) { fills<bert_masked_lm<tiny::bert_masked_lm>>("bert_masked_lm"); }
BOOST_AUTO_TEST_CASE(untied) { fills<bert_masked_lm<tiny::bert_masked_lm_untied>>("bert_masked_lm_untied"); }

BOOST_AUTO_TEST_CASE(allocates_nothing_once_warm_and_says_no) {
    const checkpoint<bert_masked_lm<tiny::bert_masked_lm>> c("bert_masked_lm");
    mask_filler f(*c.weights, c.words, 8);
    BOOST_REQUIRE(f.fill("the [MASK] [MASK]", 3));
    const long before = news();
    const bool good = f.fill("the [MASK] [MASK]", 3).has_value() && f.fill("[MASK]", 2).has_value();
    const long after = news();
    BOOST_TEST(good);
    BOOST_TEST(after == before);
    BOOST_TEST(why(f.fill("the cat", 3)) == "fill_mask: the text has no [MASK], at least one is needed");
    BOOST_TEST(why(f.fill("[MASK]", 0)) == "fill_mask: the 0 best were asked for, at least 1 is needed");
    BOOST_TEST(!f.fill("[MASK] the cat the cat the cat the cat", 1));
    BOOST_TEST(!f.fill("[MASK] \xff", 1));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
