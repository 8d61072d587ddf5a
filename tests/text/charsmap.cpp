#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "constformer/text/charsmap.hpp"

using namespace constformer;

namespace {
// A charsmap that replaces single bytes: a child of the root each, a leaf each.
std::string made(std::string_view keys, std::string_view text) {
    std::vector<std::uint32_t> units(1024);
    units[0] = 256u << 10;
    for (const char key : keys) {
        const auto c = static_cast<unsigned char>(key);
        units[256u ^ c] = (256u ^ c ^ 512u) << 10 | 1u << 8 | c;
    }
    units[512] = 1u << 31;
    std::string out;
    const auto put = [&](std::uint32_t n) {
        for (int i = 0; i < 4; ++i) out += static_cast<char>(n >> 8 * i & 255);
    };
    put(4096);
    for (const auto unit : units) put(unit);
    return out.append(text) + '\0';
}
std::string done(std::string_view map, std::string_view text) {
    normal_text t;
    t.start(text, 0);
    text_steps::charsmap(t, {&text_steps::charsmap, map});
    std::string out(t.text());
    out += '|';
    for (const int p : t.places) out += std::to_string(p);
    return out;
}
std::string graphemes(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at != text.size();) {
        const auto end = detail::end_of_grapheme(text, at);
        out.append("[").append(text.substr(at, end - at)).append("]");
        at = end;
    }
    return out;
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_charsmap)

BOOST_AUTO_TEST_CASE(replacing) {
    BOOST_TEST(done(made("a", "XY"), "cab") == "cXYb|0112");
    BOOST_TEST(done(made("a", ""), "cab") == "cb|02");
    BOOST_TEST(done(made("a", "X"), "bc") == "bc|01");
    BOOST_TEST(done(made("a", "X"), "") == "|");
    // A grapheme is known by its beginning, and goes as a whole.
    BOOST_TEST(done(made("a", "X"), "a\xCC\x81"
                                    "b") == "Xb|02");
    BOOST_TEST(done(made("a", "X"), "a\xCC\x81\xCC\x81\xCC\x81") ==
               "X\xCC\x81\xCC\x81\xCC\x81|0112233"); // of seven bytes, not
}

BOOST_AUTO_TEST_CASE(where_graphemes_end) {
    BOOST_TEST(graphemes("ab\r\n\rc") == "[a][b][\r\n][\r][c]");
    BOOST_TEST(graphemes("e\xCC\x81\xCC\xA3x") == "[e\xCC\x81\xCC\xA3][x]");
    BOOST_TEST(graphemes("\n\xCC\x81") == "[\n][\xCC\x81]");
    BOOST_TEST(graphemes("\xD8\x80"
                         "a") == "[\xD8\x80"
                                 "a]"); // a prefix of numbers
    BOOST_TEST(graphemes("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8") ==
               "[\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8]"); // one syllable
    BOOST_TEST(graphemes("\xE1\x86\xA8\xE1\x84\x80") == "[\xE1\x86\xA8][\xE1\x84\x80]");
    BOOST_TEST(graphemes("") == "");
}

BOOST_AUTO_TEST_CASE(sizes_are_checked) {
    BOOST_TEST(check_charsmap(made("a", "X")).has_value());
    const auto refusal = [](std::string_view data) { return std::string(check_charsmap(data).error().what()); };
    BOOST_TEST(refusal("") == "charsmap: 0 bytes cannot hold a trie of 0 bytes");
    BOOST_TEST(refusal(std::string_view("\x08\0\0\0abcd", 8)) == "charsmap: 8 bytes cannot hold a trie of 8 bytes");
    BOOST_TEST(refusal(std::string_view("\x03\0\0\0abcd", 8)) == "charsmap: 8 bytes cannot hold a trie of 3 bytes");
}

// Whatever its bytes are, nothing is read outside of it and what comes out is UTF-8.
BOOST_AUTO_TEST_CASE(damaged_maps_do_no_harm) {
    std::mt19937 random(2);
    for (int round = 0; round < 3000; ++round) {
        std::string map = made("abc", "X\xC3\xA9");
        if (round % 2)
            for (std::size_t i = 4; i < map.size(); ++i) map[i] = static_cast<char>(random());
        else
            for (int n = 0; n < 40; ++n) map[4 + random() % (map.size() - 4)] = static_cast<char>(random());
        normal_text t;
        t.start("abc \xE4\xB8\xAD\xCC\x81 cab", 0);
        text_steps::charsmap(t, {&text_steps::charsmap, map});
        BOOST_REQUIRE(unicode::valid_bytes(t.text()) == t.text().size());
        BOOST_REQUIRE(t.places.size() == t.bytes.size());
    }
}

BOOST_AUTO_TEST_SUITE_END()
