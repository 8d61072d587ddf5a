#include "tests/tasks/support.hpp"

#include "constformer/tasks/classify.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {
using model = bert_sequence_classifier<tiny::bert_sequence>;
constexpr std::string_view names[] = {"negative", "neutral", "positive"};
} // namespace

BOOST_AUTO_TEST_SUITE(tasks_classify)

BOOST_AUTO_TEST_CASE(labels_come_by_score) {
    const checkpoint<model> c("bert_sequence");
    for (const std::string_view text : {"the cat", "how do plants make food", ""}) {
        const auto logits = c.forward<3>(c.encode(text), 1);
        const auto expected = softmax(logits.data(), 3);
        classifier k(*c.weights, c.words, names, 70);
        const auto found = k.classify(text);
        BOOST_REQUIRE_MESSAGE(found, why(found));
        BOOST_REQUIRE(found->size() == 3u);
        for (const scored_label& l : *found) {
            BOOST_TEST(std::abs(l.score - expected[std::size_t(l.label)]) < 1e-5);
            BOOST_TEST(l.name == names[l.label]);
        }
        BOOST_TEST((*found)[0].score >= (*found)[1].score);
        BOOST_TEST((*found)[1].score >= (*found)[2].score);
        classifier each(*c.weights, c.words, {}, 70, {.how = scoring::sigmoid}),
            raw(*c.weights, c.words, std::span(names).first(1), 70, {.how = scoring::none});
        const auto sigmoids = each.classify(text), numbers = raw.classify(text);
        BOOST_REQUIRE((sigmoids && numbers));
        for (const scored_label& l : *sigmoids)
            BOOST_TEST(std::abs(l.score - 1 / (1 + std::exp(-double(logits[std::size_t(l.label)])))) < 1e-5);
        for (const scored_label& l : *numbers) {
            BOOST_TEST(std::abs(l.score - logits[std::size_t(l.label)]) < 1e-4);
            BOOST_TEST(l.name == (l.label == 0 ? "negative" : ""));
        }
    }
}

BOOST_AUTO_TEST_CASE(pairs_are_two_segments) {
    const checkpoint<model> c("bert_sequence");
    classifier k(*c.weights, c.words, names, 70);
    encoding pair;
    BOOST_REQUIRE(c.words.encode("the cat", "a mat", pair));
    const auto expected = softmax(c.forward<3>(pair, 1).data(), 3);
    const auto found = k.classify("the cat", "a mat");
    BOOST_REQUIRE_MESSAGE(found, why(found));
    for (const scored_label& l : *found) BOOST_TEST(std::abs(l.score - expected[std::size_t(l.label)]) < 1e-5);
}

BOOST_AUTO_TEST_CASE(allocates_nothing_once_warm_and_says_no) {
    const checkpoint<model> c("bert_sequence");
    classifier k(*c.weights, c.words, names, 8);
    BOOST_REQUIRE(k.classify("how do plants make food"));
    const long before = news();
    const bool good = k.classify("how do plants make food").has_value() && k.classify("the cat").has_value();
    const long after = news();
    BOOST_TEST(good);
    BOOST_TEST(after == before);
    BOOST_TEST(why(k.classify("the cat the cat the cat the cat")) == "wordpiece: 10 tokens, at most 8 fit");
    BOOST_TEST(why(k.classify("\xff")) == "wordpiece: the text is not UTF-8 at byte 0");
    classifier cut(*c.weights, c.words, names, 8, {.truncate = true});
    BOOST_TEST(cut.classify("the cat the cat the cat the cat").has_value());
    c.weights->classifier.bias.data[1] = std::nanf("");
    BOOST_TEST(why(k.classify("a")).starts_with("classify: the model's scores are not numbers"));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
