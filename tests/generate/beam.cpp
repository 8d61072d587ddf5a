#include "constformer/generate/beam.hpp"

#include "constformer/generate/decoder_beams.hpp"
#include "kernels/tiny.hpp"
#include "tests/support/decoder.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

constexpr int new_tokens = 12;

// A beam_source over a tiny model, whose caches have room for what the goldens ask.
template <class Model> struct beams_of {
    decoder<Model> model;
    memory caches, scratch;
    static constexpr int capacity = 20, block = 3, most = 5;
    explicit beams_of(const std::string& golden)
        : model(golden), caches(decoder_beams<Model>::bytes(most, capacity)),
          scratch(prefill_scratch<Model>(block, capacity)) {}
    auto source(std::span<const int> prompt, int beams) {
        return decoder_beams<Model>(*model.weights, prompt, caches.bytes(), scratch.bytes(), beams, capacity, block);
    }
};

// What tests/golden/make/decoders.py asks for, in turn.
constexpr beam_options asked[] = {
    {.beams = 4, .most_new = new_tokens},
    {.beams = 3, .best = 3, .most_new = new_tokens, .length_penalty = 0.6f, .end = beam_end::full},
    {.beams = 5, .best = 2, .most_new = new_tokens, .length_penalty = -0.5f, .end = beam_end::certain},
    {.beams = 2, .most_new = new_tokens, .length_penalty = 2, .end = beam_end::certain}};

template <class Model> void equal_transformers(const std::string& golden) {
    BOOST_TEST_CONTEXT(golden) {
        const tensors io(data_path("golden/" + golden + "/io.safetensors"));
        const int end = io.ints("end.id")[0];
        beams_of<Model> all(golden);

        const auto prompts = io.ints("greedy.prompts"), texts = io.ints("greedy.sequences"),
                   lengths = io.ints("greedy.lengths");
        for (std::size_t i = 0; i < lengths.size() / 2; ++i) {
            const auto n = std::size_t(lengths[2 * i]), whole = std::size_t(lengths[2 * i + 1]);
            std::vector<int> ids(prompts.begin() + std::ptrdiff_t(8 * i), prompts.begin() + std::ptrdiff_t(8 * i + n));
            all.model.past.rewind(0);
            for (auto logits = all.model.next(ids, 1); ids.size() < n + new_tokens;) {
                ids.push_back(best_token(logits));
                if (ids.back() == end) break;
                logits = all.model.next(std::span(ids).last(1));
            }
            BOOST_TEST((ids == std::vector<int>(texts.begin() + std::ptrdiff_t(20 * i),
                                                texts.begin() + std::ptrdiff_t(20 * i + whole))));
        }
        BOOST_TEST(lengths.size() == 2u * 200);

        // A row a text; several texts of one prompt follow each other. Shorter ones are filled up with the end token.
        const auto rows = io.ints("beams.sequences"), about = io.ints("beams.lengths"),
                   beam_prompts = io.ints("beams.prompts");
        const auto scores = io.floats("beams.scores");
        for (std::size_t row = 0; row < scores.size();) {
            const auto which = std::size_t(about[3 * row]);
            const auto n = std::size_t(about[3 * row + 1]);
            const std::vector<int> prompt(beam_prompts.begin() + std::ptrdiff_t(8 * row),
                                          beam_prompts.begin() + std::ptrdiff_t(8 * row + n));
            const beam_options options = asked[which % 4];
            auto source = all.source(prompt, options.beams);
            const auto found = search_beams(source, options, std::span(&end, 1));
            BOOST_REQUIRE_MESSAGE(found, why(found));
            BOOST_TEST(int(found->size()) == options.best);
            for (const beam_text& text : *found) {
                const auto whole = std::size_t(about[3 * row + 2]);
                std::vector<int> ids = prompt;
                ids.insert(ids.end(), text.ids.begin(), text.ids.end());
                ids.resize(whole, end);
                BOOST_TEST((ids == std::vector<int>(rows.begin() + std::ptrdiff_t(20 * row),
                                                    rows.begin() + std::ptrdiff_t(20 * row + whole))));
                BOOST_TEST(std::abs(text.score - scores[row]) <= 2e-5f * std::abs(scores[row]));
                ++row;
            }
        }
        BOOST_TEST(about[about.size() - 3] == 199); // the number of the last prompt
    }
}

// A source whose scores are written down: (what came last) -> scores.
struct table_source {
    std::vector<float> rows; // (vocabulary, vocabulary)
    int size, room = 100;
    [[nodiscard]] int vocabulary() const { return size; }
    [[nodiscard]] int most_new() const { return room; }
    status first(std::span<float> logits) const { return copy(0, logits); }
    status next(std::span<const int> tokens, std::span<const int>, std::span<float> logits) const {
        for (std::size_t i = 0; i < tokens.size(); ++i)
            if (status ok = copy(tokens[i], logits.subspan(i * std::size_t(size), std::size_t(size))); !ok) return ok;
        return {};
    }
    status copy(int row, std::span<float> logits) const {
        std::copy_n(rows.begin() + row * size, size, logits.begin());
        return {};
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(generate_beam)

BOOST_AUTO_TEST_CASE(greedy_and_beams_equal_transformers) {
    equal_transformers<gpt<tiny::gpt_w36_h3>>("gpt_w36_h3");
    equal_transformers<gpt<tiny::gpt2_w48_h4>>("gpt2_w48_h4");
    equal_transformers<gpt<tiny::gpt2_w64_h2>>("gpt2_w64_h2");
    equal_transformers<gpt_neox<tiny::gpt_neox_w48_h2>>("gpt_neox_w48_h2");
    equal_transformers<gpt_neox<tiny::gpt_neox_in_turn>>("gpt_neox_in_turn");
    equal_transformers<llama<tiny::llama_w42_h6>>("llama_w42_h6");
    equal_transformers<llama<tiny::llama_one_key>>("llama_one_key");
    equal_transformers<llama<tiny::mistral_w48_h4>>("mistral_w48_h4");
    equal_transformers<llama<tiny::qwen2_w36_h3>>("qwen2_w36_h3");
}

BOOST_AUTO_TEST_CASE(sees_what_greedy_does_not) {
    // From 0 the best step leads to 1, from where nothing is likely; 2 leads to the end, 3, for sure.
    const float few = -20;
    table_source source{{few, 1.0f, 0.9f, few, few, 0, 0, 0, few, few, few, 9, 0, 0, 0, 0}, 4};
    const int end = 3;
    const auto one = search_beams(source, {.beams = 1, .most_new = 2}, std::span(&end, 1));
    BOOST_REQUIRE(one);
    BOOST_TEST((one->front().ids == std::vector{1, 1}));
    const auto two = search_beams(source, {.beams = 2, .best = 2, .most_new = 2}, std::span(&end, 1));
    BOOST_REQUIRE(two);
    BOOST_TEST((two->front().ids == std::vector{2, 3}));
    BOOST_TEST(two->front().score > (*two)[1].score);
}

BOOST_AUTO_TEST_CASE(bad_options_and_scores_are_a_sentence) {
    table_source source{std::vector<float>(16), 4};
    const auto said = [&](beam_options options) {
        const auto found = search_beams(source, options, {});
        return found ? std::string("no error") : std::string(found.error().what());
    };
    BOOST_TEST(said({.beams = 0}) == "beams: 0 beams, at least 1 is needed");
    BOOST_TEST(said({.beams = 257}) == "beams: 257 beams, at most 256 are kept side by side");
    BOOST_TEST(said({.beams = 2, .best = 3}) == "beams: the 3 best were asked for of 2 beams");
    BOOST_TEST(said({.most_new = 0}) == "beams: 0 new tokens, at least 1 is needed");
    BOOST_TEST(said({.length_penalty = NAN}) == "beams: the length penalty must be a number");
    source.rows[2] = NAN;
    BOOST_TEST(said({}) == "beams: the model's scores are not numbers: its weights are damaged");
    source.rows[2] = 0, source.room = 0;
    BOOST_TEST(said({}) == "beams: there is no room for a new token");
    source.room = 3;
    BOOST_TEST(said({.beams = 30}) == "no error"); // more beams than tokens
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
