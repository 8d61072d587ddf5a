#include <boost/test/unit_test.hpp>

#include "constformer/text/character_class.hpp"

using namespace constformer;
using unicode::character;

BOOST_AUTO_TEST_SUITE(text_character_class)

BOOST_AUTO_TEST_CASE(classes_of_code_points) {
    const auto is = [](char32_t point, character what) { return unicode::class_of(point) == what; };
    for (const char32_t letter : {U'a', U'Z', U'\u00AA', U'\u00E9', U'\u4E2D', U'\uD7A3', U'\U00020000', U'\U000323AF'})
        BOOST_TEST(is(letter, character::letter));
    for (const char32_t number : {U'0', U'9', U'\u00BD', U'\u0661', U'\u2167', U'\u3007', U'\U0001D7CE'})
        BOOST_TEST(is(number, character::number));
    for (const char32_t space : {U' ', U'\t', U'\n', U'\u0085', U'\u00A0', U'\u2003', U'\u3000'})
        BOOST_TEST(is(space, character::space));
    for (const char32_t other : {U'\0', U'_', U'\'', U'\u0301', U'\u200B', U'\uE000', U'\U0001F600', U'\U0010FFFF'})
        BOOST_TEST(is(other, character::other));
    // The same white space as everywhere else.
    for (char32_t c = 0; c < 0x110000; ++c)
        BOOST_REQUIRE(is(c, character::space) == unicode::properties_of(c).is(unicode::tables::space));
}

BOOST_AUTO_TEST_CASE(numbers_that_regular_expressions_do_not_know) {
    BOOST_TEST(unicode::is_numeric(U'7'));
    BOOST_TEST(unicode::is_numeric(U'\u00BD'));
    BOOST_TEST(!unicode::is_numeric(U'a'));
    BOOST_TEST(unicode::is_numeric(U'\U00011DE0'));
    BOOST_TEST((unicode::class_of(U'\U00011DE0') == character::other));
}

BOOST_AUTO_TEST_CASE(runs_end_where_the_class_changes) {
    const std::string_view text = "ab\xC3\xA9\xE4\xB8\xAD"
                                  "12 x";
    BOOST_TEST(unicode::end_of_run(text, 0, character::letter) == 7u);
    BOOST_TEST(unicode::end_of_run(text, 7, character::number) == 9u);
    BOOST_TEST(unicode::end_of_run(text, 7, character::letter) == 7u);
    BOOST_TEST(unicode::end_of_run(text, 10, character::letter) == text.size());
    BOOST_TEST(unicode::end_of_run(text, text.size(), character::letter) == text.size());
    BOOST_TEST(unicode::class_at(text, 2).bytes == 2);
    BOOST_TEST(unicode::class_at(text, 4).bytes == 3);
}

BOOST_AUTO_TEST_SUITE_END()
