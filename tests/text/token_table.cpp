#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "constformer/text/token_table.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(text_token_table)

BOOST_AUTO_TEST_CASE(tokens_are_found_by_their_bytes) {
    std::vector<std::string> texts;
    for (int i = 0; i < 5000; ++i)
        texts.push_back("token" + std::string(static_cast<std::size_t>(i % 23), 'x') + std::to_string(i));
    token_data data;
    for (const auto& text : texts) data.tokens.push_back({text});
    data.tokens.push_back({std::string_view("\0", 1)});
    data.tokens.push_back({"", true});
    data.tokens.push_back({"", true});
    data.tokens.push_back({"token0", false}); // no piece: may repeat one
    const auto table = token_table::from(data);
    BOOST_REQUIRE(table);
    BOOST_TEST(table->size() == 5004);
    for (int i = 0; i < 5000; ++i) {
        BOOST_REQUIRE(table->find(texts[static_cast<std::size_t>(i)]) == i);
        BOOST_REQUIRE(table->token(i) == texts[static_cast<std::size_t>(i)]);
    }
    BOOST_TEST(table->find(std::string_view("\0", 1)) == 5000);
    BOOST_TEST(table->find("") == -1);
    BOOST_TEST(table->find("token") == -1);
    BOOST_TEST(table->token(5003) == "token0");
    BOOST_TEST(table->token(-1) == "");
    BOOST_TEST(table->token(5004) == "");
}

BOOST_AUTO_TEST_CASE(pieces_that_are_alike_are_refused) {
    token_data data;
    data.tokens = {{"a"}, {"b"}, {"a"}};
    const auto table = token_table::from(data);
    BOOST_REQUIRE(!table);
    BOOST_TEST(table.error().what() == "tokens: token 2 repeats the text of token 0");
}

BOOST_AUTO_TEST_SUITE_END()
