#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "constformer/text/bpe.hpp"
#include "constformer/text/token_stream.hpp"

using namespace constformer;

namespace {
const std::string unknown = "\xEF\xBF\xBD";

// A tokenizer whose id i is byte i.
bpe of_bytes() {
    std::vector<std::string> bytes;
    token_data data;
    for (unsigned c = 0; c < 256; ++c) bytes.emplace_back(1, static_cast<char>(c));
    for (const auto& byte : bytes) data.tokens.push_back({byte});
    data.tokens.push_back({"<end>", false});
    data.added = {{256, {.text = "<end>"}}};
    auto t = bpe::from_data(data, {.bytes = true});
    BOOST_REQUIRE(t);
    return std::move(*t);
}
// What each id gives, and what is left, with a bar behind each.
template <class Tokenizer> std::string parts(const Tokenizer& t, const std::vector<int>& ids,
                                             stream_options options = {}) {
    token_stream stream(t, options);
    std::string out;
    for (const int id : ids) out.append(stream.push(id)).append("|");
    return out.append(stream.finish());
}
bpe with_marks(const subword_config& config) {
    std::vector<std::string> texts{"\xE2\x96\x81",
                                   "\xE2\x96\x81"
                                   "a",
                                   "b",
                                   "a\xE2\x96\x81\xE2\x96\x81"
                                   "b"};
    for (unsigned c = 0; c < 256; ++c) {
        const auto written = byte_token(static_cast<unsigned char>(c));
        texts.emplace_back(written.data(), written.size());
    }
    token_data data;
    for (const auto& text : texts) data.tokens.push_back({text});
    auto t = bpe::from_data(data, config);
    BOOST_REQUIRE(t);
    return std::move(*t);
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_token_stream)

BOOST_AUTO_TEST_CASE(characters_come_when_they_are_whole) {
    const auto t = of_bytes();
    BOOST_TEST(parts(t, {'a', 0xC3, 0xA9, 'b'}) == "a||\xC3\xA9|b|");
    BOOST_TEST(parts(t, {0xF0, 0x9F, 0x98, 0x80}) == "|||\xF0\x9F\x98\x80|");
    BOOST_TEST(parts(t, {}) == "");
    BOOST_TEST(parts(t, {-1, 257, 'a'}) == "||a|");
    BOOST_TEST(parts(t, {'a', 256, 'b'}) == "a||b|");
    BOOST_TEST(parts(t, {'a', 256, 'b'}, {.skip_special = false}) == "a|<end>|b|");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_character_are_replaced) {
    const auto t = of_bytes();
    BOOST_TEST(parts(t, {0xFF, 'a'}) == unknown + "|a|");
    BOOST_TEST(parts(t, {0xE4, 0xB8}) == "||" + unknown);
    BOOST_TEST(parts(t, {0xE4, 0xB8, 'x'}) == "||" + unknown + "x|"); // two bytes that might have become one: one
    BOOST_TEST(parts(t, {0xE0, 0x80}) == "|" + unknown + unknown + "|");
    BOOST_TEST(parts(t, {0xED, 0xA0, 0x80}) == "|" + unknown + unknown + "|" + unknown + "|");
    BOOST_TEST(parts(t, {0xC3, 0xC3, 0xA9}) == "|" + unknown + "|\xC3\xA9|");
    BOOST_TEST(t.decode(std::vector<int>{0xF0, 0x9F, 'x', 0xC0, 0xAF}) == unknown + "x" + unknown + unknown);
}

BOOST_AUTO_TEST_CASE(marks_are_spaces) {
    const auto keep = with_marks({.unknown = 0, .decode = {.marks = true}});
    BOOST_TEST(parts(keep, {1, 2, 0, 3}) == " a|b| |a  b|");
    const auto space = with_marks({.unknown = 0, .decode = {.marks = true, .first = first_token::drop_space}});
    BOOST_TEST(parts(space, {0, 1, 2}) == "| a|b|");
    BOOST_TEST(parts(space, {0, 1}, {.continues = true}) == " | a|");
    const auto marks = with_marks({.unknown = 0, .decode = {.marks = true, .first = first_token::drop_marks}});
    BOOST_TEST(parts(marks, {3, 1}) == "ab| a|");
    BOOST_TEST(parts(marks, {3, 1}, {.continues = true}) == "a  b| a|");
    BOOST_TEST(space.decode(std::vector<int>{0, 1, 2}) == " ab");
}

BOOST_AUTO_TEST_CASE(tokens_that_are_bytes) {
    const auto t = with_marks({.unknown = 0, .byte_fallback = true, .decode = {.marks = true, .bytes = true}});
    const auto byte = [](int c) { return 4 + c; };
    BOOST_TEST(parts(t, {byte(0xC3), byte(0xA9), 2}) == "|\xC3\xA9|b|");
    BOOST_TEST(parts(t, {byte(0xC3), 2}) == "|" + unknown + "b|");
    BOOST_TEST(parts(t, {byte(0xC3)}) == "|" + unknown);
    // As a whole the package replaces each byte of a run that is no text; a stream has given its beginning out already.
    BOOST_TEST(t.decode(std::vector<int>{byte('x'), byte(0xFF), 2}) == unknown + unknown + "b");
    BOOST_TEST(parts(t, {byte('x'), byte(0xFF), 2}) == "x|" + unknown + "|b|");
    const auto not_decoded = with_marks({.unknown = 0, .byte_fallback = true, .decode = {.marks = true}});
    BOOST_TEST(parts(not_decoded, {byte('x')}) == "<0x78>|");
}

BOOST_AUTO_TEST_CASE(words_that_end_have_a_space_between) {
    token_data data;
    data.tokens = {{"a"}, {"b</w>"}, {"c</w>"}};
    const auto t = bpe::from_data(data, {.word_end = "</w>"});
    BOOST_REQUIRE(t);
    BOOST_TEST(parts(*t, {0, 1, 2}) == "a|b| c|");
    BOOST_TEST(t->decode(std::vector<int>{2, 0}) == "c a");
}

BOOST_AUTO_TEST_SUITE_END()
