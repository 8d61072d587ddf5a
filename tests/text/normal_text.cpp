#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "constformer/text/normal_text.hpp"

using namespace constformer;

namespace {
// What a step makes of a text: "text|places", a place for each byte.
std::string done(std::string_view text, text_step step, int place = 0) {
    normal_text t;
    t.start(text, place);
    step.run(t, step);
    BOOST_REQUIRE(t.bytes.size() == t.places.size());
    std::string out(t.text());
    out += '|';
    for (const int p : t.places) out += std::to_string(p);
    return out;
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_normal_text)

BOOST_AUTO_TEST_CASE(bytes_know_their_code_points) {
    normal_text t;
    t.start("a\xC3\xA9"
            "b",
            4);
    BOOST_TEST(t.places == (std::vector<int>{4, 5, 5, 6}), boost::test_tools::per_element());
    BOOST_TEST(!t.is_ascii());
    const int from[] = {7, 9};
    t.start("xy", from);
    BOOST_TEST(t.places == (std::vector<int>{7, 9}), boost::test_tools::per_element());
    BOOST_TEST(t.is_ascii());
}

BOOST_AUTO_TEST_CASE(letters) {
    BOOST_TEST(done("A\xC3\x89"
                    "b",
                    {&text_steps::lowercase}) == "a\xC3\xA9"
                                                 "b|0112");
    BOOST_TEST(done("\xC4\xB0", {&text_steps::lowercase}) == "i\xCC\x87|000"); // one becomes two
    BOOST_TEST(done("\xC3\x89\x01 A\xE4\xB8\xAD", {&text_steps::bert}) == "e a \xE4\xB8\xAD |02344444");
}

BOOST_AUTO_TEST_CASE(replacing) {
    BOOST_TEST(done("a b c", {&text_steps::replace, " ", "--"}) == "a--b--c|0112334");
    BOOST_TEST(done("``x``", {&text_steps::replace, "``", "\""}) == "\"x\"|124"); // of the last that is replaced
    BOOST_TEST(done("abc", {&text_steps::replace, "x", "y"}) == "abc|012");
    BOOST_TEST(done("aaa", {&text_steps::replace, "aa", ""}) == "a|2");
    BOOST_TEST(done("a  b c   ", {&text_steps::squeeze_spaces, {}, "_"}) == "a_b c_|023458");
    BOOST_TEST(done("", {&text_steps::squeeze_spaces, {}, "_"}) == "|");
    BOOST_TEST(done("a \t\xC2\xA0"
                    "b",
                    {&text_steps::squeeze_white_space, {}, " "}) == "a b|034");
}

BOOST_AUTO_TEST_CASE(both_ends) {
    BOOST_TEST(done(" \t a ", {&text_steps::strip_left}) == "a |34");
    BOOST_TEST(done(" a \n", {&text_steps::strip_right}) == " a|01");
    BOOST_TEST(done("  ", {&text_steps::strip_left}) == "|");
    BOOST_TEST(done("ab", {&text_steps::prepend, {}, "_"}, 3) == "_ab|334");
    BOOST_TEST(done("_b", {&text_steps::prepend, {}, "_"}) == "__b|001");
    BOOST_TEST(done("", {&text_steps::prepend, {}, "_"}) == "|");
    BOOST_TEST(done("_b", {&text_steps::prefix, {}, "_"}) == "_b|01");
    BOOST_TEST(done("b", {&text_steps::prefix, {}, "_"}, 2) == "_b|22");
    BOOST_TEST(done("b", {&text_steps::prefix_first, {}, "_"}, 2) == "b|2");
    BOOST_TEST(done("b", {&text_steps::prefix_first, {}, "_"}) == "_b|00");
}

BOOST_AUTO_TEST_CASE(changes_move_places) {
    normal_text t;
    t.start("abcd", 0);
    t.changes = {{U'x', 0}, {U'y', 1}, {U'z', -2}}; // a becomes xy, bcd becomes z
    t.apply();
    BOOST_TEST(t.text() == "xyz");
    BOOST_TEST(t.places == (std::vector<int>{0, 0, 1}), boost::test_tools::per_element());
    t.changes = {{U'q', 0}, {U'q', 0}, {U'q', 0}, {U'q', 0}}; // more than there are
    t.apply();
    BOOST_TEST(t.places == (std::vector<int>{0, 0, 1, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
