#include "constformer/generate/rewriter.hpp"
#include "constformer/tasks/engine.hpp"
#include "kernels/tiny.hpp"
#include "tests/support/golden.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {
using model = transformer<tiny::marian_w27_h3>;
const int ends[] = {0}, never[] = {58, 17}, source[] = {5, 6, 7};
const writing rules{.start = 58, .ends = ends, .last = 0, .never = never};
using ids = std::vector<int>;
} // namespace

BOOST_AUTO_TEST_SUITE(generate_rewriter)

// What tests/tasks/translate.cpp checks against Transformers is made of these steps; here: what a caller sees of them.
BOOST_AUTO_TEST_CASE(a_text_goes_on_step_by_step) {
    const auto weights = weights_of<model>("marian_w27_h3");
    const std::size_t needed = rewriter<model>::bytes(9, 14, 4);
    const aligned_memory memory(needed);
    rewriter<model> writer(*weights, rules, 9, 14, 4, memory.bytes());
    BOOST_TEST(writer.most_tokens() == 9);
    BOOST_TEST(writer.most_new() == 13);
    BOOST_TEST(writer.most_beams() == 4);
    BOOST_TEST(why(writer.step()) == "translate: no text has begun");

    ids whole;
    for (const int most : {13, 100, 5}) { // more than there is room for is as much as there is
        BOOST_REQUIRE(writer.begin(source, {.beams = 1, .most_new = most}));
        std::size_t steps = 0;
        while (writer.goes_on()) {
            BOOST_REQUIRE(writer.step());
            BOOST_TEST(writer.text().size() == ++steps);
            BOOST_TEST(writer.found().size() == (writer.goes_on() ? 0u : 1u));
        }
        const ids& found = writer.found()[0].ids;
        BOOST_TEST(found == ids(writer.text().begin(), writer.text().end()));
        BOOST_TEST(int(found.size()) <= std::min(most, 13));
        BOOST_TEST(writer.ends(found.back()));
        if (most == 5)
            BOOST_TEST(ids(found.begin(), found.end() - 1) == ids(whole.begin(), whole.begin() + 4));
        else if (whole.empty())
            whole = found;
        else
            BOOST_TEST(found == whole);
        BOOST_TEST(why(writer.step()) == "translate: no text has begun");
    }

    // Beams side by side: the same texts whatever was written before, and wherever it was left.
    std::vector<beam_text> first;
    for (int round = 0; round < 2; ++round) {
        BOOST_REQUIRE(writer.begin(source, {.beams = 4, .best = 3, .most_new = 9}));
        while (writer.goes_on()) BOOST_REQUIRE(writer.step());
        BOOST_REQUIRE(writer.found().size() == 3u);
        for (std::size_t i = 0; i < 3; ++i) {
            const beam_text& one = writer.found()[i];
            if (i > 0) BOOST_TEST(one.score <= writer.found()[i - 1].score);
            if (round == 0)
                first.push_back(one);
            else
                BOOST_TEST((one.ids == first[i].ids && one.score == first[i].score));
        }
        BOOST_REQUIRE(writer.begin(source, {.beams = 2, .most_new = 9}));
        BOOST_REQUIRE(writer.step()); // and left there
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
    const auto weights = weights_of<model>("marian_w27_h3");
    const aligned_memory memory(rewriter<model>::bytes(4, 6, 2));
    rewriter<model> writer(*weights, rules, 4, 6, 2, memory.bytes());
    BOOST_TEST(why(writer.begin(source, {.beams = 3})) == "beams: 3 beams, there is room for 2");
    BOOST_TEST(why(writer.begin(source, {.beams = 0})) == "beams: 0 beams, at least 1 is needed");
    BOOST_TEST(why(writer.begin(source, {.beams = 1, .best = 2})) == "beams: the 2 best were asked for of 1 beams");
    BOOST_TEST(why(writer.begin(ids(5, 3), {.beams = 1})) == "translate: 5 tokens, at most 4 fit");
    BOOST_TEST(why(writer.begin({}, {.beams = 1})) == "marian: no tokens; a forward needs at least one");
    BOOST_TEST(!writer.goes_on());

    auto damaged = weights_of<model>("marian_w27_h3");
    damaged->bias.data[3] = NAN;
    rewriter<model> broken(*damaged, rules, 4, 6, 2, memory.bytes());
    BOOST_REQUIRE(broken.begin(source, {.beams = 2}));
    BOOST_TEST(why(broken.step()) == "translate: the model's scores are not numbers: its weights are damaged");
    BOOST_TEST(!broken.goes_on());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace constformer::test
