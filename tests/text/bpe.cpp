#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "constformer/text/bpe.hpp"

using namespace constformer;

namespace {
using token = std::tuple<int, int, int>;

std::vector<token> tokens(const bpe_model& model, std::string_view word) {
    std::vector<token> out;
    subword_work work;
    model.read(word, work, [&](int id, int begin, int end) { out.emplace_back(id, begin, end); });
    return out;
}
std::vector<token> tokens(const token_data& data, const subword_config& config, std::string_view word) {
    const auto model = bpe_model::from(data, config);
    BOOST_REQUIRE_MESSAGE(model, std::string(model ? "" : model.error().what()));
    return tokens(*model, word);
}
std::string refusal(const token_data& data, const subword_config& config) {
    const auto model = bpe_model::from(data, config);
    return std::string(model ? "" : model.error().what());
}
token_data letters() {
    token_data data;
    data.tokens = {{"<unk>"},
                   {"a"},
                   {"b"},
                   {"c"},
                   {"ab"},
                   {"abc"},
                   {"bc"},
                   {"\xE2\x96\x81"},
                   {"\xE2\x96\x81"
                    "a"}};
    data.merges = {{2, 3, 6}, {1, 2, 4}, {4, 3, 5}};
    return data;
}
// Letters with a token for each byte behind them, from number 9 on.
token_data letters_and_bytes(std::vector<std::string>& texts) {
    auto data = letters();
    texts.reserve(256);
    for (unsigned c = 0; c < 256; ++c) {
        const auto written = byte_token(static_cast<unsigned char>(c));
        data.tokens.push_back({texts.emplace_back(written.data(), written.size())});
    }
    return data;
}
using list = std::vector<token>;
} // namespace

BOOST_AUTO_TEST_SUITE(text_bpe)

BOOST_AUTO_TEST_CASE(ranks_decide_and_not_what_is_a_token) {
    BOOST_TEST((tokens(letters(), {}, "abc") == list{{1, 0, 1}, {6, 1, 3}}));
    BOOST_TEST((tokens(letters(), {.ignore_merges = true}, "abc") == list{{5, 0, 3}}));
    BOOST_TEST((tokens(letters(), {}, "abab") == list{{4, 0, 2}, {4, 2, 4}}));
    BOOST_TEST((tokens(letters(), {}, "") == list{}));
}

BOOST_AUTO_TEST_CASE(characters_without_a_token) {
    BOOST_TEST((tokens(letters(), {}, "xaby") == list{{4, 0, 2}})); // dropped; what is left moves up, as in the package
    BOOST_TEST((tokens(letters(), {.unknown = 0},
                       "x\xC3\xA9"
                       "a") == list{{0, 0, 1}, {0, 1, 3}, {1, 3, 4}}));
    BOOST_TEST((tokens(letters(), {.unknown = 0, .fuse_unknown = true},
                       "x\xC3\xA9"
                       "az") == list{{0, 0, 3}, {1, 3, 4}, {0, 4, 5}}));
    std::vector<std::string> texts;
    const auto data = letters_and_bytes(texts);
    BOOST_TEST((tokens(data, {.unknown = 0, .byte_fallback = true}, "a\xC3\xA9") ==
                list{{1, 0, 1}, {9 + 0xC3, 1, 2}, {9 + 0xA9, 2, 3}}));
}

BOOST_AUTO_TEST_CASE(bytes_are_symbols_of_their_own) {
    token_data data;
    data.tokens = {{"\xC3"}, {"\xA9"}, {"\xC3\xA9"}, {" "}, {" \xC3"}};
    data.merges = {{3, 0, 4}, {0, 1, 2}};
    BOOST_TEST((tokens(data, {.bytes = true}, "\xC3\xA9") == list{{2, 0, 2}}));
    BOOST_TEST((tokens(data, {.bytes = true}, " \xC3\xA9") == list{{4, 0, 2}, {1, 2, 3}}));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_word) {
    token_data data;
    data.tokens = {{"a"}, {"b"}, {"a</w>"}, {"b</w>"}, {"ab"}, {"ab</w>"}, {"<unk>"}};
    data.merges = {{0, 3, 5}, {0, 1, 4}};
    const subword_config config{.unknown = 6, .word_end = "</w>"};
    BOOST_TEST((tokens(data, config, "ab") == list{{5, 0, 2}}));
    BOOST_TEST((tokens(data, config, "abb") == list{{4, 0, 2}, {3, 2, 3}}));
    BOOST_TEST((tokens(data, config, "a") == list{{2, 0, 1}}));
    BOOST_TEST((tokens(data, config, "bx") == list{{1, 0, 1}, {6, 1, 2}}));
    BOOST_TEST(refusal(data, {.ignore_merges = true, .word_end = "</w>"}) ==
               "bpe: ignore_merges does not go with the word_end </w>");
}

// A text without words is cut at marks only where no token goes over one.
BOOST_AUTO_TEST_CASE(marks_within_tokens_are_merged_over) {
    auto data = letters();
    BOOST_TEST((tokens(data, {},
                       "ab\xE2\x96\x81"
                       "b") == list{{4, 0, 2}, {7, 2, 5}, {2, 5, 6}}));
    data.tokens.push_back({"b\xE2\x96\x81"});
    data.merges.push_back({2, 7, 9});
    BOOST_TEST((tokens(data, {},
                       "b\xE2\x96\x81"
                       "b") == list{{9, 0, 4}, {2, 4, 5}}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
    BOOST_TEST(refusal(letters(), {.unknown = 9}) == "bpe: the unknown token is 9, but there are 9 tokens");
    BOOST_TEST(refusal(letters(), {.byte_fallback = true}) ==
               "bpe: byte_fallback needs the token <0x00>, which there is not");
    auto twice = letters();
    twice.tokens.push_back({"ab"});
    BOOST_TEST(refusal(twice, {}) == "tokens: token 9 repeats the text of token 4");
}

BOOST_AUTO_TEST_SUITE_END()
