// BERT's relatives, equal to PyTorch: RoBERTa, XLM-RoBERTa, DistilBERT, MPNet, ALBERT, with their heads, in every
// precision.
#include "kernels/tiny.hpp"
#include "tests/support/bert_call.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

const char* const calls[] = {"one", "short", "long", "batch", "holes", "pair", "far"};

// The whole of a forward in exactly its scratch, whose high-water mark is the scratch.
template <class Model> std::vector<float> run(const Model& weights, const bert_inputs& in, int count, int columns) {
    const std::size_t exact = Model::scratch(in.shape());
    memory scratch(exact);
    std::size_t high = 0;
    std::vector<float> y(std::size_t(count) * std::size_t(columns));
    auto m = basic_workspace<>::over(scratch.bytes());
    m.high = &high;
    status done;
    if constexpr (requires { Model::outputs; })
        done = weights.forward(in, rows<Model::outputs>{y.data(), count}, m);
    else
        done = weights.forward(in, rows<Model::width>{y.data(), count}, m);
    BOOST_REQUIRE_MESSAGE(done, why(done));
    BOOST_TEST(high == exact);
    return y;
}

// The root of the mean square of what is off, relative to that of the numbers: roundings are as good as random.
double away(std::span<const float> found, std::span<const float> expected) {
    BOOST_REQUIRE_EQUAL(found.size(), expected.size());
    double off = 0, size = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        off += (double(found[i]) - expected[i]) * (double(found[i]) - expected[i]);
        size += double(expected[i]) * expected[i];
    }
    return std::isfinite(off) ? std::sqrt(off / size) : INFINITY;
}

enum class counts { tokens, sentences };

// In float to the last digits; in the precisions that round weights, over all calls, as close as `allowed`.
template <class Model>
void equals_pytorch(const std::string& golden, const std::vector<std::string>& outputs, counts what,
                    double allowed = 0) {
    int columns = Model::width;
    if constexpr (requires { Model::outputs; }) columns = Model::outputs;
    const auto weights = weights_of<Model>(golden);
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    int seen = 0;
    std::vector<float> all, wanted_all;
    for (const std::string name : calls) {
        if (!io.has(name + ".input_ids")) continue;
        BOOST_TEST_CONTEXT(golden << ", " << name) {
            const bert_call in(io, name);
            const auto y =
                run(*weights, in.inputs(), what == counts::tokens ? in.batch * in.tokens : in.batch, columns);
            const std::size_t step = outputs.size() == 1 ? 1 : std::size_t(columns); // one tensor, or one a column
            for (std::size_t o = 0; o < outputs.size(); ++o) {
                std::vector<float> part;
                for (std::size_t i = o; i < y.size(); i += step) part.push_back(y[i]);
                const auto wanted = io.floats(name + "." + outputs[o]);
                if (allowed == 0) BOOST_TEST(difference(part, wanted) <= tolerance);
                all.insert(all.end(), part.begin(), part.end());
                wanted_all.insert(wanted_all.end(), wanted.begin(), wanted.end());
            }
            if constexpr (requires { &Model::template pool<basic_workspace<>>; } && Model::config.pooled) {
                memory room(Model::scratch(in.inputs().shape())), more(Model::pool_scratch(in.batch));
                std::vector<float> pooled(std::size_t(in.batch) * Model::width);
                weights->pool({y.data(), int(in.ids.size())}, in.each, {pooled.data(), in.batch},
                              basic_workspace<>::over(more.bytes()));
                if (allowed == 0) BOOST_TEST(difference(pooled, io.floats(name + ".pooler_output")) <= tolerance);
            }
            ++seen;
        }
    }
    BOOST_TEST(seen >= 6);
    if (allowed != 0) {
        BOOST_TEST_CONTEXT(golden) {
            const double off = away(all, wanted_all);
            BOOST_TEST(off <= allowed);
            BOOST_TEST(off > 1e-5); // or nothing was rounded
        }
    }
}

constexpr double rounded_bf16 = 0.015, rounded_i8 = 0.06;
const std::vector<std::string> states{"last_hidden_state"}, logits{"logits"}, answers{"start_logits", "end_logits"};

} // namespace

BOOST_AUTO_TEST_SUITE(models_encoders)

BOOST_AUTO_TEST_CASE(roberta_equals_pytorch) {
    equals_pytorch<bert<tiny::roberta_w20_h1>>("roberta_w20_h1", states, counts::tokens);
    equals_pytorch<bert_masked_lm<tiny::roberta_masked_lm>>("roberta_masked_lm", logits, counts::tokens);
    equals_pytorch<bert_sequence_classifier<tiny::roberta_sequence>>("roberta_sequence", logits, counts::sentences);
    equals_pytorch<bert_token_classifier<tiny::roberta_token>>("roberta_token", logits, counts::tokens);
    equals_pytorch<bert_question_answerer<tiny::roberta_answer>>("roberta_answer", answers, counts::tokens);
}
BOOST_AUTO_TEST_CASE(xlm_roberta_equals_pytorch) {
    equals_pytorch<bert_sequence_classifier<tiny::xlm_roberta_rerank>>("xlm_roberta_rerank", logits, counts::sentences);
    equals_pytorch<bert_masked_lm<tiny::xlm_roberta_masked_lm>>("xlm_roberta_masked_lm", logits, counts::tokens);
}
BOOST_AUTO_TEST_CASE(distilbert_equals_pytorch) {
    equals_pytorch<bert<tiny::distilbert_w36_h3>>("distilbert_w36_h3", states, counts::tokens);
    equals_pytorch<bert_masked_lm<tiny::distilbert_masked_lm>>("distilbert_masked_lm", logits, counts::tokens);
    equals_pytorch<bert_sequence_classifier<tiny::distilbert_sequence>>("distilbert_sequence", logits,
                                                                        counts::sentences);
    equals_pytorch<bert_token_classifier<tiny::distilbert_token>>("distilbert_token", logits, counts::tokens);
    equals_pytorch<bert_question_answerer<tiny::distilbert_answer>>("distilbert_answer", answers, counts::tokens);
}
BOOST_AUTO_TEST_CASE(mpnet_equals_pytorch) {
    equals_pytorch<bert<tiny::mpnet_w36_h3>>("mpnet_w36_h3", states, counts::tokens);
    equals_pytorch<bert_masked_lm<tiny::mpnet_masked_lm>>("mpnet_masked_lm", logits, counts::tokens);
    equals_pytorch<bert_sequence_classifier<tiny::mpnet_sequence>>("mpnet_sequence", logits, counts::sentences);
}
BOOST_AUTO_TEST_CASE(albert_equals_pytorch) {
    equals_pytorch<bert<tiny::albert_w36_h3>>("albert_w36_h3", states, counts::tokens);
    equals_pytorch<bert<tiny::albert_groups>>("albert_groups", states, counts::tokens);
    equals_pytorch<bert_masked_lm<tiny::albert_masked_lm>>("albert_masked_lm", logits, counts::tokens);
    equals_pytorch<bert_sequence_classifier<tiny::albert_sequence>>("albert_sequence", logits, counts::sentences);
    equals_pytorch<bert_question_answerer<tiny::albert_answer>>("albert_answer", answers, counts::tokens);
    // The layers' weights are there once.
    static_assert(sizeof(bert<tiny::albert_w36_h3>) < sizeof(bert<tiny::bert_w36_h3>));
}
BOOST_AUTO_TEST_CASE(close_to_pytorch_where_rounded) {
    equals_pytorch<bert<tiny::roberta_w20_h1, bf16>>("roberta_w20_h1", states, counts::tokens, rounded_bf16);
    equals_pytorch<bert<tiny::roberta_w20_h1, i8>>("roberta_w20_h1", states, counts::tokens, rounded_i8);
    equals_pytorch<bert<tiny::mpnet_w36_h3, bf16>>("mpnet_w36_h3", states, counts::tokens, rounded_bf16);
    equals_pytorch<bert<tiny::mpnet_w36_h3, i8>>("mpnet_w36_h3", states, counts::tokens, rounded_i8);
    equals_pytorch<bert<tiny::distilbert_w36_h3, bf16>>("distilbert_w36_h3", states, counts::tokens, rounded_bf16);
    equals_pytorch<bert<tiny::distilbert_w36_h3, i8>>("distilbert_w36_h3", states, counts::tokens, rounded_i8);
    equals_pytorch<bert<tiny::albert_w36_h3, bf16>>("albert_w36_h3", states, counts::tokens, rounded_bf16);
    equals_pytorch<bert<tiny::albert_w36_h3, i8>>("albert_w36_h3", states, counts::tokens, rounded_i8);
    equals_pytorch<bert_masked_lm<tiny::albert_masked_lm, bf16>>("albert_masked_lm", logits, counts::tokens,
                                                                 rounded_bf16);
    equals_pytorch<bert_masked_lm<tiny::albert_masked_lm, i8>>("albert_masked_lm", logits, counts::tokens, rounded_i8);
}

// A packed batch of sentences of different lengths gives what each alone gives, bit by bit: distances and counted
// positions begin anew in each.
template <class Model> void packing_changes_nothing(const std::string& golden) {
    const auto weights = weights_of<Model>(golden);
    const std::vector<int> each{13, 1, 30, 8, 2};
    std::vector<int> ids;
    for (const int n : each)
        for (int i = 0; i < n; ++i) ids.push_back(int(ids.size() * 31 % 67));
    const auto together = run(*weights, {.ids = ids, .each = each}, int(ids.size()), Model::width);
    std::vector<float> alone;
    std::size_t first = 0;
    for (const int n : each) {
        const auto x = run(*weights, {.ids = std::span(ids).subspan(first, std::size_t(n))}, n, Model::width);
        alone.insert(alone.end(), x.begin(), x.end());
        first += std::size_t(n);
    }
    BOOST_TEST_CONTEXT(golden) { BOOST_TEST((together == alone)); }
}
BOOST_AUTO_TEST_CASE(a_batch_changes_nothing) {
    packing_changes_nothing<bert<tiny::roberta_w20_h1>>("roberta_w20_h1");
    packing_changes_nothing<bert<tiny::mpnet_w36_h3>>("mpnet_w36_h3");
    packing_changes_nothing<bert<tiny::albert_w36_h3>>("albert_w36_h3");
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    using model = bert<tiny::roberta_w20_h1>;
    const auto weights = weights_of<model>("roberta_w20_h1");
    std::vector<float> x(40 * model::width);
    memory scratch(model::scratch(33));
    const auto why = [&](const bert_inputs& in) {
        const status done =
            weights->forward(in, {x.data(), int(in.ids.size())}, basic_workspace<>::over(scratch.bytes()));
        return done ? std::string("no error") : std::string(done.error().what());
    };
    const std::vector<int> most(32, 5), more(33, 5), one{1}, two{5, 5}, segments{0, 1};
    BOOST_TEST(why({.ids = most}) == "no error"); // the last position's row is the table's last
    BOOST_TEST(why({.ids = more}) == "roberta: 33 tokens, this model has 32 positions");
    BOOST_TEST(why({.ids = one}) == "no error"); // padding alone
    BOOST_TEST(why({.ids = two, .segments = segments}) == "roberta: segment 1, this model has 1");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
