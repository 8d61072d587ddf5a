#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "constformer/text/unigram.hpp"

using namespace constformer;

namespace {
using token = std::tuple<int, int, int>;
using list = std::vector<token>;

token_data example() {
    token_data data;
    data.tokens = {{"<unk>"}, {"a"}, {"b"}, {"ab"}, {"abc"}, {"c"}, {"\xC3\xA9"}};
    data.scores = {0, -2, -2, -3, -5, -1, -4};
    return data;
}
list tokens(const token_data& data, const subword_config& config, std::string_view word) {
    const auto model = unigram_model::from(data, config);
    BOOST_REQUIRE_MESSAGE(model, std::string(model ? "" : model.error().what()));
    list out;
    subword_work work;
    model->read(word, work, [&](int id, int begin, int end) { out.emplace_back(id, begin, end); });
    return out;
}
std::string refusal(const token_data& data, const subword_config& config) {
    const auto model = unigram_model::from(data, config);
    return std::string(model ? "" : model.error().what());
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_unigram)

BOOST_AUTO_TEST_CASE(the_largest_sum_wins) {
    BOOST_TEST((tokens(example(), {.unknown = 0}, "abc") == list{{3, 0, 2}, {5, 2, 3}})); // -4, not -5
    auto data = example();
    data.scores[4] = -3.5;
    BOOST_TEST((tokens(data, {.unknown = 0}, "abc") == list{{4, 0, 3}}));
    data.scores[4] = -4; // of two that are alike the one that is met first: it begins further to the left
    BOOST_TEST((tokens(data, {.unknown = 0}, "abc") == list{{4, 0, 3}}));
    BOOST_TEST((tokens(data, {.unknown = 0}, "") == list{}));
}

BOOST_AUTO_TEST_CASE(what_has_no_token) {
    BOOST_TEST((tokens(example(), {.unknown = 0}, "axyb") == list{{1, 0, 1}, {0, 1, 3}, {2, 3, 4}}));
    BOOST_TEST((tokens(example(), {.unknown = 0}, "\xC3\xA9\xC3\xA8") == list{{6, 0, 2}, {0, 2, 4}}));
    auto data = example();
    data.tokens.push_back({"<0xC3>"}), data.tokens.push_back({"<0xA8>"});
    data.scores.insert(data.scores.end(), {-9, -9});
    BOOST_TEST(
        (tokens(data, {.unknown = 0, .byte_fallback = true}, "a\xC3\xA8") == list{{1, 0, 1}, {7, 1, 3}, {8, 1, 3}}));
    BOOST_TEST((tokens(data, {.unknown = 0, .byte_fallback = true}, "x\xC3\xA8") == list{{0, 0, 3}})); // x has no byte
    BOOST_TEST((tokens(data, {.unknown = 0, .byte_fallback = true}, "<0xA8>") == list{{8, 0, 6}})); // as it is written
}

BOOST_AUTO_TEST_CASE(equal_to_a_search_of_all_spellings) {
    std::mt19937 random(9);
    for (int round = 0; round < 300; ++round) {
        token_data data;
        std::vector<std::string> texts{"<unk>"};
        for (int i = 0; i < 20; ++i) {
            std::string text;
            for (auto n = 1 + random() % 3; n > 0; --n) text += static_cast<char>('a' + random() % 3);
            if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
        }
        double lowest = 0;
        for (const auto& text : texts) {
            data.tokens.push_back({text});
            data.scores.push_back(text == "<unk>" ? 0 : -1 - static_cast<double>(random() % 1000) / 100);
            lowest = std::min(lowest, data.scores.back());
        }
        std::string word;
        for (int i = 0; i < 9; ++i) word += static_cast<char>('a' + random() % 4); // d is never known
        const auto score_of = [&](std::string_view part) {
            const auto at = std::find(texts.begin(), texts.end(), part);
            if (at != texts.end()) return data.scores[static_cast<std::size_t>(at - texts.begin())];
            return part.size() == 1 ? lowest - 10 : -1e9;
        };
        double best = -1e18;
        for (unsigned cuts = 0; cuts < 256; ++cuts) {
            double sum = 0;
            for (std::size_t begin = 0, end = 1; end <= 9; ++end)
                if (end == 9 || (cuts >> (end - 1) & 1))
                    sum += score_of(std::string_view(word).substr(begin, end - begin)), begin = end;
            best = std::max(best, sum);
        }
        double found = 0;
        int last = 0;
        for (const auto& [id, begin, end] : tokens(data, {.unknown = 0}, word)) {
            BOOST_REQUIRE(begin == last);
            last = end;
            found += id == 0 ? (lowest - 10) * (end - begin) : data.scores[static_cast<std::size_t>(id)];
        }
        BOOST_REQUIRE(last == 9);
        BOOST_REQUIRE(std::abs(found - best) < 1e-9);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
    auto data = example();
    BOOST_TEST(refusal(data, {}) == "unigram: the unknown token is -1, but there are 7 tokens");
    BOOST_TEST(refusal(data, {.bytes = true, .unknown = 0}) ==
               "unigram: bytes, word_end and ignore_merges are of models with merges only");
    data.scores.pop_back();
    BOOST_TEST(refusal(data, {.unknown = 0}) == "unigram: 6 scores of 7 tokens");
}

BOOST_AUTO_TEST_SUITE_END()
