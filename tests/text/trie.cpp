#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "constformer/text/trie.hpp"

using namespace constformer;

namespace {
std::vector<std::pair<int, std::size_t>> found(const trie& tree, std::string_view text) {
    std::vector<std::pair<int, std::size_t>> all;
    tree.prefixes(text, [&](int id, std::size_t bytes) { all.emplace_back(id, bytes); });
    return all;
}
} // namespace

BOOST_AUTO_TEST_SUITE(text_trie)

BOOST_AUTO_TEST_CASE(every_token_that_a_text_begins_with_the_shortest_first) {
    using list = std::vector<std::pair<int, std::size_t>>;
    const trie tree({"ab", "a", "abcd", "b", "\xFF\x01"}, {10, 11, 12, 13, 14});
    BOOST_TEST((found(tree, "abcde") == list{{11, 1}, {10, 2}, {12, 4}}));
    BOOST_TEST((found(tree, "abc") == list{{11, 1}, {10, 2}}));
    BOOST_TEST((found(tree, "\xFF\x01") == list{{14, 2}}));
    BOOST_TEST((found(tree, "x") == list{}));
    BOOST_TEST((found(tree, "") == list{}));
    BOOST_TEST((found(trie(), "a") == list{}));
    BOOST_TEST((found(trie({}, {}), "a") == list{}));
}

BOOST_AUTO_TEST_CASE(equal_to_a_search_of_all) {
    std::mt19937 random(3);
    std::set<std::string> texts;
    while (texts.size() < 3000) {
        std::string text;
        for (auto n = 1 + random() % 5; n > 0; --n) text += static_cast<char>(random() % (random() % 2 ? 256 : 4));
        texts.insert(text);
    }
    std::vector<std::string> all(texts.begin(), texts.end());
    std::shuffle(all.begin(), all.end(), random);
    std::vector<std::string_view> views(all.begin(), all.end());
    std::vector<int> ids;
    for (int i = 0; i < 3000; ++i) ids.push_back(7 * i);
    const trie tree(views, ids);
    for (int round = 0; round < 3000; ++round) {
        std::string text = all[random() % all.size()] + all[random() % all.size()];
        std::vector<std::pair<int, std::size_t>> expected;
        for (std::size_t size = 1; size <= text.size(); ++size)
            if (const auto at = std::find(all.begin(), all.end(), text.substr(0, size)); at != all.end())
                expected.emplace_back(7 * static_cast<int>(at - all.begin()), size);
        BOOST_REQUIRE((found(tree, text) == expected));
    }
}

BOOST_AUTO_TEST_SUITE_END()
