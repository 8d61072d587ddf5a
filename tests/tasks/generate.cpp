#include "constformer/tasks/generate.hpp"

#include "constformer/models/dispatch_causal.hpp"
#include "kernels/tiny.hpp"
#include "tests/support/decoder.hpp"
#include "tests/support/small_tokenizers.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

using model = llama<tiny::llama_w42_h6>;

struct writer {
    bpe words = letters(model::outputs);
    std::unique_ptr<model> weights = weights_of<model>("llama_w42_h6");
    // The ids that always taking the best gives, by whole forwards: what the generator's cache must not change.
    std::vector<int> best(std::vector<int> ids, int count) {
        decoder<model> whole("llama_w42_h6");
        for (int i = 0; i < count; ++i) {
            whole.past.rewind(0);
            ids.push_back(best_token(whole.next(ids, 1)));
        }
        return ids;
    }
    std::string text_of(std::span<const int> ids) { return words.decode(ids, true); }
};
constexpr auto go_on = [](std::string_view) { return true; };

} // namespace

BOOST_AUTO_TEST_SUITE(tasks_generate)

BOOST_AUTO_TEST_CASE(writes_what_whole_forwards_say_and_reuses_what_texts_share) {
    writer w;
    for (const int block : {3, 128}) {
        text_generator generator(*w.weights, w.words, 60, {}, sequential{}, block);
        const std::vector<int> prompt{20, 31, 42, 53, 24, 35};
        const auto wanted = w.best(prompt, 20);
        std::string text;
        const auto show = [&](std::string_view more) {
            BOOST_TEST(unicode::valid_bytes(more) == more.size());
            text += more;
            return true;
        };
        const auto done = generator.generate(w.text_of(prompt), {.most_new = 20}, show);
        BOOST_REQUIRE_MESSAGE(done, why(done));
        BOOST_TEST(text == w.text_of(std::span(wanted).subspan(6)));
        BOOST_TEST((done->why == stop_reason::length && done->prompt == 6 && done->made == 20 && done->reused == 0));

        // Goes on from itself: all but the last token are in the cache.
        const std::string before = text;
        text.clear();
        const auto more = generator.generate(wanted, {.most_new = 5}, show);
        BOOST_REQUIRE_MESSAGE(more, why(more));
        BOOST_TEST(more->reused == 25);
        const auto longer = w.best(wanted, 5);
        BOOST_TEST(text == w.text_of(std::span(longer).subspan(26)));

        // Begins alike.
        std::vector<int> other(prompt.begin(), prompt.begin() + 4);
        other.push_back(9);
        text.clear();
        const auto third = generator.generate(other, {.most_new = 7}, show);
        BOOST_REQUIRE(third);
        BOOST_TEST(third->reused == 4);
        BOOST_TEST(text == w.text_of(w.best(other, 7)).substr(5));
    }
}

BOOST_AUTO_TEST_CASE(ends_for_every_reason) {
    writer w;
    const std::vector<int> prompt{20, 31, 42, 53, 24, 35};
    const auto wanted = w.best(prompt, 30);
    const std::string all = w.text_of(std::span(wanted).subspan(6));
    const auto ask = [&](std::span<const int> ends, int context, generate_options options, std::string& text) {
        text_generator generator(*w.weights, w.words, context, ends);
        const auto done = generator.generate(prompt, options, [&](std::string_view more) {
            text += more;
            return text.size() < 100;
        });
        BOOST_REQUIRE_MESSAGE(done, why(done));
        return *done;
    };
    std::string text;
    const int end = wanted[12];
    const auto at = std::find(wanted.begin() + 6, wanted.end(), end) - wanted.begin() - 6;
    BOOST_TEST((ask({&end, 1}, 60, {}, text).why == stop_reason::end));
    BOOST_TEST(text == w.text_of(std::span(wanted).subspan(6, std::size_t(at))));

    text.clear();
    BOOST_TEST((ask({}, 12, {}, text).why == stop_reason::full));
    BOOST_TEST(text == w.text_of(std::span(wanted).subspan(6, 7))); // the last one is not read any more

    text.clear();
    const std::vector<std::string> stops{"never there", all.substr(4, 3)};
    BOOST_TEST((ask({}, 60, {.stops = stops}, text).why == stop_reason::stop));
    BOOST_TEST(text == all.substr(0, all.find(stops[1])));

    text.clear();
    text_generator generator(*w.weights, w.words, 60, {});
    int calls = 0;
    const auto cancelled = generator.generate(prompt, {}, [&](std::string_view more) {
        text += more;
        return ++calls < 4;
    });
    BOOST_REQUIRE(cancelled);
    BOOST_TEST((cancelled->why == stop_reason::cancelled));
    BOOST_TEST((!text.empty() && all.starts_with(text)));
    const auto never = generator.generate(std::vector<int>{1, 2, 3}, {}, [](std::string_view) { return false; });
    BOOST_TEST((never && never->why == stop_reason::cancelled && never->made == 0));
}

BOOST_AUTO_TEST_CASE(guesses_change_no_text) {
    writer w;
    text_generator generator(*w.weights, w.words, 70, {});
    // Repeats itself: what followed is guessed right, until it is not.
    std::vector<int> prompt;
    for (int i = 0; i < 4; ++i) prompt.insert(prompt.end(), {20, 31, 42, 53, 24});
    int fewest = 100;
    for (const sampling_options sampling : {sampling_options{}, {.temperature = 0.7f, .seed = 5}}) {
        std::string plain;
        for (const int lookup : {0, 1, 3, 8}) {
            std::string text;
            const auto done =
                generator.generate(prompt, {.sampling = sampling, .most_new = 60, .lookup = lookup}, [&](auto more) {
                    text += more;
                    return true;
                });
            BOOST_REQUIRE_MESSAGE(done, why(done));
            BOOST_TEST((done->why == stop_reason::full && done->made == 51));
            if (lookup == 0) {
                plain = text;
                BOOST_TEST(done->forwards == 50);
            }
            BOOST_TEST(text == plain);
            fewest = std::min(fewest, done->forwards);
        }
    }
    BOOST_TEST(fewest < 45);
    // The cache holds what came, not what was guessed.
    const auto again = generator.generate(prompt, {.most_new = 3, .lookup = 8}, go_on);
    BOOST_REQUIRE(again);
    BOOST_TEST(again->reused == 19);
    const auto wanted = w.best(prompt, 8);
    std::string text;
    BOOST_REQUIRE(generator.generate(std::span(wanted).first(23), {.most_new = 5}, [&](std::string_view more) {
        text += more;
        return true;
    }));
    BOOST_TEST(text == w.text_of(std::span(wanted).subspan(23)));
}

BOOST_AUTO_TEST_CASE(searches_and_scores) {
    writer w;
    text_generator generator(*w.weights, w.words, 60, {});
    const std::vector<int> prompt{20, 31, 42};
    const auto found = generator.search(w.text_of(prompt), {.beams = 1, .most_new = 8});
    BOOST_REQUIRE_MESSAGE(found, why(found));
    const auto wanted = w.best(prompt, 8);
    BOOST_TEST(found->front().first == w.text_of(std::span(wanted).subspan(3)));

    // The scores of what was searched add up to the beam's.
    const auto scores = generator.score(wanted);
    BOOST_REQUIRE_MESSAGE(scores, why(scores));
    BOOST_TEST(scores->size() == wanted.size() - 1);
    double sum = 0;
    for (std::size_t i = 2; i < scores->size(); ++i) sum += double((*scores)[i]);
    BOOST_TEST(std::abs(sum / 8 - double(found->front().second)) < 1e-5);
}

BOOST_AUTO_TEST_CASE(runs_by_dispatch) {
    writer w;
    const auto net = dispatch(*w.weights);
    BOOST_REQUIRE_MESSAGE(net, why(net));
    text_generator generator(*net, w.words, 30, {});
    std::string text;
    BOOST_REQUIRE(generator.generate(std::vector<int>{20, 31}, {.most_new = 4}, [&](std::string_view more) {
        text += more;
        return true;
    }));
    const auto wanted = w.best({20, 31}, 4);
    BOOST_TEST(text == w.text_of(std::span(wanted).subspan(2)));
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    writer w;
    text_generator generator(*w.weights, w.words, 10, {});
    const auto said = [&](std::string_view prompt, const generate_options& options = {}) {
        const auto done = generator.generate(prompt, options, go_on);
        return done ? std::string(name_of(done->why)) : std::string(done.error().what());
    };
    BOOST_TEST(said("") == "generate: the prompt is empty; it needs at least one token");
    BOOST_TEST(said("A\xff") == "tokenizer: the text is not UTF-8 at byte 1");
    BOOST_TEST(said("AAAAAAAAAAA") == "generate: a prompt of 11 tokens, the context has room for 10");
    BOOST_TEST(said("A", {.most_new = 0}) == "generate: 0 new tokens, at least 1 is needed");
    BOOST_TEST(said("A", {.sampling = {.top_p = 2}}) == "sampling: top-p must be above 0 and at most 1");
    BOOST_TEST(said("A", {.lookup = 9}) == "generate: 9 tokens are to be guessed, 0 to 8 can be");
    BOOST_TEST(said("AAAAAAAAAA") == "full");
    BOOST_TEST(why(generator.generate(std::vector<int>{71}, {}, go_on)) ==
               "llama: token id 71 is outside the vocabulary of 71");
    BOOST_TEST(why(generator.search("A", {.beams = 0})) == "beams: 0 beams, at least 1 is needed");
    BOOST_TEST(why(generator.score(std::vector<int>{1})) ==
               "generate: 1 tokens cannot be scored, at least 2 are needed");
    const std::string damaged = "the model's scores are not numbers: its weights are damaged";
    w.weights->norm.weight.data[3] = NAN;
    BOOST_TEST(said("A") == "sampling: " + damaged);
    BOOST_TEST(said("A", {.sampling = {.temperature = 1}}) == "sampling: " + damaged);
    BOOST_TEST(why(generator.search("A", {})) == "beams: " + damaged);
    BOOST_TEST(why(generator.score(std::vector<int>{1, 2, 3})) == "generate: " + damaged);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
