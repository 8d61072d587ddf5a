#include <boost/test/unit_test.hpp>

#include "constformer/core/check.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

using constformer::error;
using constformer::expected;
using constformer::status;

BOOST_AUTO_TEST_SUITE(core_check)

BOOST_AUTO_TEST_CASE(an_error_is_the_sentence_that_its_parts_make) {
    const error e("bert: ", 600, " tokens, this model has ", std::size_t{512}, " positions");
    BOOST_TEST(e.what() == "bert: 600 tokens, this model has 512 positions");
    BOOST_TEST(std::string(e.c_str()) == e.what());
    BOOST_TEST(error(std::string("a "), std::string_view("b "), -7).what() == "a b -7");
    BOOST_TEST(error("").what() == "");
}

BOOST_AUTO_TEST_CASE(every_integer_is_spelled_whole) {
    BOOST_TEST(error(std::numeric_limits<std::int64_t>::min()).what() == "-9223372036854775808");
    BOOST_TEST(error(std::numeric_limits<std::uint64_t>::max()).what() == "18446744073709551615");
    BOOST_TEST(error(0).what() == "0");
}

BOOST_AUTO_TEST_CASE(a_sentence_holds_511_bytes_and_a_longer_one_ends_in_dots) {
    for (std::size_t size : {507u, 508u, 509u, 510u, 511u}) {
        const error whole(std::string(size, 'x'));
        BOOST_TEST(whole.what() == std::string(size, 'x'));
    }
    for (std::size_t size : {512u, 513u, 5000u}) {
        const error cut(std::string(size, 'x'));
        BOOST_TEST(cut.what() == std::string(508, 'x') + "...");
        BOOST_TEST(cut.c_str()[511] == '\0');
    }
    BOOST_TEST(error(std::string(500, 'x'), 123456789, "abcdef").what() == std::string(500, 'x') + "12345678...");
    BOOST_TEST(error(std::string(511, 'x'), "").what() == std::string(511, 'x'));
    BOOST_TEST(error(std::string(511, 'x'), "", "y", 1).what() == std::string(508, 'x') + "...");
}

BOOST_AUTO_TEST_CASE(an_expected_is_a_value_or_an_error) {
    expected<std::string> good = std::string("yes");
    BOOST_TEST(good.has_value());
    BOOST_TEST(bool(good));
    BOOST_TEST(*good == "yes");
    BOOST_TEST(good->size() == 3);
    good->append("!");
    const expected<std::string> copy = good;
    BOOST_TEST(copy.value() == "yes!");
    BOOST_TEST(copy->size() == 4);

    const expected<std::string> bad = error("no: ", 3);
    BOOST_TEST(!bad);
    BOOST_TEST(bad.error().what() == "no: 3");
    const expected<std::string> also = bad;
    BOOST_TEST(also.error().what() == "no: 3");
}

BOOST_AUTO_TEST_CASE(an_expected_can_hold_what_only_moves) {
    expected<std::unique_ptr<int>> one = std::make_unique<int>(5);
    const std::unique_ptr<int> mine = *std::move(one);
    BOOST_TEST(*mine == 5);
}

BOOST_AUTO_TEST_CASE(a_status_is_success_or_an_error) {
    const status good;
    BOOST_TEST(good.has_value());
    const status bad = error("no");
    BOOST_TEST(!bad);
    BOOST_TEST(bad.error().what() == "no");
}

BOOST_AUTO_TEST_SUITE_END()
