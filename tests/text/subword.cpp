#include <boost/test/unit_test.hpp>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "constformer/text/bpe.hpp"
#include "constformer/text/unigram.hpp"
#include "golden/text/subword.hpp"

using namespace constformer;

namespace {
constexpr frame_part one[] = {{0}, {frame_part::first}, {1, 1}};
constexpr frame_part two[] = {{0}, {frame_part::second, 1}, {1, 1}, {frame_part::first}};

token_data example() {
    token_data data;
    data.tokens = {{"<s>", false}, {"</s>", false}, {"a"}, {"b"}, {"ab"}, {" "}, {" a"}, {"<x>", false}};
    data.merges = {{2, 3, 4}, {5, 2, 6}};
    data.added = {
        {0, {.text = "<s>"}}, {1, {.text = "</s>"}}, {7, {.text = "<x>", .special = false, .strip_right = true}}};
    return data;
}
constexpr subword_config framed{.split = &splits::gpt2, .single = one, .pair = two, .bytes = true};

bpe made(const subword_config& config = framed) {
    auto t = bpe::from_data(example(), config);
    BOOST_REQUIRE_MESSAGE(t, std::string(t ? "" : t.error().what()));
    return std::move(*t);
}
std::string refusal(const token_data& data, const subword_config& config) {
    const auto t = bpe::from_data(data, config);
    return std::string(t ? "" : t.error().what());
}
template <class List> void same(const List& found, const List& expected) {
    BOOST_TEST(found == expected, boost::test_tools::per_element());
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_subword)

BOOST_AUTO_TEST_CASE(what_a_model_sees) {
    const auto t = made();
    encoding e;
    BOOST_REQUIRE(t.encode("ab a<x>  b", e));
    same(e.ids, {0, 4, 6, 7, 3, 1});
    same(e.segments, {0, 0, 0, 0, 0, 1});
    same(e.words, {-1, 0, 1, 2, 3, -1});
    BOOST_TEST((e.offsets == std::vector<std::array<int, 2>>{{0, 0}, {0, 2}, {2, 4}, {4, 9}, {9, 10}, {0, 0}}));
    BOOST_REQUIRE(t.encode("a", "b", e)); // the second comes first here
    same(e.ids, {0, 3, 1, 2});
    same(e.segments, {0, 1, 1, 0});
    BOOST_REQUIRE(t.encode("a", "b", e, {.special = false}));
    same(e.ids, {3, 2});
    BOOST_REQUIRE(t.encode("", e));
    same(e.ids, {0, 1});
    BOOST_TEST(t.id("<x>") == 7);
    BOOST_TEST(t.id("ab") == 4);
    BOOST_TEST(t.id("abc") == -1);
    BOOST_TEST(t.token(6) == " a");
    BOOST_TEST(t.is_special(0));
    BOOST_TEST(!t.is_special(7));
    BOOST_TEST(!t.is_special(-1));
    BOOST_TEST(t.size() == 8);
}

BOOST_AUTO_TEST_CASE(too_many_tokens) {
    const auto t = made();
    encoding e;
    const auto longer = t.encode("a a a a", e, {.most_tokens = 5});
    BOOST_REQUIRE(!longer);
    BOOST_TEST(longer.error().what() == "tokenizer: 6 tokens, at most 5 fit");
    BOOST_TEST(e.size() == 0);
    BOOST_REQUIRE(t.encode("a a a a", e, {.most_tokens = 5, .truncate = true}));
    same(e.ids, {0, 2, 6, 6, 1});
    BOOST_REQUIRE(t.encode("a a a", "b b b b b", e, {.most_tokens = 7, .truncate = true}));
    same(e.ids, {0, 3, 5, 3, 1, 2, 6}); // of five that fit the longer one has the odd one
    BOOST_TEST(t.encode("a", e, {.most_tokens = 1}).error().what() ==
               "tokenizer: at most 1 tokens leave no room for the 2 special ones");
}

BOOST_AUTO_TEST_CASE(text_that_is_no_text) {
    const auto t = made();
    encoding e;
    const auto refused = t.encode("ab\xFF", e);
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().what() == "tokenizer: the text is not UTF-8 at byte 2");
    BOOST_TEST(t.encode("a", "\xED\xA0\x80", e).error().what() == "tokenizer: the text is not UTF-8 at byte 0");
}

BOOST_AUTO_TEST_CASE(decoding) {
    const auto t = made();
    same(t.decode(std::vector<int>{0, 4, 6, 7, 1}), std::string("ab a<x>"));
    same(t.decode(std::vector<int>{0, 4, 6, 7, 1}, false), std::string("<s>ab a<x></s>"));
    same(t.decode(std::vector<int>{-1, 8, 4}), std::string("ab"));
    same(t.decode({}), std::string());
}

BOOST_AUTO_TEST_CASE(configs_that_cannot_be) {
    constexpr frame_part none[] = {{0}}, outside[] = {{8}, {frame_part::first}};
    BOOST_TEST(refusal(example(), {.single = none, .bytes = true}) ==
               "tokenizer: the frame of 1 texts has the first 0 times and the second 0 times");
    BOOST_TEST(refusal(example(), {.single = two, .bytes = true}) ==
               "tokenizer: the frame of 1 texts has the first 1 times and the second 1 times");
    BOOST_TEST(refusal(example(), {.single = outside, .bytes = true}) ==
               "tokenizer: the token 8 is put around texts, but there are 8 tokens");
    auto data = example();
    data.tokens.push_back({"\xFF"});
    BOOST_TEST(refusal(data, {}) ==
               "tokenizer: token 8 is no UTF-8, which it may only be where tokens are made of bytes");
    static constexpr text_step map[] = {{&text_steps::charsmap, charsmap_data}};
    BOOST_TEST(refusal(example(), {.normal = map, .bytes = true}) == "charsmap: 0 bytes cannot hold a trie of 0 bytes");
    static constexpr text_step gone[] = {{&text_steps::replace, "<n>", ""}};
    data = example();
    data.added.push_back({2, {.text = "<n>", .normalized = true}});
    BOOST_TEST(refusal(data, {.normal = gone, .bytes = true}) ==
               "tokenizer: nothing is left of the added token <n> once normalized");
    const auto file = bpe::from_tokens("no file", {});
    BOOST_TEST(file.error().what() == "tokens: the file does not begin with CTOK, it is no file of tokens");
}

// Damaged token files are refused, or make a tokenizer that works on something: nothing is read outside of them.
BOOST_AUTO_TEST_CASE(damaged_files_do_no_harm) {
    auto data = example();
    const auto merges = write_tokens(data);
    data.merges.clear();
    data.scores.assign(data.tokens.size(), -1.5);
    const auto scores = write_tokens(data);
    std::mt19937 random(6);
    encoding e;
    int opened = 0;
    const auto use = [&](const auto& t) {
        if (!t) return;
        ++opened;
        BOOST_REQUIRE(t->encode("ab a<x>  b caf\xC3\xA9</s>", e));
        for (const int id : e.ids) BOOST_REQUIRE((id >= 0 && id < t->size()));
        const auto text = t->decode(e.ids, false);
        BOOST_REQUIRE(unicode::valid_bytes(text) == text.size());
    };
    for (int round = 0; round < 4000; ++round) {
        auto file = round % 2 ? merges : scores;
        for (auto n = 1 + random() % 3; n > 0; --n)
            file[10 + random() % (file.size() - 10)] = static_cast<char>(random());
        if (round % 2)
            use(bpe::from_tokens(file, {.split = &splits::llama3, .bytes = true}));
        else
            use(unigram::from_tokens(file, {.unknown = 0, .decode = {.marks = true, .bytes = true}}));
    }
    BOOST_TEST(opened > 500);
}

// Tokens are in order, cover no more than the text, and come back as the text they are from.
BOOST_AUTO_TEST_CASE(laws_of_any_text) {
    token_data data;
    std::vector<std::string> bytes;
    for (unsigned c = 0; c < 256; ++c) bytes.emplace_back(1, static_cast<char>(c));
    for (const auto& byte : bytes) data.tokens.push_back({byte});
    const auto t = bpe::from_data(data, {.apart = &splits::each_digit, .split = &splits::llama3, .bytes = true});
    BOOST_REQUIRE(t);
    std::mt19937 random(11);
    constexpr std::string_view parts[] = {"a",
                                          "Z",
                                          " ",
                                          "  ",
                                          "\n",
                                          "\r\n",
                                          "'s",
                                          "'LL",
                                          "7",
                                          "42",
                                          "\xC3\xA9",
                                          "\xE4\xB8\xAD",
                                          "\xF0\x9F\x98\x80",
                                          "\xCC\x81",
                                          "\xC2\xA0",
                                          "!?",
                                          "_",
                                          "\xE2\x96\x81",
                                          std::string_view("\0", 1)};
    encoding e;
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto n = random() % 20; n > 0; --n) text += parts[random() % std::size(parts)];
        BOOST_REQUIRE(t->encode(text, e));
        BOOST_REQUIRE(e.ids.size() == text.size());
        BOOST_REQUIRE(t->decode(e.ids) == text);
        int last = 0, word = 0;
        for (std::size_t i = 0; i < e.ids.size(); ++i) {
            const auto [begin, end] = e.offsets[i];
            BOOST_REQUIRE((begin == last || begin == last - 1) && end == begin + 1);
            BOOST_REQUIRE((e.words[i] == word || e.words[i] == word + 1));
            last = end, word = e.words[i];
        }
        BOOST_REQUIRE(last == count_code_points(text));
    }
}

BOOST_AUTO_TEST_CASE(a_warm_encoding_is_not_allocated_again) {
    static constexpr text_step steps[] = {
        {&text_steps::nfkc}, {&text_steps::replace, " ", "_"}, {&text_steps::prefix, {}, "_"}};
    const auto t = made({.normal = steps, .steps = steps, .split = &splits::gpt2, .bytes = true});
    encoding e;
    const std::string text = "ab caf\xC3\xA9 a\xCC\xA3\xCC\x81 <x> " + std::string(300, 'a') + "\xEF\xAC\x81";
    BOOST_REQUIRE(t.encode(text, text, e)); // steps swap their texts: both of each have been as long
    BOOST_REQUIRE(t.encode(text, text, e));
    const auto places = [&] {
        const auto& w = e.work.subword;
        std::vector<const void*> all{e.ids.data(), e.offsets.data(), e.words.data(), w.symbols.data(),
                                     w.waiting.data()};
        return all;
    };
    const auto before = places();
    for (const std::string_view shorter : {"", "ab", "a\xCC\xA3\xCC\x81"}) {
        BOOST_REQUIRE(t.encode(shorter, e));
        BOOST_REQUIRE(t.encode(text, text, e));
        BOOST_TEST((places() == before));
    }
}

BOOST_AUTO_TEST_SUITE_END()
