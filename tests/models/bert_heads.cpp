#include "kernels/tiny.hpp"
#include "tests/support/bert_call.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

template <class Model> std::vector<float> logits_of(const Model& weights, const bert_call& in, int count) {
    memory scratch(Model::scratch(in.inputs().shape()));
    std::vector<float> y(std::size_t(count) * Model::outputs);
    const status done = weights.forward(in.inputs(), {y.data(), count}, basic_workspace<>::over(scratch.bytes()));
    BOOST_REQUIRE_MESSAGE(done, test::why(done));
    return y;
}

enum class counts { tokens, sentences };
template <class Model> void head_equals_pytorch(const std::string& golden, counts what, const std::string& output) {
    const auto weights = weights_of<Model>(golden);
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    int seen = 0;
    for (const std::string name : bert_calls) {
        if (!io.has(name + ".input_ids")) continue;
        BOOST_TEST_CONTEXT(golden << ", " << name) {
            const bert_call in(io, name);
            const auto y = logits_of(*weights, in, what == counts::tokens ? in.batch * in.tokens : in.batch);
            BOOST_TEST(difference(y, io.floats(name + "." + output)) <= tolerance);
            ++seen;
        }
    }
    BOOST_TEST(seen >= 5);
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_bert_heads)

BOOST_AUTO_TEST_CASE(masked_lm_equals_pytorch) {
    head_equals_pytorch<bert_masked_lm<tiny::bert_masked_lm>>("bert_masked_lm", counts::tokens, "logits");
    head_equals_pytorch<bert_masked_lm<tiny::bert_masked_lm_untied>>("bert_masked_lm_untied", counts::tokens, "logits");
    head_equals_pytorch<bert_masked_lm<tiny::bert_pretraining>>("bert_pretraining", counts::tokens,
                                                                "prediction_logits");
}
BOOST_AUTO_TEST_CASE(classifiers_equal_pytorch) {
    head_equals_pytorch<bert_sequence_classifier<tiny::bert_sequence>>("bert_sequence", counts::sentences, "logits");
    head_equals_pytorch<bert_token_classifier<tiny::bert_token>>("bert_token", counts::tokens, "logits");
}
BOOST_AUTO_TEST_CASE(answers_equal_pytorch) {
    using model = bert_question_answerer<tiny::bert_answer>;
    const auto weights = weights_of<model>("bert_answer");
    const tensors io(data_path("golden/bert_answer/io.safetensors"));
    for (const std::string name : bert_calls) {
        const bert_call in(io, name);
        const auto y = logits_of(*weights, in, in.batch * in.tokens);
        std::vector<float> begin, end;
        for (std::size_t i = 0; i < y.size(); i += 2) begin.push_back(y[i]), end.push_back(y[i + 1]);
        BOOST_TEST(difference(begin, io.floats(name + ".start_logits")) <= tolerance);
        BOOST_TEST(difference(end, io.floats(name + ".end_logits")) <= tolerance);
    }
}

// Each head refuses before anything is computed, by its own name.
template <class Model> void refuses(const std::string& golden, const std::string& who, int rows_of_two) {
    const auto weights = weights_of<Model>(golden);
    const std::vector<int> ids{1, 2, 3}, each{2, 1}, outside{1, 2, 1000}, none;
    const bert_inputs good{.ids = ids, .each = each};
    std::vector<float> y(4 * Model::outputs);
    const std::size_t exact = Model::scratch(good.shape());
    memory scratch(exact);
    const auto why = [&](const bert_inputs& in, int count, std::size_t bytes) {
        const status done =
            weights->forward(in, {y.data(), count}, basic_workspace<>::over(scratch.bytes().first(bytes)));
        return done ? std::string("no error") : std::string(done.error().what());
    };
    BOOST_TEST_CONTEXT(who) {
        BOOST_TEST(why(good, rows_of_two, exact) == "no error");
        BOOST_TEST(why(good, rows_of_two, exact - 1) == who + ": the workspace holds " + std::to_string(exact - 1) +
                                                            " bytes, this forward needs " + std::to_string(exact));
        BOOST_TEST(why(good, 1, exact) == who + ": " + std::to_string(rows_of_two) + " rows of logits, but room for 1");
        BOOST_TEST(why({.ids = none}, 0, exact) == "bert: no tokens; a forward needs at least one");
        BOOST_TEST(
            why({.ids = outside, .each = each}, rows_of_two, exact).starts_with("bert: token id 1000 is outside"));
    }
}
BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    refuses<bert_masked_lm<tiny::bert_masked_lm>>("bert_masked_lm", "bert_masked_lm", 3);
    refuses<bert_sequence_classifier<tiny::bert_sequence>>("bert_sequence", "bert_sequence_classifier", 2);
    refuses<bert_token_classifier<tiny::bert_token>>("bert_token", "bert_token_classifier", 3);
    refuses<bert_question_answerer<tiny::bert_answer>>("bert_answer", "bert_question_answerer", 3);
}

// A packed batch gives what each sentence alone gives, bit by bit: a label looks at its own first token only.
BOOST_AUTO_TEST_CASE(packing_changes_nothing) {
    using model = bert_sequence_classifier<tiny::bert_sequence>;
    const auto weights = weights_of<model>("bert_sequence");
    const std::vector<int> each{5, 1, 17};
    std::vector<int> ids;
    for (int i = 0; i < 23; ++i) ids.push_back(i * 31 % 89);
    const auto run = [&](const bert_inputs& in) {
        memory scratch(model::scratch(in.shape()));
        std::vector<float> y(std::size_t(in.sentences()) * model::outputs);
        BOOST_REQUIRE(weights->forward(in, {y.data(), in.sentences()}, basic_workspace<>::over(scratch.bytes())));
        return y;
    };
    std::vector<float> alone;
    std::size_t first = 0;
    for (const int n : each) {
        const auto y = run({.ids = std::span(ids).subspan(first, std::size_t(n))});
        alone.insert(alone.end(), y.begin(), y.end());
        first += std::size_t(n);
    }
    BOOST_TEST((run({.ids = ids, .each = each}) == alone));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
