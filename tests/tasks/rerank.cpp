#include "tests/tasks/support.hpp"

#include "constformer/tasks/rerank.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

namespace constformer::test {
namespace {

using model = bert_sequence_classifier<tiny::xlm_roberta_rerank>;

// The first tokens of another checkpoint's vocabulary: as many as this model knows.
wordpiece few_words() {
    std::istringstream all(text_of(data_path("golden/bert_sequence/vocab.txt")));
    std::string lines, line;
    for (int i = 0; i < model::config.vocabulary && std::getline(all, line); ++i) lines += line + "\n";
    auto words = wordpiece::from_vocabulary(lines, {});
    BOOST_REQUIRE_MESSAGE(words, why(words));
    return std::move(*words);
}

struct fixture {
    std::unique_ptr<model> weights = weights_of<model>("xlm_roberta_rerank");
    wordpiece words = few_words();
    std::vector<std::string_view> passages{"the cat sat on the mat", "food", "a dog", "plants make food from light"};

    // The model's own number for a pair.
    float alone(std::string_view query, std::string_view passage) const {
        encoding tokens;
        BOOST_REQUIRE(words.encode(query, passage, tokens));
        memory scratch(model::scratch(tokens.size()));
        float y = 0;
        BOOST_REQUIRE(weights->forward({.ids = tokens.ids}, {&y, 1}, basic_workspace<>::over(scratch.bytes())));
        return y;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tasks_rerank, fixture)

// Pairs that share a forward get what each gets alone, bit by bit, in the order of the passages.
BOOST_AUTO_TEST_CASE(scores_are_the_models_own) {
    for (const int most : {30, 32, 64, 200, 1000}) {
        reranker r(*weights, words, most, {.how = scoring::none});
        std::vector<std::string_view> many;
        for (int i = 0; i < 70; ++i) many.push_back(passages[std::size_t(i * 7 % 4)]);
        std::vector<float> scores(many.size());
        const status done = r.score("how do plants", many, scores);
        BOOST_REQUIRE_MESSAGE(done, why(done));
        for (std::size_t i = 0; i < many.size(); ++i) BOOST_TEST(scores[i] == alone("how do plants", many[i]));
    }
}

BOOST_AUTO_TEST_CASE(the_best_come_first) {
    reranker r(*weights, words, 64);
    std::vector<float> raw;
    for (const auto passage : passages) raw.push_back(alone("sun", passage));
    std::vector<int> order{0, 1, 2, 3};
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return raw[std::size_t(a)] > raw[std::size_t(b)]; });
    for (const int top : {1, 3, 4, 9}) {
        const auto best = r.rank("sun", passages, top);
        BOOST_REQUIRE_MESSAGE(best, why(best));
        BOOST_REQUIRE(best->size() == std::size_t(std::min(top, 4)));
        for (std::size_t i = 0; i < best->size(); ++i) {
            BOOST_TEST((*best)[i].index == order[i]);
            BOOST_TEST((*best)[i].score == 1 / (1 + std::exp(-raw[std::size_t(order[i])])));
        }
    }
    const auto none = r.rank("sun", {}, 1);
    BOOST_TEST((none && none->empty()));
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    reranker r(*weights, words, 64);
    std::vector<float> two(2);
    const std::vector<std::string_view> bad{"food", "\xff"},
        longer{"food", "a a a a a a a a a a a a a a a a a a a a a a a a"};
    BOOST_TEST(why(r.score("sun", passages, two)) == "rerank: 4 passages, but room for 2 scores");
    BOOST_TEST(why(r.score("sun", bad, two)) == "passage 2: wordpiece: the text is not UTF-8 at byte 0");
    BOOST_TEST(why(r.score("one two three four five", longer, two)).starts_with("passage 2: wordpiece: "));
    BOOST_TEST(why(r.rank("sun", passages, 0)) == "rerank: the 0 best were asked for, at least 1 is needed");
    reranker cut(*weights, words, 64, {.truncate = true});
    BOOST_TEST(why(cut.score("one two three four five", longer, two)) == "");
    weights->classifier.bias.data[0] = NAN;
    BOOST_TEST(why(r.score("sun", std::span(passages).first(2), two)) ==
               "passage: the model's scores are not numbers: its weights are damaged");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
