#include "tests/tasks/support.hpp"

#include "constformer/tasks/answer.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {
using model = bert_question_answerer<tiny::bert_answer>;
constexpr std::string_view question = "how do plants make food";
constexpr std::string_view context = "the sun is red. plants make food from light, water and air";

struct best_span {
    int first = 0, last = 0;
    double score = -1;
};

// By the rules, over a whole context that fits.
best_span by_hand(const checkpoint<model>& c, int longest) {
    encoding pair;
    BOOST_REQUIRE(c.words.encode(question, context, pair));
    const auto logits = c.forward<2>(pair, pair.size());
    std::vector<int> tokens;
    for (int i = 0; i < pair.size(); ++i)
        if (pair.segments[std::size_t(i)] == 1 && pair.words[std::size_t(i)] >= 0) tokens.push_back(i);
    std::vector<float> begin, end;
    for (const int i : tokens)
        begin.push_back(logits[std::size_t(2 * i)]), end.push_back(logits[std::size_t(2 * i + 1)]);
    const int n = int(tokens.size());
    const auto p = softmax(begin.data(), n), q = softmax(end.data(), n);
    best_span best;
    for (int i = 0; i < n; ++i)
        for (int j = i; j < n && j < i + longest; ++j)
            if (p[std::size_t(i)] * q[std::size_t(j)] > best.score)
                best = {i, j, p[std::size_t(i)] * q[std::size_t(j)]};
    return best;
}
} // namespace

BOOST_AUTO_TEST_SUITE(tasks_answer)

BOOST_AUTO_TEST_CASE(the_best_span_of_whole_words) {
    const checkpoint<model> c("bert_answer");
    encoding alone;
    BOOST_REQUIRE(c.words.encode(context, alone, {.special = false}));
    for (const int longest : {1, 3, 15}) {
        answerer a(*c.weights, c.words, 70, {.longest = longest});
        const auto found = a.answer(question, context);
        BOOST_REQUIRE_MESSAGE(found, why(found));
        const best_span best = by_hand(c, longest);
        BOOST_TEST(std::abs(found->score - best.score) < 1e-5);
        BOOST_TEST(found->begin <= alone.offsets[std::size_t(best.first)][0]);
        BOOST_TEST(found->end >= alone.offsets[std::size_t(best.last)][1]);
        BOOST_TEST(found->text == context.substr(std::size_t(found->begin), std::size_t(found->end - found->begin)));
        BOOST_TEST((found->begin == 0 ||
                    std::string_view(" .,").find(context[std::size_t(found->begin - 1)]) != std::string_view::npos ||
                    std::string_view(".,").find(context[std::size_t(found->begin)]) != std::string_view::npos));
    }
}

BOOST_AUTO_TEST_CASE(a_long_context_is_read_window_by_window) {
    const checkpoint<model> c("bert_answer");
    answerer whole(*c.weights, c.words, 70), windows(*c.weights, c.words, 24, {.overlap = 4}),
        one_step(*c.weights, c.words, 10, {.overlap = 1000});
    const std::string twice = std::string(context) + " " + std::string(context);
    for (auto* a : {&whole, &windows, &one_step}) {
        const auto found = a->answer(question, twice);
        BOOST_REQUIRE_MESSAGE(found, why(found));
        BOOST_TEST(found->score > 0);
        BOOST_TEST(found->text ==
                   std::string_view(twice).substr(std::size_t(found->begin), std::size_t(found->end - found->begin)));
    }
}

BOOST_AUTO_TEST_CASE(allocates_nothing_once_warm_and_says_no) {
    const checkpoint<model> c("bert_answer");
    answerer a(*c.weights, c.words, 30);
    BOOST_REQUIRE(a.answer(question, context));
    const long before = news();
    const bool good = a.answer(question, context).has_value();
    const long after = news();
    BOOST_TEST(good);
    BOOST_TEST(after == before);
    BOOST_TEST(why(a.answer(question, " ")) == "answer: the context has no words");
    BOOST_TEST(why(a.answer("\xff", context)) == "the question: wordpiece: the text is not UTF-8 at byte 0");
    BOOST_TEST(why(a.answer(question, "a\xff")) == "the context: wordpiece: the text is not UTF-8 at byte 1");
    answerer tiny(*c.weights, c.words, 6);
    BOOST_TEST(why(tiny.answer(question, context)) ==
               "answer: a question of 5 tokens leaves no room for a context, 6 tokens fit in all");
    c.weights->answer.bias.data[0] = std::nanf("");
    BOOST_TEST(why(a.answer(question, context)).starts_with("answer: the model's scores are not numbers"));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
