#include "constformer/generate/logits.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(generate_logits)

BOOST_AUTO_TEST_CASE(of_equal_scores_the_first_is_best) {
    BOOST_TEST(best_token(std::vector<float>{-3}) == 0);
    BOOST_TEST(best_token(std::vector<float>{1, 5, 5, 4}) == 1);
    BOOST_TEST(best_token(std::vector<float>{-1e30f, -1e30f, -2}) == 2);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_is_found_wherever_it_is) {
    for (const float bad : {NAN, INFINITY, -INFINITY})
        for (const std::size_t at : {0, 7, 99}) {
            std::vector<float> scores(100, 1e38f); // whose sum is no number either
            BOOST_TEST(bool(check_logits(scores, "x")));
            scores[at] = bad;
            const status done = check_logits(scores, "x");
            BOOST_REQUIRE(!done);
            BOOST_TEST(done.error().what() == "x: the model's scores are not numbers: its weights are damaged");
        }
    BOOST_TEST(check_logits({}, "x").error().what() == "x: there are no scores to choose from");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
