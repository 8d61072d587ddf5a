#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "constformer/text/added_tokens.hpp"

using namespace constformer;

namespace {
struct wanted {
    std::string text;
    int id;
    bool left, right, single;
};
constexpr bool left = true, right = true, single = true;

added_tokens made(const std::vector<wanted>& tokens) {
    added_tokens all;
    for (const auto& t : tokens)
        all.add(t.text, t.id, {.strip_left = t.left, .strip_right = t.right, .single_word = t.single});
    return all;
}

// Every match of a text, as "begin-end:id" one after another.
std::string matches(const std::vector<wanted>& tokens, std::string_view text) {
    const added_tokens all = made(tokens);
    added_tokens::finder find(all, text);
    std::string out;
    for (auto m = find.next(); m.id >= 0; m = find.next())
        out += (out.empty() ? "" : " ") + std::to_string(m.begin) + "-" + std::to_string(m.end) + ":" +
               std::to_string(m.id);
    const auto over = find.next();
    BOOST_TEST((over.id == -1 && over.begin == text.size() && over.end == text.size()));
    return out;
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_added_tokens)

BOOST_AUTO_TEST_CASE(nothing_to_look_for_finds_nothing) {
    BOOST_TEST(added_tokens().empty());
    BOOST_TEST(matches({}, "any [MASK] text") == "");
    BOOST_TEST(matches({{"a", 1, {}, {}, {}}}, "") == "");
    BOOST_TEST(!made({{"a", 1, {}, {}, {}}}).empty());
}

BOOST_AUTO_TEST_CASE(the_text_of_an_id) {
    const auto all = made({{"b", 7, {}, {}, {}}, {"abc", 3, {}, {}, {}}});
    BOOST_TEST(all.text(7) == "b");
    BOOST_TEST(all.text(3) == "abc");
    BOOST_TEST(all.text(0) == "");
}

BOOST_AUTO_TEST_CASE(the_leftmost_is_found_and_of_several_there_the_longest) {
    const std::vector<wanted> tokens{
        {"ab", 1, {}, {}, {}}, {"abcd", 2, {}, {}, {}}, {"bcx", 3, {}, {}, {}}, {"c", 4, {}, {}, {}}};
    BOOST_TEST(matches(tokens, "abcd") == "0-4:2");
    BOOST_TEST(matches(tokens, "abcx") == "0-2:1 2-3:4"); // "bcx" begins within what is taken
    BOOST_TEST(matches(tokens, "xbcxabc") == "1-4:3 4-6:1 6-7:4");
    BOOST_TEST(matches({{"x", 1, {}, {}, {}}, {"x", 2, {}, {}, {}}}, "xx") == "0-1:1 1-2:1"); // of two alike the first
    BOOST_TEST(matches({{"\xC3\xA9", 1, {}, {}, {}}, {"\xFF", 2, {}, {}, {}}}, "\xC3\xA8\xC3\xA9") == "2-4:1");
    BOOST_TEST(matches({{std::string(1, '\0'), 1, {}, {}, {}}, {"a", 2, {}, {}, {}}}, {"b\0a", 3}) == "1-2:1 2-3:2");
}

BOOST_AUTO_TEST_CASE(white_space_is_taken_along_once) {
    BOOST_TEST(matches({{"x", 1, left, {}, {}}}, "a  x x") == "1-4:1 4-6:1");
    BOOST_TEST(matches({{"x", 1, {}, right, {}}}, "x  x\xE3\x80\x80 a") == "0-3:1 3-8:1"); // U+3000 is white space too
    BOOST_TEST(matches({{"x", 1, left, right, {}}}, " x  x ") == "0-4:1 4-6:1");
    BOOST_TEST(matches({{"x", 1, left, right, {}}}, "\x1Cx\xE2\x80\x8B") == "1-2:1"); // neither is white space
    // What begins with white space may begin in what is taken already, as one does that is looked for once normalized.
    BOOST_TEST(matches({{"x", 1, {}, right, {}}, {" y ", 2, left, {}, {}}}, "x y ") == "0-2:1 2-4:2");
    BOOST_TEST(matches({{"x", 1, {}, right, {}}, {" y ", 2, {}, {}, {}}}, "x y ") == "0-2:1 1-4:2");
}

BOOST_AUTO_TEST_CASE(a_single_word_is_touched_by_no_other_and_hides_what_is_within) {
    const std::vector<wanted> word{{"fox", 1, {}, {}, single}};
    for (const std::string_view beside : {" ", ".", "-", "\xE2\x98\x95", "\xE3\x80\x82", "\xC2\xBD"}) {
        const auto n = std::to_string(beside.size()) + "-" + std::to_string(beside.size() + 3) + ":1";
        BOOST_TEST(matches(word, std::string(beside) + "fox" + std::string(beside)) == n);
    }
    for (const std::string_view beside :
         {"a", "Z", "0", "_", "\xC3\xA9", "\xE4\xB8\xAD", "\xCC\x81", "\xE2\x80\x8D", "\xD9\xA3"}) {
        BOOST_TEST(matches(word, std::string(beside) + "fox") == "");
        BOOST_TEST(matches(word, "fox" + std::string(beside)) == "");
    }
    BOOST_TEST(matches({{"fox", 1, {}, {}, single}, {"ox", 2, {}, {}, {}}}, "foxes ox fox") == "6-8:2 9-12:1");
}

// Against the definition, letter by letter, on texts over a small alphabet.
BOOST_AUTO_TEST_CASE(equal_to_the_plain_definition) {
    std::mt19937 random(3);
    const auto some = [&](std::string_view letters, unsigned least, unsigned most) {
        std::string text;
        for (auto n = least + random() % (most - least + 1); n > 0; --n) text += letters[random() % letters.size()];
        return text;
    };
    for (int round = 0; round < 5000; ++round) {
        std::vector<wanted> tokens;
        for (int n = 1 + int(random() % 4); n > 0; --n)
            tokens.push_back({some("ab.", 1, 3), n, random() % 3 == 0, random() % 3 == 0, random() % 3 == 0});
        const auto text = some("aab. ", 0, 14);
        std::string expected;
        const auto wordy = [&](std::size_t i) { return i < text.size() && (text[i] == 'a' || text[i] == 'b'); };
        for (std::size_t at = 0, taken = 0; at < text.size();) {
            const wanted* best = nullptr;
            for (const auto& t : tokens)
                if (text.compare(at, t.text.size(), t.text) == 0 && (!best || t.text.size() > best->text.size()))
                    best = &t;
            if (!best) {
                ++at;
                continue;
            }
            auto begin = at, end = at + best->text.size();
            at = end;
            if (best->single && ((begin > 0 && wordy(begin - 1)) || wordy(end))) continue;
            while (best->left && begin > taken && text[begin - 1] == ' ') --begin;
            while (best->right && end < text.size() && text[end] == ' ') ++end;
            taken = end;
            expected += (expected.empty() ? "" : " ") + std::to_string(begin) + "-" + std::to_string(end) + ":" +
                        std::to_string(best->id);
        }
        BOOST_REQUIRE_EQUAL(matches(tokens, text), expected);
    }
}

BOOST_AUTO_TEST_SUITE_END()
