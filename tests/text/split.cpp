#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

#include "constformer/text/split.hpp"

using namespace constformer;

namespace {
// The pieces of a text, each in brackets; ends that are told must be where the text is done.
std::string pieces(splitter split, std::string_view text) {
    std::string out;
    std::size_t at = 0;
    while (true) {
        const auto [begin, end] = split(text, at);
        BOOST_REQUIRE((at <= begin && begin <= end && end <= text.size()));
        if (begin == end) break;
        out.append("[").append(text.substr(begin, end - begin)).append("]");
        at = end;
    }
    return out;
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_split)

BOOST_AUTO_TEST_CASE(gpt2) {
    const auto cut = [](std::string_view text) { return pieces(splits::gpt2, text); };
    BOOST_TEST(cut("") == "");
    BOOST_TEST(cut("Hello world") == "[Hello][ world]");
    BOOST_TEST(cut("it's they'll") == "[it]['s][ they]['ll]");
    BOOST_TEST(cut("IT'S 'x") == "[IT]['][S][ '][x]");
    BOOST_TEST(cut("a1b 22,3") == "[a][1][b][ 22][,][3]");
    BOOST_TEST(cut("a   b") == "[a][  ][ b]");
    BOOST_TEST(cut("a \n b") == "[a][ \n][ b]");
    BOOST_TEST(cut("a\nb") == "[a][\n][b]");
    BOOST_TEST(cut("a  ") == "[a][  ]");
    BOOST_TEST(cut("a\xC2\xA0"
                   "b") == "[a][\xC2\xA0][b]");
    BOOST_TEST(cut("!!'s") == "[!!'][s]");
    BOOST_TEST(cut(" caf\xC3\xA9\xCC\x81!") == "[ caf\xC3\xA9][\xCC\x81!]");
}

BOOST_AUTO_TEST_CASE(llama3_and_qwen2) {
    const auto cut = [](std::string_view text) { return pieces(splits::llama3, text); };
    BOOST_TEST(cut("IT'S they'Re '\xC5\xBF") == "[IT]['S][ they]['Re][ '][\xC5\xBF]");
    BOOST_TEST(cut("x'\xC5\xBF") == "[x]['\xC5\xBF]");
    BOOST_TEST(cut("12345") == "[123][45]");
    BOOST_TEST(pieces(splits::qwen2, "12345") == "[1][2][3][4][5]");
    BOOST_TEST(cut(" 12") == "[ ][12]");
    BOOST_TEST(cut("(word)\n\nnext") == "[(word][)\n\n][next]");
    BOOST_TEST(cut("\tword") == "[\tword]");
    BOOST_TEST(cut("\nword") == "[\n][word]");
    BOOST_TEST(cut("a \n \n  b") == "[a][ \n \n][ ][ b]");
    BOOST_TEST(cut("a  \t b") == "[a][  \t][ b]");
    BOOST_TEST(cut(" ?!\r\n x") == "[ ?!\r\n][ x]");
    BOOST_TEST(cut("a  ") == "[a][  ]");
    BOOST_TEST(cut("") == "");
}

BOOST_AUTO_TEST_CASE(clip_drops_white_space) {
    BOOST_TEST(pieces(splits::clip, "a photo's 12  x!? ") == "[a][photo]['s][1][2][x][!?]");
    BOOST_TEST(pieces(splits::clip, " \n ") == "");
}

BOOST_AUTO_TEST_CASE(digits) {
    BOOST_TEST(pieces(splits::each_digit, "ab12 3") == "[ab][1][2][ ][3]");
    BOOST_TEST(pieces(splits::numbers, "ab12 3\xC2\xBD") == "[ab][12][ ][3\xC2\xBD]");
    BOOST_TEST(pieces(splits::each_digit, "") == "");
}

BOOST_AUTO_TEST_CASE(white_space_words_and_marks) {
    BOOST_TEST(pieces(splits::white_space, "  a, b\xE3\x80\x80"
                                           "c ") == "[a,][b][c]");
    BOOST_TEST(pieces(splits::words, " a,b\xE2\x80\xA6 (c)") == "[a][,][b][\xE2\x80\xA6][(][c][)]");
    BOOST_TEST(pieces(splits::marks, "\xE2\x96\x81"
                                     "a\xE2\x96\x81\xE2\x96\x81"
                                     "b") == "[\xE2\x96\x81"
                                             "a][\xE2\x96\x81][\xE2\x96\x81"
                                             "b]");
    BOOST_TEST(pieces(splits::marks, "a b") == "[a b]");
    BOOST_TEST(pieces(splits::marks, "") == "");
}

BOOST_AUTO_TEST_SUITE_END()
