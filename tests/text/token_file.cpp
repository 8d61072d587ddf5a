#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <string_view>

#include "constformer/text/token_file.hpp"

using namespace constformer;

namespace {
token_data example() {
    token_data data;
    data.tokens = {{"<s>", false}, {"a"}, {"b"}, {"ab"}, {std::string_view("\0\n\xFF", 3)}, {""}};
    data.scores = {0, -1.5, -2, -3, -4, -5};
    data.merges = {{1, 2, 3}, {3, 1, 0}, {2, 2, 5}};
    data.added = {{0, {.text = "<s>", .special = true}},
                  {3,
                   {.text = "ab",
                    .special = false,
                    .normalized = true,
                    .strip_left = true,
                    .strip_right = true,
                    .single_word = true}}};
    data.charsmap = "any bytes";
    return data;
}
std::string refusal(std::string_view file) {
    const auto data = read_tokens(file);
    return std::string(data ? "" : data.error().what());
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_token_file)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
    const auto data = example();
    for (const double last : {-5.0, -5.1}) { // scores of four bytes and of eight
        auto changed = data;
        changed.scores.back() = last;
        const auto file = write_tokens(changed);
        const auto found = read_tokens(file);
        BOOST_REQUIRE(found);
        BOOST_REQUIRE(found->tokens.size() == data.tokens.size());
        for (std::size_t i = 0; i < data.tokens.size(); ++i)
            BOOST_TEST(
                (found->tokens[i].text == data.tokens[i].text && found->tokens[i].piece == data.tokens[i].piece));
        BOOST_TEST(found->scores == changed.scores, boost::test_tools::per_element());
        BOOST_REQUIRE(found->merges.size() == 3u);
        for (std::size_t i = 0; i < 3; ++i) {
            const auto a = found->merges[i], b = data.merges[i];
            BOOST_TEST((a.left == b.left && a.right == b.right && a.result == b.result));
        }
        BOOST_REQUIRE(found->added.size() == 2u);
        const auto& [id, token] = found->added[1];
        BOOST_TEST((id == 3 && token.text == "ab" && !token.special && token.normalized && token.strip_left &&
                    token.strip_right && token.single_word));
        BOOST_TEST((found->added[0].token.special && !found->added[0].token.normalized));
        BOOST_TEST(found->charsmap == "any bytes");
    }
}

BOOST_AUTO_TEST_CASE(files_that_end_too_early_or_too_late_are_refused) {
    const auto file = write_tokens(example());
    for (std::size_t size = 0; size < file.size(); ++size) {
        const std::string part = file.substr(0, size); // in memory of its own, so that a sanitizer sees what is read
        BOOST_TEST(refusal(part) != "");
    }
    BOOST_TEST(refusal(file + "x") == "tokens: 1 bytes are left over behind the last part");
}

BOOST_AUTO_TEST_CASE(each_mistake_has_its_sentence) {
    using namespace std::string_literals;
    BOOST_TEST(refusal("{\"model\": 1}") == "tokens: the file does not begin with CTOK, it is no file of tokens");
    BOOST_TEST(refusal("") == "tokens: the file does not begin with CTOK, it is no file of tokens");
    BOOST_TEST(refusal("CTOK\2") == "tokens: the file has version 2, 1 is read");
    BOOST_TEST(refusal("CTOK\1\3") == "tokens: a score has 3 bytes, 0, 4 or 8 are read");
    BOOST_TEST(refusal("CTOK\1\0\0\0\0\0"s) == "tokens: 0 tokens, 1 to 2147483647 are needed");
    BOOST_TEST(refusal("CTOK\1\0\xFF\xFF\xFF\xFF\x07\0\0\0"s) ==
               "tokens: 2147483647 tokens, 0 merges, 0 added tokens and a charsmap of 0 bytes are more than the file's "
               "14 bytes hold");
    BOOST_TEST(refusal("CTOK\1\0\1\0\0\0\x09"s) == "tokens: the file ends within token 0 of 1");
    BOOST_TEST(refusal("CTOK\1\4\1\0\0\0\3a\1"s) == "tokens: the file ends within the scores of its 1 tokens");
    BOOST_TEST(refusal("CTOK\1\4\1\0\0\0\3a\0\0\xC0\x7F"s) ==
               "tokens: the score of token 0 is no number of a usual size");
    BOOST_TEST(refusal("CTOK\1\0\1\1\0\0\3a\0\1\0"s) == "tokens: merge 0 makes 0 of 0 and 1, but there are 1 tokens");
    BOOST_TEST(refusal("CTOK\1\0\1\1\0\0\3a\0\0\1"s) == "tokens: merge 0 makes -1 of 0 and 0, but there are 1 tokens");
    BOOST_TEST(refusal("CTOK\1\0\1\0\1\0\3a\1\0\1b"s) == "tokens: added token 0 has the id 1, but there are 1 tokens");
    BOOST_TEST(refusal("CTOK\1\0\1\0\1\0\3a\0\x20\1b"s) ==
               "tokens: added token 0 has the flags 32, at most 31 are known");
    BOOST_TEST(refusal("CTOK\1\0\1\0\1\0\3a\0\0\0"s) == "tokens: added token 0 is empty or no UTF-8");
    BOOST_TEST(refusal("CTOK\1\0\1\0\1\0\3a\0\0\1\xFF"s) == "tokens: added token 0 is empty or no UTF-8");
}

// Files that are damaged anywhere are refused or say something that holds: no id is out of range.
BOOST_AUTO_TEST_CASE(damaged_files_do_no_harm) {
    std::mt19937 random(1);
    const auto file = write_tokens(example());
    int read = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string damaged = file;
        for (auto n = 1 + random() % 3; n > 0; --n) damaged[random() % damaged.size()] = static_cast<char>(random());
        const auto data = read_tokens(damaged);
        if (!data) continue;
        ++read;
        const auto count = static_cast<int>(data->tokens.size());
        for (const auto& m : data->merges)
            BOOST_REQUIRE((m.left >= 0 && m.left < count && m.right >= 0 && m.right < count && m.result >= 0 &&
                           m.result < count));
        for (const auto& a : data->added) BOOST_REQUIRE((a.id >= 0 && a.id < count));
    }
    BOOST_TEST(read > 1000);
}

BOOST_AUTO_TEST_SUITE_END()
