#include "tests/tasks/support.hpp"

#include "constformer/tasks/zero_shot.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

using model = bert_sequence_classifier<tiny::bert_sequence>; // three labels: here entailment is the last, or the first

struct fixture {
    checkpoint<model> c{"bert_sequence"};
    std::vector<std::string_view> topics{"food", "a cat", "the sun", "day"};

    std::vector<float> alone(std::string_view text, std::string_view hypothesis) const {
        encoding tokens;
        BOOST_REQUIRE(c.words.encode(text, hypothesis, tokens));
        return c.template forward<model::outputs>(tokens, 1);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tasks_zero_shot, fixture)

BOOST_AUTO_TEST_CASE(scores_are_of_entailment) {
    const std::string_view text = "how do plants make food";
    for (const auto [entails, contradicts] : {entailment_labels{2, 0}, entailment_labels{0, 2}}) {
        std::vector<float> yes, no;
        for (const auto topic : topics) {
            const auto y = alone(text, "it is " + std::string(topic) + "!");
            yes.push_back(y[std::size_t(entails)]), no.push_back(y[std::size_t(contradicts)]);
        }
        const auto one = softmax(yes.data(), int(yes.size()));
        for (const bool several : {false, true}) {
            zero_shot z(*c.weights, c.words, {entails, contradicts}, 64,
                        {.several = several, .hypothesis = "it is {}!"});
            const auto found = z.classify(text, topics);
            BOOST_REQUIRE_MESSAGE(found, why(found));
            BOOST_REQUIRE(found->size() == topics.size());
            float before = 2;
            for (const scored_label& l : *found) {
                const auto i = std::size_t(l.label);
                BOOST_TEST(l.name == topics[i]);
                const double wanted = several ? 1 / (1 + std::exp(double(no[i]) - yes[i])) : one[i];
                BOOST_TEST(std::abs(l.score - wanted) < 1e-6);
                BOOST_TEST(l.score <= before);
                before = l.score;
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(entailment_is_found_by_its_name) {
    constexpr std::string_view usual[] = {"contradiction", "neutral", "entailment"}, first[] = {"ENTAILMENT", "no"},
                               none[] = {"negative", "ent", "positive"}, one[] = {"entailment"};
    static_assert(find_entailment(usual).entails == 2 && find_entailment(usual).contradicts == 0);
    static_assert(find_entailment(first).entails == 0 && find_entailment(first).contradicts == 1);
    static_assert(find_entailment(none).entails == -1 && find_entailment(one).entails == -1);
    BOOST_TEST(find_entailment({}).entails == -1);
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    const auto asked = [&](entailment_labels which, std::string_view text, std::span<const std::string_view> labels,
                           zero_shot_options options = {}) {
        zero_shot z(*c.weights, c.words, which, 24, options);
        return why(z.classify(text, labels));
    };
    const std::span<const std::string_view> all(topics);
    BOOST_TEST(asked({2, 0}, "a", all) == "");
    BOOST_TEST(asked({2, 0}, "a", {}) == "zero_shot: no label was given");
    BOOST_TEST(asked({-1, -1}, "a", all) == "zero_shot: the model has no label of entailment, or none beside it");
    BOOST_TEST(asked({3, 0}, "a", all) == "zero_shot: the model has no label of entailment, or none beside it");
    BOOST_TEST(asked({2, 0}, "a", all, {.hypothesis = "x"}) ==
               "zero_shot: the hypothesis x has no {}, where the label goes");
    BOOST_TEST(asked({2, 0}, "\xff", all) == "label 1: wordpiece: the text is not UTF-8 at byte 0");
    const std::string_view longer = "the cat the cat the cat the cat the cat the cat the cat";
    BOOST_TEST(asked({2, 0}, longer, all).starts_with("label 1: wordpiece: "));
    BOOST_TEST(asked({2, 0}, longer, all, {.truncate = true}) == "");
    c.weights->classifier.bias.data[1] = NAN;
    BOOST_TEST(asked({2, 0}, "a", all) == "label: the model's scores are not numbers: its weights are damaged");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
