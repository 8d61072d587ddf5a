#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "constformer/text/wordpiece.hpp"

using namespace constformer;

namespace {
constexpr std::string_view tokens =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##believ\n##able\n##a\nhello\nworld\n,\n!\n"
    "cafe\n\xE4\xB8\xAD\n\xE6\x96\x87\ni\n##m\n'\nm\nHello\n[\n]\nmask\n.\n";
constexpr wordpiece_config uncased{}, cased{.lowercase = false};

wordpiece made(const wordpiece_config& config = uncased, std::string_view lines = tokens) {
    auto made = wordpiece::from_vocabulary(lines, config);
    BOOST_REQUIRE(made);
    return *made;
}
std::string refusal(std::string_view lines, const wordpiece_config& config = uncased) {
    const auto made = wordpiece::from_vocabulary(lines, config);
    return made ? "" : std::string(made.error().what());
}
std::string spelled(const wordpiece& w, const encoding& e) {
    std::string text;
    for (const int id : e.ids) text += (text.empty() ? "" : " ") + std::string(w.token(id));
    return text;
}
std::string spelled(const wordpiece& w, std::string_view text, const encode_options& options = {.special = false}) {
    encoding e;
    const auto ok = w.encode(text, e, options);
    return ok ? spelled(w, e) : std::string(ok.error().what());
}
using offsets = std::vector<std::array<int, 2>>;

int code_points(std::string_view text) {
    int n = 0;
    for (const char c : text) n += (c & 0xC0) != 0x80;
    return n;
}
// What holds of every encoding of `text`, whatever it is.
void check_laws(const wordpiece& w, const encoding& e, std::string_view text) {
    BOOST_REQUIRE(e.segments.size() == e.ids.size() && e.offsets.size() == e.ids.size() &&
                  e.words.size() == e.ids.size());
    BOOST_REQUIRE(e.size() >= 2 && e.ids.front() == w.classify() && e.ids.back() == w.separate());
    int begin = 0, word = 0;
    for (std::size_t i = 1; i + 1 < e.ids.size(); ++i) {
        BOOST_REQUIRE(e.ids[i] >= 0 && e.ids[i] < w.size());
        BOOST_REQUIRE(e.offsets[i][0] >= begin && e.offsets[i][1] > e.offsets[i][0]);
        BOOST_REQUIRE(e.offsets[i][1] <= code_points(text));
        BOOST_REQUIRE(e.words[i] == word || e.words[i] == word + 1);
        begin = e.offsets[i][0];
        word = e.words[i];
    }
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_wordpiece)

BOOST_AUTO_TEST_CASE(a_text_becomes_pieces_with_their_places) {
    const auto w = made();
    encoding e;
    BOOST_REQUIRE(w.encode("Hello, unbelievable \xC3\xA9!", e));
    BOOST_TEST(spelled(w, e) == "[CLS] hello , un ##believ ##able [UNK] ! [SEP]");
    BOOST_TEST((e.offsets == offsets{{0, 0}, {0, 5}, {5, 6}, {7, 9}, {9, 15}, {15, 19}, {20, 21}, {21, 22}, {0, 0}}));
    BOOST_TEST((e.words == std::vector{-1, 0, 1, 2, 2, 2, 3, 4, -1}));
    BOOST_TEST((e.segments == std::vector<int>(9, 0)));
}

BOOST_AUTO_TEST_CASE(a_pair_has_two_segments_and_counts_places_and_words_anew) {
    const auto w = made();
    encoding e;
    BOOST_REQUIRE(w.encode("hello world", "hello!", e));
    BOOST_TEST(spelled(w, e) == "[CLS] hello world [SEP] hello ! [SEP]");
    BOOST_TEST((e.segments == std::vector{0, 0, 0, 0, 1, 1, 1}));
    BOOST_TEST((e.words == std::vector{-1, 0, 1, -1, 0, 1, -1}));
    BOOST_TEST((e.offsets == offsets{{0, 0}, {0, 5}, {6, 11}, {0, 0}, {0, 5}, {5, 6}, {0, 0}}));
}

BOOST_AUTO_TEST_CASE(empty_and_blank_texts) {
    const auto w = made();
    for (const std::string_view text : {"", " ", "\t\r\n ", "\xE2\x80\x8D", "\xCC\x81", "\xEF\xBF\xBD"}) {
        BOOST_TEST(spelled(w, text) == "");
        BOOST_TEST(spelled(w, text, {}) == "[CLS] [SEP]");
    }
    encoding e;
    BOOST_REQUIRE(w.encode("", "", e));
    BOOST_TEST(spelled(w, e) == "[CLS] [SEP] [SEP]");
    BOOST_REQUIRE(w.encode("", "", e, {.special = false}));
    BOOST_TEST(e.size() == 0);
}

BOOST_AUTO_TEST_CASE(accents_case_ideographs_and_control_characters) {
    const auto w = made();
    BOOST_TEST(spelled(w, "CAF\xC3\x89 cafe\xCC\x81 c\xCC\xA3\xCC\x81\x61\xCC\x81\x66\x65") == "cafe cafe cafe");
    BOOST_TEST(spelled(w, "\xE4\xB8\xAD\xE6\x96\x87") == "\xE4\xB8\xAD \xE6\x96\x87");
    BOOST_TEST(spelled(w, "he\x01ll\xE2\x80\x8Do") == "hello");
    BOOST_TEST(spelled(w, std::string_view("hel\0lo", 6)) == "hello");
    BOOST_TEST(spelled(w, "hello\xC2\xA0world\xE3\x80\x80hello") == "hello world hello");
    const auto big = made(cased);
    BOOST_TEST(spelled(big, "Hello hello HELLO caf\xC3\xA9") == "Hello hello [UNK] [UNK]");
    BOOST_TEST(spelled(made({.lowercase = false, .strip_accents = true}), "caf\xC3\xA9") == "cafe");
    BOOST_TEST(spelled(made({.strip_accents = false}), "caf\xC3\xA9") == "[UNK]");
    BOOST_TEST(spelled(made({.chinese = false}), "\xE4\xB8\xAD\xE6\x96\x87") == "[UNK]");
    BOOST_TEST(spelled(made({.clean = false}), "he\x01llo hello") == "[UNK] hello");
    // An offset covers the characters that were dropped inside of it, not those after it.
    encoding e;
    BOOST_REQUIRE(w.encode("he\x01llo\x01 world", e, {.special = false}));
    BOOST_TEST((e.offsets == offsets{{0, 6}, {8, 13}}));
}

BOOST_AUTO_TEST_CASE(special_tokens_are_found_as_they_are_written) {
    const auto w = made();
    BOOST_TEST(spelled(w, "hello [MASK]!") == "hello [MASK] !");
    BOOST_TEST(spelled(w, "hello[MASK]world") == "hello [MASK] world");
    BOOST_TEST(spelled(w, "[CLS]hello[SEP][SEP][PAD][UNK]") == "[CLS] hello [SEP] [SEP] [PAD] [UNK]");
    BOOST_TEST(spelled(w, "[mask]") == "[ mask ]");
    BOOST_TEST(spelled(w, "[MASK [[MASK]]") == "[ mask [ [MASK] ]");
    // They are taken out first: an accent after one has no letter to lean on and is its own, empty, text.
    BOOST_TEST(spelled(w, "[MASK]\xCC\x81hello") == "[MASK] hello");
    encoding e;
    BOOST_REQUIRE(w.encode("\xC3\xA9 [MASK]world", e));
    BOOST_TEST((e.offsets == offsets{{0, 0}, {0, 1}, {2, 8}, {8, 13}, {0, 0}}));
    BOOST_TEST((e.words == std::vector{-1, 0, 1, 2, -1})); // written in the text, it counts as a word
    BOOST_TEST(e.ids[2] == w.mask());
    BOOST_TEST(w.is_special(w.mask()));
    BOOST_TEST(!w.is_special(w.id("hello")));
    BOOST_TEST(!w.is_special(-1));
}

BOOST_AUTO_TEST_CASE(of_special_tokens_the_longest_is_found_wherever_it_begins) {
    const wordpiece_config odd{
        .unknown = "<u>", .classify = "ab", .separate = "abc", .padding = "", .mask = "\xC3\xA9"};
    const auto w = made(odd, "<u>\nab\nabc\n\xC3\xA9\nx\n##b\n");
    BOOST_TEST(spelled(w, "xabcabx\xC3\xA9xb") == "x abc ab x \xC3\xA9 x ##b");
    BOOST_TEST(w.padding() == -1);
    BOOST_TEST(!w.is_special(w.padding()));
}

BOOST_AUTO_TEST_CASE(added_tokens_are_found_as_their_flags_say) {
    const std::string lines = std::string(tokens) + "[E1]\nNew York\nHELLO you\nfox\n";
    const added_token added[] = {{.text = "[E1]", .strip_left = true},
                                 {.text = "New York", .special = false},
                                 {.text = "HELLO you", .special = false, .normalized = true},
                                 {.text = "fox", .special = false, .single_word = true},
                                 {.text = "world", .special = true}, // a piece as well
                                 {.text = "[MASK]", .strip_right = true}};
    const auto w = made({.added = added, .pieces = 25}, lines);
    BOOST_TEST(w.keeps_normalized_text());
    BOOST_TEST(spelled(w, "hello [E1]New York") == "hello [E1] New York");
    BOOST_TEST(spelled(w, "new york") == "[UNK] [UNK]");
    BOOST_TEST(spelled(w, "Hello YOU, hello yo\xC3\xBA!") == "HELLO you , HELLO you !");
    BOOST_TEST(spelled(w, "fox foxes xfox fox") == "fox [UNK] [UNK] fox");
    BOOST_TEST(spelled(w, "world worldworld World") == "world world world world");
    encoding e;
    BOOST_REQUIRE(w.encode("hello  [E1] [MASK] hello \xC3\xA9 Hello y\xC3\xB3x", e, {.special = false}));
    BOOST_TEST(spelled(w, e) == "hello [E1] [MASK] hello [UNK] hello [UNK]");
    BOOST_TEST((e.offsets == offsets{{0, 5}, {5, 11}, {12, 19}, {19, 24}, {25, 26}, {27, 32}, {33, 36}}));
    BOOST_TEST((w.is_special(w.id("[E1]")) && w.is_special(w.id("world")) && !w.is_special(w.id("New York"))));
    const std::vector ids{w.id("hello"), w.id("[E1]"), w.id("New York"), w.id("world"), w.id("HELLO you")};
    BOOST_TEST(w.decode(ids) == "hello New York hello you"); // as it stands in normalized text
    BOOST_TEST(w.decode(ids, false) == "hello [E1] New York world hello you");
    BOOST_TEST(!made().keeps_normalized_text());
}

BOOST_AUTO_TEST_CASE(bad_added_tokens_are_refused) {
    const auto why = [](added_token token, std::string_view lines = "[E1]\nx y\n x\n\xC2\xA0z\xC2\xA0\n\x01\n") {
        return refusal(std::string(tokens) + std::string(lines), {.added = std::span(&token, 1), .pieces = 25});
    };
    BOOST_TEST(why({.text = "[E1]"}) == "");
    BOOST_TEST(why({.text = "[E2]"}) == "wordpiece: the vocabulary of 30 tokens lacks the added token [E2]");
    BOOST_TEST(why({.text = ""}) == "wordpiece: the vocabulary of 30 tokens lacks the added token ");
    BOOST_TEST(why({.text = " x"}) == "wordpiece: the added token ' x' has white space at an end");
    BOOST_TEST(why({.text = "\xC2\xA0z\xC2\xA0"}) ==
               "wordpiece: the added token '\xC2\xA0z\xC2\xA0' has white space at an end");
    BOOST_TEST(why({.text = "\x01", .normalized = true}) ==
               "wordpiece: nothing is left of the added token \x01 once normalized");
    BOOST_TEST(why({.text = "\x01"}) == "");
    BOOST_TEST(why({.text = "\x01 \x01", .normalized = true}, "\x01 \x01\n").starts_with("wordpiece: nothing is left"));
    BOOST_TEST(refusal(tokens, {.pieces = -1}) == "wordpiece: -1 pieces, 0 (all tokens) or more are needed");
}

BOOST_AUTO_TEST_CASE(overlong_words_are_unknown_as_a_whole) {
    const auto w = made({.longest_word = 5});
    BOOST_TEST(spelled(w, "hello hellos") == "hello [UNK]");
    const auto wide = made();
    for (const std::string letter : {"m", "\xC3\xA9", "\xE3\x81\x82"}) {
        std::string word = "hello ";
        for (int i = 0; i < 100'000; ++i) word += letter;
        encoding e;
        BOOST_REQUIRE(wide.encode(word + " world", e, {.special = false}));
        BOOST_TEST(spelled(wide, e) == "hello [UNK] world");
        BOOST_TEST((e.offsets[1] == std::array{6, 100'006}));
    }
    // Exactly as long as may be: spelled.
    BOOST_TEST(spelled(wide, "i" + std::string(99, 'm')).size() == 1 + 99 * 4);
    BOOST_TEST(spelled(wide, "i" + std::string(100, 'm')) == "[UNK]");
}

BOOST_AUTO_TEST_CASE(too_many_tokens_are_refused_or_cut_off) {
    const auto w = made();
    encoding e;
    BOOST_TEST(spelled(w, "hello , world !", {.most_tokens = 6}) == "[CLS] hello , world ! [SEP]");
    BOOST_TEST(spelled(w, "hello , world !", {.most_tokens = 5}) == "wordpiece: 6 tokens, at most 5 fit");
    BOOST_TEST(spelled(w, "hello , world !", {.most_tokens = 5, .truncate = true}) == "[CLS] hello , world [SEP]");
    BOOST_TEST(spelled(w, "hello unbelievable", {.most_tokens = 4, .truncate = true}) == "[CLS] hello un [SEP]");
    BOOST_TEST(spelled(w, "hello", {.most_tokens = 2, .truncate = true}) == "[CLS] [SEP]");
    BOOST_TEST(spelled(w, "hello", {.most_tokens = 1, .truncate = true}) ==
               "wordpiece: at most 1 tokens leave no room for the 2 special ones");
    BOOST_TEST(spelled(w, "hello", {.most_tokens = -1, .special = false}) ==
               "wordpiece: at most -1 tokens leave no room for the 0 special ones");
    BOOST_TEST(!w.encode("hello , world !", e, {.most_tokens = 5}));
    BOOST_TEST(e.size() == 0);

    // Of a pair, the longer text gives way until both are equal, then each has half.
    const auto pair = [&](std::string_view a, std::string_view b, int most) {
        const auto ok = w.encode(a, b, e, {.most_tokens = most, .truncate = true});
        return ok ? spelled(w, e) : std::string(ok.error().what());
    };
    BOOST_TEST(pair("hello", "world , hello , world", 7) == "[CLS] hello [SEP] world , hello [SEP]");
    BOOST_TEST(pair("world , hello , world", "hello", 7) == "[CLS] world , hello [SEP] hello [SEP]");
    BOOST_TEST(pair("world , hello", "hello , world !", 8) == "[CLS] world , [SEP] hello , world [SEP]");
    BOOST_TEST(pair("world , hello !", "hello , world", 8) == "[CLS] world , hello [SEP] hello , [SEP]");
    BOOST_TEST(pair("hello", "world", 3) == "[CLS] [SEP] [SEP]");
    BOOST_TEST((e.segments == std::vector{0, 0, 1}));
}

BOOST_AUTO_TEST_CASE(a_pair_can_be_separated_twice) { // as MPNet has it
    const auto w = made({.twice = true});
    encoding e;
    BOOST_REQUIRE(w.encode("hello world", "hello!", e));
    BOOST_TEST(spelled(w, e) == "[CLS] hello world [SEP] [SEP] hello ! [SEP]");
    BOOST_TEST((e.segments == std::vector{0, 0, 0, 0, 0, 1, 1, 1}));
    BOOST_REQUIRE(w.encode("world , hello", "hello , world !", e, {.most_tokens = 9, .truncate = true}));
    BOOST_TEST(spelled(w, e) == "[CLS] world , [SEP] [SEP] hello , world [SEP]");
    BOOST_TEST(!w.encode("a", "b", e, {.most_tokens = 3, .truncate = true}));
    BOOST_REQUIRE(w.encode("hello", e));
    BOOST_TEST(spelled(w, e) == "[CLS] hello [SEP]");
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_refused_with_its_place) {
    const auto w = made();
    encoding e;
    for (const std::string_view bad :
         {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x80\x80", "\xE2\x82", "\xED\xA0\x80",
          "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
        for (const std::string_view after : {"", " world", "\xC3\xA9"}) {
            const std::string text = "h\xC3\xA9 " + std::string(bad) + std::string(after);
            const auto one = w.encode(text, e);
            BOOST_REQUIRE(!one);
            BOOST_TEST(one.error().what() == "wordpiece: the text is not UTF-8 at byte 4");
            BOOST_TEST(e.size() == 0);
            BOOST_TEST(!w.encode("hello", text, e));
            BOOST_TEST(!w.encode(text, "hello", e, {.most_tokens = 3, .truncate = true}));
        }
    }
    // Also behind the place where truncation would stop.
    BOOST_TEST(!w.encode("hello world hello \xFF", e, {.most_tokens = 3, .truncate = true}));
}

BOOST_AUTO_TEST_CASE(bad_vocabularies_and_settings_are_refused) {
    BOOST_TEST(refusal("") == "vocabulary: no line, at least one token is needed");
    BOOST_TEST(refusal("[PAD]\n[UNK]\n[CLS]\n[SEP]\nword\n") ==
               "wordpiece: the vocabulary of 5 tokens lacks the mask token [MASK]");
    BOOST_TEST(refusal("a\n[CLS]\n[SEP]\n[PAD]\n[MASK]") ==
               "wordpiece: the vocabulary of 5 tokens lacks the unknown token [UNK]");
    BOOST_TEST(refusal(tokens, {.longest_word = 0}) == "wordpiece: longest_word is 0, at least 1 is needed");
    BOOST_TEST(refusal(std::string(tokens) + "hello\n") == "vocabulary: line 26 repeats the token hello of line 10");
    BOOST_TEST(refusal("[UNK]\n[CLS]\n[SEP]", {.padding = "", .mask = ""}) == "");
}

BOOST_AUTO_TEST_CASE(decoding_joins_pieces) {
    const auto w = made();
    encoding e;
    BOOST_REQUIRE(w.encode("Hello, unbelievable world! [MASK].", e));
    BOOST_TEST(w.decode(e.ids) == "hello, unbelievable world!.");
    BOOST_TEST(w.decode(e.ids, false) == "[CLS] hello, unbelievable world! [MASK]. [SEP]");
    const std::vector<int> odd{-1, 1'000'000, w.id("##m"), w.id("hello")};
    BOOST_TEST(w.decode(odd) == "##m hello");
    BOOST_TEST(w.decode({}) == "");
}

BOOST_AUTO_TEST_CASE(laws_hold_of_any_text) {
    const auto w = made();
    std::mt19937 random(5);
    const std::string_view parts[] = {"hello",
                                      "un",
                                      "believ",
                                      "able",
                                      " ",
                                      " ",
                                      ",",
                                      "[MASK]",
                                      "[SEP",
                                      "\xC3\xA9",
                                      "\xCC\x81",
                                      "\xCC\xA3",
                                      "\xE4\xB8\xAD",
                                      "\xED\x95\x9C",
                                      "\xF0\x9F\x98\x80",
                                      "\x01",
                                      "\xE2\x80\x8D",
                                      "\xF0\x9D\x85\xA5",
                                      "\xE0\xAF\x8B",
                                      "X",
                                      "\xCE\xA3",
                                      "\xC4\xB0"};
    encoding e;
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (auto n = random() % 12; n > 0; --n) text += parts[random() % std::size(parts)];
        BOOST_REQUIRE(w.encode(text, e));
        check_laws(w, e, text);
        const auto all = e;
        const int most = 2 + static_cast<int>(random() % 10);
        BOOST_REQUIRE(w.encode(text, e, {.most_tokens = most, .truncate = true}));
        check_laws(w, e, text);
        BOOST_REQUIRE_EQUAL(e.size(), std::min(all.size(), most));
        for (std::size_t i = 0; i + 1 < e.ids.size(); ++i) // a beginning of all of it
            BOOST_REQUIRE(e.ids[i] == all.ids[i] && e.offsets[i] == all.offsets[i] && e.words[i] == all.words[i]);
    }
}

BOOST_AUTO_TEST_CASE(a_warm_encoding_is_not_allocated_again) {
    const auto w = made();
    encoding e;
    const std::string text = "Hello unbelievable, caf\xC3\xA9 c\xCC\xA3\xCC\x81 \xE4\xB8\xAD [MASK]!";
    BOOST_REQUIRE(w.encode(text, text, e));
    const auto places = [&] {
        return std::array<const void*, 7>{e.ids.data(),       e.segments.data(),     e.offsets.data(),  e.words.data(),
                                          e.work.word.data(), e.work.sources.data(), e.work.pile.data()};
    };
    const auto before = places();
    for (const std::string_view shorter : {"", "hello", "c\xCC\xA3\xCC\x81", "unbelievable unbelievable"}) {
        BOOST_REQUIRE(w.encode(shorter, e));
        BOOST_REQUIRE(w.encode(text, shorter, e, {.most_tokens = 9, .truncate = true}));
        BOOST_REQUIRE(w.encode(text, text, e));
        BOOST_TEST((places() == before));
    }
}

BOOST_AUTO_TEST_SUITE_END()
