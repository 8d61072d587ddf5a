#include "tests/tasks/support.hpp"

#include "constformer/tasks/tag.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {
using model = bert_token_classifier<tiny::bert_token>;
constexpr std::string_view names[] = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};
} // namespace

BOOST_AUTO_TEST_SUITE(tasks_tag)

BOOST_AUTO_TEST_CASE(every_token_and_every_word) {
    const checkpoint<model> c("bert_token", {.lowercase = false});
    tagger t(*c.weights, c.words, names, 70);
    const std::string_view text = "Anna sat, unsung";
    const encoding tokens = c.encode(text);
    const auto logits = c.forward<5>(tokens, tokens.size());
    const auto all = t.tag(text);
    BOOST_REQUIRE_MESSAGE(all, why(all));
    const std::vector<tagged> each(all->begin(), all->end());
    BOOST_REQUIRE(each.size() == std::size_t(tokens.size() - 2));
    for (std::size_t i = 0; i < each.size(); ++i) {
        const float* row = logits.data() + (i + 1) * 5;
        BOOST_TEST(each[i].label == int(std::max_element(row, row + 5) - row));
        BOOST_TEST(std::abs(each[i].score - softmax(row, 5)[std::size_t(each[i].label)]) < 1e-5);
        BOOST_TEST(each[i].name == names[each[i].label]);
        BOOST_TEST(each[i].text == text.substr(std::size_t(each[i].begin), std::size_t(each[i].end - each[i].begin)));
    }
    const auto words = t.tag_words(text);
    BOOST_REQUIRE_MESSAGE(words, why(words));
    const std::string_view expected[] = {"Anna", "sat", ",", "unsung"};
    BOOST_REQUIRE(words->size() == 4u);
    for (std::size_t i = 0; i < 4; ++i) {
        const tagged& w = (*words)[i];
        BOOST_TEST(w.text == expected[i]);
        BOOST_TEST(w.word == int(i));
        const auto first = std::find_if(each.begin(), each.end(), [&](const tagged& e) { return e.word == w.word; });
        BOOST_TEST(w.label == first->label);
        BOOST_TEST(w.score == first->score);
    }
    BOOST_TEST(t.tag("")->empty());
    BOOST_TEST(t.tag_words(" ")->empty());
}

BOOST_AUTO_TEST_CASE(allocates_nothing_once_warm_and_says_no) {
    const checkpoint<model> c("bert_token", {.lowercase = false});
    tagger t(*c.weights, c.words, {}, 12);
    BOOST_REQUIRE(t.tag_words("the cat sat"));
    const long before = news();
    const bool good = t.tag_words("the cat sat").has_value() && t.tag("a").has_value();
    const long after = news();
    BOOST_TEST(good);
    BOOST_TEST(after == before);
    BOOST_TEST((*t.tag("a"))[0].name == "");
    BOOST_TEST(!t.tag("the cat the cat the cat the cat the cat the cat"));
    BOOST_TEST(!t.tag_words("\xff"));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
