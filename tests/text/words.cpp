#include <boost/test/unit_test.hpp>

#include <string>

#include "constformer/text/words.hpp"

using namespace constformer;

namespace {
// Tokens as "text(begin,end,word)".
struct fixture {
    vocabulary known =
        *vocabulary::from_lines("[U]\nun\n##do\n##doing\n##ing\ndo\n,\n\xC3\xA9\n##\xC3\xA9\nonly\n", "##", 9);
    encoding out;
    words to{{known, 0, 6}, out, 1};

    void text(std::u32string_view points, int source = 0) {
        for (const char32_t c : points) to(c, unicode::properties_of(c), source++);
        to.finish();
    }
    std::string said() const {
        std::string all;
        for (std::size_t i = 0; i < out.ids.size(); ++i) {
            BOOST_TEST(out.segments[i] == 1);
            all += std::string(known.token(out.ids[i])) + "(" + std::to_string(out.offsets[i][0]) + "," +
                   std::to_string(out.offsets[i][1]) + "," + std::to_string(out.words[i]) + ")";
        }
        return all;
    }
};
} // namespace

BOOST_AUTO_TEST_SUITE(text_words)

BOOST_FIXTURE_TEST_CASE(white_space_ends_a_word_and_punctuation_is_one, fixture) {
    text(U"do  undo,do");
    BOOST_TEST(said() == "do(0,2,0)un(4,6,1)##do(6,8,1),(8,9,2)do(9,11,3)");
}
BOOST_FIXTURE_TEST_CASE(the_longest_piece_comes_first_to_the_end_of_the_word, fixture) {
    text(U"undo un\u00E9 doing", 10);
    BOOST_TEST(said() == "un(10,12,0)##do(12,14,0)un(15,17,1)##\xC3\xA9(17,18,1)do(19,21,2)##ing(21,24,2)");
}
BOOST_FIXTURE_TEST_CASE(a_word_that_cannot_be_spelled_is_unknown_as_a_whole, fixture) {
    text(U"undx do ##do");
    BOOST_TEST(said() == "[U](0,4,0)do(5,7,1)[U](8,9,2)[U](9,10,3)do(10,12,4)");
}
BOOST_FIXTURE_TEST_CASE(a_token_that_is_no_piece_is_not_spelled_with, fixture) {
    BOOST_TEST(known.id("only") == 9);
    text(U"only");
    BOOST_TEST(said() == "[U](0,4,0)");
}
BOOST_FIXTURE_TEST_CASE(a_word_longer_than_may_be_is_unknown, fixture) {
    text(U"undodo undodod");
    BOOST_TEST(said() == "un(0,2,0)##do(2,4,0)##do(4,6,0)[U](7,14,1)");
}
BOOST_FIXTURE_TEST_CASE(finishing_twice_or_nothing_adds_nothing, fixture) {
    to.finish();
    text(U" \t");
    BOOST_TEST(said() == "");
    text(U"do");
    to.finish();
    to.whole(0, 7, 8); // what is no word of the text counts as one
    BOOST_TEST(said() == "do(0,2,0)[U](7,9,1)");
}

BOOST_AUTO_TEST_SUITE_END()
