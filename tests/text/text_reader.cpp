#include <boost/test/unit_test.hpp>

#include <climits>
#include <random>
#include <string>
#include <vector>

#include "constformer/text/text_reader.hpp"

using namespace constformer;

namespace {
struct fixture {
    vocabulary known = *vocabulary::from_lines("[U]\ncafe\n##s\nun\n##do\nk\ni\n,\n.\n\xE4\xB8\xAD\nA\n", "##");
    word_pieces pieces{known, 0, 100};

    encoding read(std::string_view text, const normalization& steps = {}, int source = 0, int enough = INT_MAX) {
        encoding out;
        words to{pieces, out, 0};
        text_reader(steps, pieces).read(text, source, enough, to);
        return out;
    }
    std::string spelled(const encoding& e) {
        std::string all;
        for (const int id : e.ids) all += (all.empty() ? "" : " ") + std::string(known.token(id));
        return all;
    }
};
} // namespace

BOOST_AUTO_TEST_SUITE(text_text_reader)

BOOST_FIXTURE_TEST_CASE(ordinary_text_becomes_words_with_their_places, fixture) {
    const auto e = read("Undo, CAF\xC3\x89s.", {}, 5);
    BOOST_TEST(spelled(e) == "un ##do , cafe ##s .");
    BOOST_TEST((e.offsets == std::vector<std::array<int, 2>>{{5, 7}, {7, 9}, {9, 10}, {11, 15}, {15, 16}, {16, 17}}));
    BOOST_TEST((e.words == std::vector{0, 0, 1, 2, 2, 3}));
}
BOOST_FIXTURE_TEST_CASE(steps_that_are_left_out_are_left_out, fixture) {
    BOOST_TEST(spelled(read("A k", {true, true, false, false})) == "A k");
    BOOST_TEST(spelled(read("A k")) == "[U] k"); // "a" is no token
    BOOST_TEST(spelled(read("k\x01", {false, true, true, true})) == "[U]");
    BOOST_TEST(spelled(read("k\x01")) == "k");
    BOOST_TEST(spelled(read("k\xE4\xB8\xADk")) == "k \xE4\xB8\xAD k");
    BOOST_TEST(spelled(read("k\xE4\xB8\xADk", {true, false, true, true})) == "[U]");
}
BOOST_FIXTURE_TEST_CASE(it_stops_soon_after_enough, fixture) {
    BOOST_TEST(read("k k k k k", {}, 0, 2).size() == 2);
    BOOST_TEST(read("k undo k", {}, 0, 2).size() == 3); // a word is not cut
    BOOST_TEST(read("k", {}, 0, 0).size() == 0);
}
BOOST_FIXTURE_TEST_CASE(normalized_text_keeps_its_places, fixture) {
    encoding out;
    const text_reader reader({}, pieces);
    reader.normalize("A\x01\xC3\x89\xE4\xB8\xAD", 3, out);
    BOOST_TEST(std::string(out.work.normal.begin(), out.work.normal.end()) == "ae \xE4\xB8\xAD ");
    BOOST_TEST((out.work.places == std::vector{3, 5, 6, 6, 6, 6, 6}));
    reader.normalize("", 0, out);
    BOOST_TEST((out.work.normal.empty() && out.work.places.empty()));
}

// The way of plain ASCII words and the way of all others give the same: the normalized text, read point by point.
BOOST_FIXTURE_TEST_CASE(equal_to_normalizing_first, fixture) {
    const std::string_view parts[] = {"un",   "do", "cafe",         "s",        " ",
                                      ",",    ".",  "\xC3\xA9",     "\xCC\x81", "\xE4\xB8\xAD",
                                      "\x01", "K",  "\xE2\x84\xAA", "\t",       "\xF0\x9D\x85\xA5"};
    std::mt19937 random(9);
    for (int round = 0; round < 5000; ++round) {
        std::string text;
        for (auto n = random() % 10; n > 0; --n) text += parts[random() % std::size(parts)];
        const normalization steps{random() % 2 == 0, random() % 2 == 0, random() % 2 == 0, random() % 2 == 0};
        const auto found = read(text, steps);
        encoding e;
        text_reader(steps, pieces).normalize(text, 0, e);
        words to{pieces, e, 0};
        for (std::size_t at = 0; at < e.work.normal.size();) {
            const auto next = unicode::decode(e.work.normal.data() + at);
            to(next.point, unicode::properties_of(next.point), e.work.places[at]);
            at += std::size_t(next.bytes);
        }
        to.finish();
        BOOST_REQUIRE(found.ids == e.ids && found.offsets == e.offsets && found.words == e.words);
    }
}

BOOST_AUTO_TEST_SUITE_END()
