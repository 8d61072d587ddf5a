#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

#include "constformer/text/unicode.hpp"

using namespace constformer;
namespace tables = unicode::tables;

namespace {
bool surrogate(char32_t c) { return c >= 0xD800 && c < 0xE000; }
} // namespace

BOOST_AUTO_TEST_SUITE(text_unicode)

BOOST_AUTO_TEST_CASE(every_code_point_survives_utf8) {
    for (char32_t c = 0; c < 0x110000; ++c) {
        char bytes[4];
        const int n = unicode::encode(c, bytes);
        const std::string_view text(bytes, static_cast<std::size_t>(n));
        if (surrogate(c)) {
            BOOST_REQUIRE_EQUAL(unicode::valid_bytes(text), 0u);
            continue;
        }
        BOOST_REQUIRE_EQUAL(unicode::valid_bytes(text), text.size());
        const auto back = unicode::decode(bytes);
        BOOST_REQUIRE(back.point == c && back.bytes == n);
    }
}

BOOST_AUTO_TEST_CASE(properties_are_those_of_known_characters) {
    const auto has = [](char32_t c, int bit) { return unicode::properties_of(c).is(bit); };
    for (const char32_t c : {U' ', U'\t', U'\u00A0', U'\u3000', U'\u2028', U'\u0085'})
        BOOST_TEST(has(c, tables::space));
    for (const char32_t c :
         {U'\0', U'\u200D', U'\u00AD', U'\uFEFF', U'\uFFFD', U'\uE000', U'\U00100000', U'\U000E0001'})
        BOOST_TEST(has(c, tables::removed));
    for (const char32_t c : {U'$', U'`', U'\u00BF', U'\u3002', U'\u2014'}) BOOST_TEST(has(c, tables::punctuation));
    for (const char32_t c : {U'\u4E2D', U'\uF900', U'\U00020000', U'\U0002FA1D'}) BOOST_TEST(has(c, tables::ideograph));
    for (const char32_t c : {U'\u0301', U'\u0345', U'\u05B0', U'\U000E0100'}) BOOST_TEST(has(c, tables::mark));
    for (const char32_t c : {U'a', U'\u00DF', U'\uAC00', U'\u3042', U'\U0001F600', U'\u0660'}) {
        BOOST_TEST(!has(c, tables::removed | tables::space | tables::punctuation | tables::ideograph | tables::mark));
        BOOST_TEST(int{unicode::properties_of(c).combining_class} == 0);
    }
    BOOST_TEST(int{unicode::properties_of(U'\u0323').combining_class} == 220);
    BOOST_TEST(int{unicode::properties_of(U'\u0301').combining_class} == 230);
}

BOOST_AUTO_TEST_CASE(decomposition_and_lower_case_of_known_characters) {
    using parts = std::array<char32_t, 3>;
    BOOST_TEST((unicode::decompose(U'\u00E9') == parts{U'e'})); // the accent is left out
    BOOST_TEST((unicode::decompose(U'\u1EBF') == parts{U'e'})); // to the end, not one step
    BOOST_TEST((unicode::decompose(U'\uAC01') == parts{0x1100, 0x1161, 0x11A8}));
    BOOST_TEST((unicode::decompose(U'\uAC00') == parts{0x1100, 0x1161, 0}));
    BOOST_TEST((unicode::decompose(U'\u212B') == parts{U'A'}));
    BOOST_TEST((unicode::decompose(U'\uF900') == parts{0x8C48}));
    BOOST_TEST((unicode::decompose(U'\U0002FA1D') == parts{0x2A600}));
    using pair = std::array<char32_t, 2>;
    BOOST_TEST((unicode::lower(U'A') == pair{U'a'}));
    BOOST_TEST((unicode::lower(U'\u0416') == pair{0x0436}));
    BOOST_TEST((unicode::lower(U'\u0130') == pair{U'i', 0x0307}));
    BOOST_TEST((unicode::lower(U'\u1E9E') == pair{0x00DF}));
    BOOST_TEST((unicode::lower(U'\U00010400') == pair{0x10428}));
}

BOOST_AUTO_TEST_CASE(code_points_of_words) {
    for (const char32_t c :
         {U'a', U'Z', U'0', U'9', U'_', U'\u00E9', U'\u0301', U'\u0660', U'\u203F', U'\u200C', U'\u200D', U'\u2160',
          U'\u24B6', U'\u4E2D', U'\uAC00', U'\U0001F170', U'\U0002FA1D', U'\U000E0100'})
        BOOST_TEST(unicode::is_word(c), "U+" << std::hex << unsigned(c));
    for (const char32_t c : {U' ', U'/', U':', U'@', U'[', U'`', U'{', U'\u00BD', U'\u00B2', U'\u2014', U'\u200B',
                             U'\u3002', U'\u2615', U'\uE000', U'\uFFFD', U'\U0001F600', U'\U0010FFFF', U'\0'})
        BOOST_TEST(!unicode::is_word(c), "U+" << std::hex << unsigned(c));
    BOOST_TEST((unicode::begins_word("\xC3\xA9 ") && !unicode::begins_word(" a") && !unicode::begins_word("")));
    BOOST_TEST((unicode::ends_word(" \xE4\xB8\xAD") && !unicode::ends_word("a ") && !unicode::ends_word("")));
}

BOOST_AUTO_TEST_CASE(white_space_at_the_ends) {
    BOOST_TEST(unicode::space_at_begin(" \xE3\x80\x80\ta \n") == 5u);
    BOOST_TEST(unicode::space_at_end(" \xE3\x80\x80\ta \xC2\xA0") == 3u);
    BOOST_TEST(unicode::space_at_begin("\x1C ") == 0u);
    for (const std::string_view all : {"", " ", " \t\xE2\x80\xA8"}) {
        BOOST_TEST(unicode::space_at_begin(all) == all.size());
        BOOST_TEST(unicode::space_at_end(all) == all.size());
    }
}

// The tables agree with each other: a bit is set exactly where the mapping that it announces does something.
BOOST_AUTO_TEST_CASE(bits_announce_mappings) {
    int decomposing = 0, upper = 0;
    for (char32_t c = 0; c < 0x110000; ++c) {
        const auto known = unicode::properties_of(c);
        if (known.is(tables::decomposes)) {
            ++decomposing;
            for (const char32_t part : unicode::decompose(c))
                BOOST_REQUIRE(part != c && !unicode::properties_of(part).is(tables::decomposes));
        }
        const auto small = unicode::lower(c);
        BOOST_REQUIRE_EQUAL(known.is(tables::upper), small[0] != c);
        if (known.is(tables::upper)) {
            ++upper;
            BOOST_REQUIRE(unicode::lower(small[0])[0] == small[0]);
        }
    }
    BOOST_TEST(decomposing > 13000);
    BOOST_TEST(upper > 1400);
}

BOOST_AUTO_TEST_SUITE_END()
