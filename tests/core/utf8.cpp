#include <boost/test/unit_test.hpp>

#include "constformer/core/utf8.hpp"

#include <string>
#include <string_view>

using namespace constformer;

namespace {
// UTF-8 as its definition says it: the shortest form of a scalar value. Slow, and another way than the library's.
bool is_utf8(std::string_view s) {
    for (std::size_t i = 0; i < s.size();) {
        const auto lead = static_cast<unsigned char>(s[i]);
        const int bytes = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
        if (bytes == 0 || i + static_cast<std::size_t>(bytes) > s.size()) return false;
        char32_t point = bytes == 1 ? lead : lead & (0x7F >> bytes);
        for (int k = 1; k < bytes; ++k) {
            const auto next = static_cast<unsigned char>(s[i + static_cast<std::size_t>(k)]);
            if (next >> 6 != 2) return false;
            point = point << 6 | (next & 0x3F);
        }
        const char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (point < least[bytes] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
        i += static_cast<std::size_t>(bytes);
    }
    return true;
}
} // namespace

BOOST_AUTO_TEST_SUITE(core_utf8)

BOOST_AUTO_TEST_CASE(what_is_not_utf8_is_found_where_it_begins) {
    // Each lead byte with each second byte and with what decides: nothing, ASCII, a continuation byte, two, three.
    const std::string_view tails[] = {"", "a", "\x80", "\xBF\x80", "\x80\xBF\x80"};
    for (int lead = 0; lead < 256; ++lead)
        for (int second = 0; second < 256; ++second)
            for (const auto tail : tails) {
                std::string text = "ok\xC3\xA9";
                text += static_cast<char>(lead);
                text += static_cast<char>(second);
                text += tail;
                const auto valid = unicode::valid_bytes(text);
                BOOST_REQUIRE(valid >= 4);
                BOOST_REQUIRE(is_utf8(std::string_view(text).substr(0, valid)));
                BOOST_REQUIRE_EQUAL(valid == text.size(), is_utf8(text));
                // Where it stops, no longer beginning is valid.
                for (auto n = valid + 1; n <= text.size(); ++n)
                    BOOST_REQUIRE(!is_utf8(std::string_view(text).substr(0, n)));
            }
}

BOOST_AUTO_TEST_CASE(nothing_is_valid) { BOOST_TEST(unicode::valid_bytes("") == 0u); }

BOOST_AUTO_TEST_SUITE_END()
