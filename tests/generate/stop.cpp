#include "constformer/generate/stop.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

// Everything that is shown of a text in pieces of `size` bytes.
std::string shown(const std::vector<std::string>& stops, std::string_view text, std::size_t size, bool& stopped) {
    stop_strings stop(stops);
    std::string all;
    for (std::size_t i = 0; i < text.size(); i += size) all += stop.push(text.substr(i, size));
    all += stop.finish();
    stopped = stop.stopped();
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(generate_stop)

BOOST_AUTO_TEST_CASE(shows_what_lies_before_the_first_stop_in_whatever_pieces) {
    const std::vector<std::string> stops{"<end>", "\n\n", ""};
    for (std::size_t size = 1; size < 9; ++size) {
        bool stopped = false;
        BOOST_TEST(shown(stops, "one <en <end> two", size, stopped) == "one <en ");
        BOOST_TEST(stopped);
        BOOST_TEST(shown(stops, "one\ntwo\n\n<end>", size, stopped) == "one\ntwo");
        BOOST_TEST(stopped);
        BOOST_TEST(shown(stops, "<<<end", size, stopped) == "<<<end");
        BOOST_TEST(!stopped);
        BOOST_TEST(shown({}, "any", size, stopped) == "any");
        BOOST_TEST(!stopped);
    }
}

BOOST_AUTO_TEST_CASE(holds_back_no_more_than_it_must) {
    const std::vector<std::string> stops{"abac"};
    stop_strings stop(stops);
    BOOST_TEST(stop.push("xab") == "x");
    BOOST_TEST(stop.push("a") == "");
    BOOST_TEST(stop.push("b") == "ab"); // aba b: "ab" may still become one
    BOOST_TEST(stop.push("ac!") == "");
    BOOST_TEST(stop.stopped());
    BOOST_TEST(stop.push("more") == "");
    BOOST_TEST(stop.finish() == "");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
