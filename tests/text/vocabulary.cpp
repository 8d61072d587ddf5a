#include <boost/test/unit_test.hpp>

#include <string>

#include "constformer/text/vocabulary.hpp"

using namespace constformer;

namespace {
int whole(const vocabulary& v, std::string_view s) { return v.find(s.data(), s.size(), vocabulary::whole); }
int more(const vocabulary& v, std::string_view s) { return v.find(s.data(), s.size(), vocabulary::continuing); }
std::string complaint(std::string_view lines) {
    const auto v = vocabulary::from_lines(lines, "##");
    return v ? "" : std::string(v.error().what());
}
int apart(const vocabulary& v, std::string_view s) { return v.find(s.data(), s.size(), vocabulary::apart); }
} // namespace

BOOST_AUTO_TEST_SUITE(text_vocabulary)

BOOST_AUTO_TEST_CASE(tokens_after_the_pieces_are_found_by_id_alone) {
    const auto v = vocabulary::from_lines("a\n##b\nNew York\n##c\n", "##", 2);
    BOOST_REQUIRE(v);
    BOOST_TEST(v->size() == 4);
    BOOST_TEST(v->id("New York") == 2);
    BOOST_TEST(whole(*v, "New York") == -1);
    BOOST_TEST(apart(*v, "New York") == 2);
    BOOST_TEST(apart(*v, "a") == -1);
    BOOST_TEST(more(*v, "b") == 1);
    BOOST_TEST(more(*v, "c") == -1); // nor does it continue a word
    BOOST_TEST(v->id("##c") == 3);
    BOOST_TEST(v->longest(vocabulary::whole) == 3);
    const auto twice = vocabulary::from_lines("a\nb\na\n", "##", 2);
    BOOST_TEST((!twice && twice.error().what() == "vocabulary: line 3 repeats the token a of line 1"));
}

BOOST_AUTO_TEST_CASE(tokens_have_the_numbers_of_their_lines) {
    const auto v = vocabulary::from_lines("a\n##b\nab \r\n\n\xC3\xA9\n##", "##"); // white space, an empty line, no end
    BOOST_REQUIRE(v);
    BOOST_TEST(v->size() == 6);
    BOOST_TEST(v->token(2) == "ab");
    BOOST_TEST(v->token(3) == "");
    BOOST_TEST(v->token(-1) == "");
    BOOST_TEST(v->token(6) == "");
    BOOST_TEST(v->id("ab") == 2);
    BOOST_TEST(v->id("\xC3\xA9") == 4);
    BOOST_TEST(v->id("##b") == 1);
    BOOST_TEST(v->id("##") == 5);
    BOOST_TEST(v->id("b") == -1);
    BOOST_TEST(v->id("") == -1);
}

BOOST_AUTO_TEST_CASE(pieces_at_the_beginning_and_inside_of_words_differ) {
    const auto v = vocabulary::from_lines("b\n##b\n##cd", "##");
    BOOST_REQUIRE(v);
    BOOST_TEST(whole(*v, "b") == 0);
    BOOST_TEST(more(*v, "b") == 1);
    BOOST_TEST(whole(*v, "cd") == -1);
    BOOST_TEST(more(*v, "cd") == 2);
    BOOST_TEST(v->longest(vocabulary::continuing) == 2);
    BOOST_TEST(v->longest(vocabulary::whole) == 4); // "##cd" is itself a text
}

BOOST_AUTO_TEST_CASE(every_length_is_found_and_nothing_else) {
    std::string lines;
    for (int n = 1; n < 70; ++n) lines += std::string(static_cast<std::size_t>(n), 'x') + "y\n";
    for (int n = 0; n < 5000; ++n) lines += "t" + std::to_string(n) + "\n";
    const auto v = vocabulary::from_lines(lines, "##");
    BOOST_REQUIRE(v);
    for (int id = 0; id < v->size(); ++id) {
        const std::string token(v->token(id));
        BOOST_REQUIRE_EQUAL(v->id(token), id);
        BOOST_REQUIRE_EQUAL(v->id(token + "z"), -1);
        BOOST_REQUIRE_EQUAL(more(*v, token), -1);
    }
}

BOOST_AUTO_TEST_CASE(bad_vocabularies_are_refused_in_a_sentence) {
    BOOST_TEST(complaint("") == "vocabulary: no line, at least one token is needed");
    BOOST_TEST(complaint("a\nb\na\n") == "vocabulary: line 3 repeats the token a of line 1");
    BOOST_TEST(complaint("a\nb\xFF\n") == "vocabulary: line 2 is not UTF-8");
    BOOST_TEST(complaint("a\n\n\nb") == ""); // empty lines are numbers that no text has
}

BOOST_AUTO_TEST_SUITE_END()
