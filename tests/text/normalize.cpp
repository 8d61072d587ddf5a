#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

#include "constformer/text/normalize.hpp"

using namespace constformer;

namespace {
struct collector {
    std::u32string text;
    std::vector<int> sources;
    void operator()(char32_t point, unicode::properties, int source) {
        text += point;
        sources.push_back(source);
    }
};
collector normalized(std::u32string_view text, const normalization& steps = {}) {
    collector out;
    std::vector<waiting_mark> pile;
    normalizer n(steps, pile, out);
    for (std::size_t i = 0; i < text.size(); ++i) n.put(text[i], static_cast<int>(i));
    n.finish();
    return out;
}
bool gives(const collector& is, std::u32string_view text, const std::vector<int>& sources) {
    return is.text == text && is.sources == sources;
}
constexpr normalization nothing{false, false, false, false};
} // namespace

BOOST_AUTO_TEST_SUITE(text_normalize)

BOOST_AUTO_TEST_CASE(no_step_changes_nothing) {
    const std::u32string_view text = U"A\u0301\0\u200D\u4E2D \u00C9\uFFFD";
    const auto out = normalized(text, nothing);
    BOOST_TEST((out.text == text));
    for (std::size_t i = 0; i < text.size(); ++i) BOOST_TEST(out.sources[i] == static_cast<int>(i));
}

BOOST_AUTO_TEST_CASE(each_step_alone) {
    using namespace std::string_view_literals;
    BOOST_TEST(gives(normalized(U"a\0\u200Db\uFFFD"sv, {true, false, false, false}), U"ab", {0, 3}));
    BOOST_TEST(gives(normalized(U"x\u4E2Dy", {false, true, false, false}), U"x \u4E2D y", {0, 1, 1, 1, 2}));
    BOOST_TEST(gives(normalized(U"\u00C9e\u0301", {false, false, true, false}), U"Ee", {0, 1}));
    BOOST_TEST(gives(normalized(U"\u00C9\u0130", {false, false, false, true}), U"\u00E9i\u0307", {0, 1, 1}));
}

BOOST_AUTO_TEST_CASE(steps_follow_each_other) {
    BOOST_TEST(gives(normalized(U"\u00C9\u0130"), U"ei", {0, 1}));              // stripped, then small
    BOOST_TEST(gives(normalized(U"\uF900"), U" \u8C48 ", {0, 0, 0}));           // set apart, then decomposed
    BOOST_TEST(gives(normalized(U"\uAC01"), U"\u1100\u1161\u11A8", {0, 0, 0})); // one syllable, three letters
    BOOST_TEST(gives(normalized(U"\u212A"), U"k", {0}));                        // the Kelvin sign
}

// U+1D165 is a combining character that is kept: it shows the canonical order of a pile.
BOOST_AUTO_TEST_CASE(kept_marks_are_put_in_order_and_sources_do_not_go_back) {
    const normalization strip{false, false, true, false};
    // Class 216 comes before 226, whatever the order in the text; sources stay where they were.
    BOOST_TEST(gives(normalized(U"a\U0001D16D\U0001D165", strip), U"a\U0001D165\U0001D16D", {0, 1, 2}));
    BOOST_TEST(gives(normalized(U"a\U0001D165\U0001D16D", strip), U"a\U0001D165\U0001D16D", {0, 1, 2}));
    // Of one class, the first stays the first.
    BOOST_TEST(gives(normalized(U"a\U0001D166\U0001D165", strip), U"a\U0001D166\U0001D165", {0, 1, 2}));
    // A dropped mark of a lower class moves to the front and takes the first source with it.
    BOOST_TEST(gives(normalized(U"a\U0001D165\u0334", strip), U"a\U0001D165", {0, 2}));
    // A base ends the pile.
    BOOST_TEST(gives(normalized(U"\U0001D16Db\U0001D165", strip), U"\U0001D16Db\U0001D165", {0, 1, 2}));
}

BOOST_AUTO_TEST_CASE(a_long_pile_of_marks_is_only_long) {
    std::u32string text = U"a";
    for (int i = 0; i < 100'000; ++i) text += i % 2 ? U'\u0323' : U'\U0001D165';
    const auto out = normalized(text);
    BOOST_TEST(out.text.size() == 50'001u);
    for (std::size_t i = 1; i < out.sources.size(); ++i) BOOST_REQUIRE(out.sources[i] > out.sources[i - 1]);
}

BOOST_AUTO_TEST_SUITE_END()
