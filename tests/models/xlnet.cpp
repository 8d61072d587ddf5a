#include "constformer/models/xlnet_heads.hpp"
#include "kernels/tiny.hpp"
#include "tests/support/golden.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

constexpr int most = 160;

// A model with a state, and the inputs of one call after another.
template <class Model> struct reader {
    static constexpr int outputs = [] {
        if constexpr (requires { Model::outputs; })
            return Model::outputs;
        else
            return Model::width;
    }();
    std::unique_ptr<Model> weights;
    tensors io;
    memory placed, scratch{Model::scratch(most, most, most)};
    typename Model::state past;
    explicit reader(const std::string& golden)
        : weights(weights_of<Model>(golden)), io(data_path("golden/" + golden + "/io.safetensors")),
          placed(Model::state::bytes(most)), past(Model::state::in(basic_workspace<>::over(placed.bytes()), most)) {}

    std::vector<int> given(const std::string& name) { return io.has(name) ? io.ints(name) : std::vector<int>(); }
    // The call's text behind what the state holds.
    std::vector<float> read(const std::string& call) {
        const auto ids = io.ints(call + ".input_ids"), keep = given(call + ".attention_mask"),
                   segments = given(call + ".token_type_ids"), hidden = given(call + ".perm_mask"),
                   mapping = given(call + ".target_mapping");
        std::vector<int> targets;
        for (std::size_t i = 0; i < mapping.size(); ++i)
            if (mapping[i] == 1) targets.push_back(int(i % ids.size()));
        std::vector<float> y((targets.empty() ? ids.size() : targets.size()) * outputs);
        const status done = weights->forward(
            xlnet_inputs{
                .text = {.ids = ids, .segments = segments, .keep = keep}, .hidden = hidden, .targets = targets},
            past, {y.data(), int(y.size()) / outputs}, basic_workspace<>::over(scratch.bytes()));
        BOOST_REQUIRE_MESSAGE(done, test::why(done));
        return y;
    }
};

template <class Model> void streams_equal_pytorch(const std::string& golden, const std::string& output) {
    reader<Model> r(golden);
    const auto equals = [&](const std::string& call) {
        BOOST_TEST_CONTEXT(golden << ", " << call)
        BOOST_TEST(difference(r.read(call), r.io.floats(call + "." + output)) <= tolerance);
    };
    for (const std::string call : {"one", "short", "permuted", "holes"}) {
        r.past.keep_last(0);
        equals(call);
    }
    r.past.keep_last(0);
    equals("targets");
    equals("second");
    BOOST_TEST(r.past.length() == 14);
    equals("third");
    r.past.keep_last(0);
    r.read("targets");
    r.read("second");
    r.past.keep_last(6);
    equals("third_of_6");
    BOOST_TEST(r.past.length() == 10);
}

// Sentences padded on the left, and the same texts without their padding, packed: another shape, no padding at all.
template <class Model> void batch_equals_pytorch(const std::string& golden, const std::string& output, bool sentence) {
    const auto weights = weights_of<Model>(golden);
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    // One output, or two that lie side by side in ours: "start_logits end_logits".
    const auto wanted = [&](const std::string& call) {
        const auto space = output.find(' ');
        if (space == output.npos) return io.floats(call + "." + output);
        const auto first = io.floats(call + "." + output.substr(0, space)),
                   second = io.floats(call + "." + output.substr(space + 1));
        std::vector<float> both;
        for (std::size_t i = 0; i < first.size(); ++i) both.push_back(first[i]), both.push_back(second[i]);
        return both;
    };
    const int outputs = int(wanted("one").size()), n = io.extent("batch.input_ids", 1);
    const auto ids = io.ints("batch.input_ids"), keep = io.ints("batch.attention_mask"),
               segments = io.ints("batch.token_type_ids");
    const auto expected = wanted("batch");
    memory scratch(std::max(Model::scratch(lengths(std::array{11, 11, 11})), Model::scratch(150)));
    const auto run = [&](const bert_inputs& in, int rows) {
        std::vector<float> y(std::size_t(rows * outputs));
        const status done = weights->forward(in, {y.data(), rows}, basic_workspace<>::over(scratch.bytes()));
        BOOST_REQUIRE_MESSAGE(done, test::why(done));
        return y;
    };
    const std::vector<int> equal{n, n, n};
    const auto padded = run({.ids = ids, .segments = segments, .keep = keep, .each = equal}, sentence ? 3 : 3 * n);
    BOOST_TEST(difference(padded, expected) <= tolerance);

    std::vector<int> short_ids, short_segments, each;
    std::vector<float> kept;
    for (int b = 0; b < 3; ++b) {
        int count = 0;
        for (int i = b * n; i < (b + 1) * n; ++i) {
            if (keep[std::size_t(i)] == 0) continue;
            short_ids.push_back(ids[std::size_t(i)]), short_segments.push_back(segments[std::size_t(i)]), ++count;
            if (!sentence)
                kept.insert(kept.end(), expected.begin() + i * outputs, expected.begin() + (i + 1) * outputs);
        }
        each.push_back(count);
    }
    const auto packed =
        run({.ids = short_ids, .segments = short_segments, .each = each}, sentence ? 3 : int(short_ids.size()));
    BOOST_TEST(difference(packed, sentence ? expected : kept) <= tolerance);
    const auto far = io.ints("long.input_ids");
    BOOST_TEST(difference(run({.ids = far}, sentence ? 1 : 150), wanted("long")) <= tolerance);
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_xlnet)

BOOST_AUTO_TEST_CASE(two_streams_and_memories_equal_pytorch) {
    streams_equal_pytorch<xlnet<tiny::xlnet_w36_h3>>("xlnet_w36_h3", "last_hidden_state");
    streams_equal_pytorch<xlnet_lm<tiny::xlnet_of_words>>("xlnet_lm", "logits");
}
BOOST_AUTO_TEST_CASE(packed_batches_equal_pytorch) {
    batch_equals_pytorch<xlnet<tiny::xlnet_w36_h3>>("xlnet_w36_h3", "last_hidden_state", false);
    batch_equals_pytorch<xlnet_lm<tiny::xlnet_of_words>>("xlnet_lm", "logits", false);
    batch_equals_pytorch<xlnet_sequence_classifier<tiny::xlnet_sequence>>("xlnet_sequence", "logits", true);
    batch_equals_pytorch<xlnet_token_classifier<tiny::xlnet_token>>("xlnet_token", "logits", false);
    batch_equals_pytorch<xlnet_question_answerer<tiny::xlnet_answer>>("xlnet_answer", "start_logits end_logits", false);
}

BOOST_AUTO_TEST_CASE(a_cloze_equals_pytorch) {
    using model = xlnet_lm<tiny::xlnet_of_words>;
    reader<model> r("xlnet_lm");
    const auto ids = r.io.ints("masked.input_ids"), segments = r.io.ints("masked.token_type_ids");
    memory scratch(model::scratch(9));
    std::vector<float> x(9 * model::width), y(2 * model::outputs);
    const auto m = basic_workspace<>::over(scratch.bytes());
    const rows<model::width> hidden{x.data(), 9};
    const int nine = 9; // a batch of one, as tasks make it
    BOOST_REQUIRE(r.weights->hidden({.ids = ids, .segments = segments, .each = {&nine, 1}}, hidden, m));
    r.weights->predict(hidden.part(2, 1), {y.data(), 1}, m);
    r.weights->predict(hidden.part(5, 1), {y.data() + model::outputs, 1}, m);
    BOOST_TEST(difference(y, r.io.floats("masked.logits")) <= tolerance);
    // without a mask it is the content stream
    const std::vector<int> whole{10, 11, 12};
    std::vector<float> z(3 * model::width);
    BOOST_REQUIRE(r.weights->hidden({.ids = whole}, {x.data(), 3}, m));
    BOOST_REQUIRE(r.weights->body.forward({.ids = whole}, {z.data(), 3}, m));
    x.resize(z.size());
    BOOST_TEST(x == z, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(scratch_is_exact) {
    using model = xlnet_lm<tiny::xlnet_of_words>;
    reader<model> r("xlnet_lm");
    const std::vector<int> ids{3, 1, 4, 1, 5, 9, 2, 6, 5}, targets{2, 7}, each{4, 5};
    std::vector<float> y(ids.size() * model::outputs);
    const auto used = [&](auto&&... forward) {
        std::size_t high = 0;
        auto m = basic_workspace<>::over(r.scratch.bytes());
        m.high = &high;
        BOOST_REQUIRE(r.weights->forward(forward..., m));
        return high;
    };
    const rows<model::outputs> all{y.data(), 9}, two{y.data(), 2};
    const std::size_t x = room(9, model::width);
    BOOST_TEST(used(bert_inputs{.ids = ids}, all) == x + decltype(model::body)::scratch(9));
    BOOST_TEST(used(bert_inputs{.ids = ids, .each = each}, all) == x + decltype(model::body)::scratch(lengths(each)));
    const std::vector<int> masks(9, 6);
    std::size_t cloze = 0;
    auto rest = basic_workspace<>::over(r.scratch.bytes());
    rest.high = &cloze;
    const rows<model::width> hidden = rest.take(9);
    BOOST_REQUIRE(r.weights->hidden({.ids = masks}, hidden, rest));
    BOOST_TEST(cloze == model::scratch(9));
    BOOST_TEST(used(xlnet_inputs{{.ids = ids}}, r.past, all) == model::scratch(9, 0, 0));
    BOOST_TEST(used(xlnet_inputs{.text = {.ids = ids}, .targets = targets}, r.past, two) == model::scratch(9, 2, 9));
    using head = xlnet_sequence_classifier<tiny::xlnet_sequence>;
    const auto classifier = weights_of<head>("xlnet_sequence");
    std::size_t high = 0;
    auto m = basic_workspace<>::over(r.scratch.bytes());
    m.high = &high;
    BOOST_REQUIRE(classifier->forward({.ids = ids, .each = each}, {y.data(), 2}, m));
    BOOST_TEST(high == head::scratch(lengths(each)));
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    using model = xlnet<tiny::xlnet_w36_h3>;
    reader<model> r("xlnet_w36_h3");
    std::vector<float> y((most + 1) * model::width);
    const auto why = [&](const xlnet_inputs& in, int count) {
        const status done =
            r.weights->forward(in, r.past, {y.data(), count}, basic_workspace<>::over(r.scratch.bytes()));
        return done ? std::string("no error") : std::string(done.error().what());
    };
    const std::vector<int> ids{3, 4, 5}, bad{3, 61}, two{1, 2}, far{3}, many(most + 1, 1);
    BOOST_TEST(why({}, 0) == "xlnet: no tokens; a forward needs at least one");
    BOOST_TEST(why({{.ids = bad}}, 2) == "xlnet: token id 61 is outside the vocabulary of 61");
    BOOST_TEST(why({{.ids = ids, .segments = two}}, 3) == "xlnet: 2 segments for 3 tokens");
    BOOST_TEST(why({{.ids = ids, .keep = two}}, 3) == "xlnet: a mask of 2 for 3 tokens");
    BOOST_TEST(why({{.ids = ids, .each = two}}, 3) ==
               "xlnet: 2 sentences; masks of pairs, targets and states are of one");
    BOOST_TEST(why({.text = {.ids = ids}, .hidden = two}, 3) ==
               "xlnet: a mask of 2 pairs for 3 tokens, 3 · 3 are needed");
    BOOST_TEST(why({.text = {.ids = ids}, .targets = far}, 1) == "xlnet: target 3 is none of 3 tokens");
    BOOST_TEST(why({.text = {.ids = ids}, .targets = two}, 3) == "xlnet: 2 hidden states, but room for 3");
    BOOST_TEST(why({{.ids = many}}, most + 1) == "xlnet: 161 tokens, the state has room for 160");
    BOOST_TEST(why({{.ids = ids}}, 3) == "no error");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
