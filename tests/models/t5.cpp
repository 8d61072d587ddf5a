#include "kernels/tiny.hpp"
#include "tests/support/golden.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

constexpr int most = 160;

template <class Model> struct session {
    std::unique_ptr<Model> weights;
    memory placed, scratch;
    typename Model::state past;
    std::vector<int> keep;
    explicit session(const std::string& golden)
        : weights(weights_of<Model>(golden)), placed(Model::state::bytes(most, most)),
          scratch(std::max(Model::encode_scratch(most), Model::decode_scratch(most, most, most))),
          past(Model::state::in(basic_workspace<>::over(placed.bytes()), most, most)) {}

    auto workspace() { return basic_workspace<>::over(scratch.bytes()); }
    std::vector<float> read(std::span<const int> ids, std::vector<int> mask = {}) {
        keep = std::move(mask);
        std::vector<float> x(ids.size() * Model::width);
        const rows<Model::width> to{x.data(), int(ids.size())};
        const status encoded = weights->encode(ids, keep, to, workspace());
        BOOST_REQUIRE_MESSAGE(encoded, test::why(encoded));
        BOOST_REQUIRE(weights->begin(to, past, workspace()));
        return x;
    }
    std::vector<float> next(std::span<const int> ids) {
        std::vector<float> y(ids.size() * Model::outputs);
        const status done = weights->decode(ids, keep, past, {y.data(), int(ids.size())}, workspace());
        BOOST_REQUIRE_MESSAGE(done, test::why(done));
        return y;
    }
};

template <class Model> void equals_pytorch(const std::string& golden) {
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    session<Model> s(golden);
    for (const std::string name : {"one", "short", "batch", "long"}) {
        BOOST_TEST_CONTEXT(golden << ", " << name) {
            const auto ids = io.ints(name + ".input_ids"), keep = io.ints(name + ".attention_mask"),
                       words = io.ints(name + ".decoder_input_ids");
            const int batch = io.extent(name + ".input_ids", 0), n = io.extent(name + ".input_ids", 1),
                      target = io.extent(name + ".decoder_input_ids", 1);
            std::vector<float> hidden, logits;
            for (int b = 0; b < batch; ++b) {
                const auto x = s.read(std::span(ids).subspan(std::size_t(b * n), std::size_t(n)),
                                      {keep.begin() + b * n, keep.begin() + (b + 1) * n});
                const auto y = s.next(std::span(words).subspan(std::size_t(b * target), std::size_t(target)));
                hidden.insert(hidden.end(), x.begin(), x.end());
                logits.insert(logits.end(), y.begin(), y.end());
            }
            BOOST_TEST(difference(hidden, io.floats(name + ".encoder_last_hidden_state")) <= tolerance);
            BOOST_TEST(difference(logits, io.floats(name + ".logits")) <= tolerance);
        }
    }
    s.read(io.ints("prefill.input_ids"));
    BOOST_TEST(difference(s.next(io.ints("prefill.decoder_input_ids")), io.floats("prefill.logits")) <= tolerance);
    int steps = 0;
    for (; io.has("step" + std::to_string(steps) + ".logits"); ++steps) {
        const std::string name = "step" + std::to_string(steps);
        BOOST_TEST(difference(s.next(io.ints(name + ".decoder_input_ids")), io.floats(name + ".logits")) <= tolerance);
    }
    BOOST_TEST(steps >= 6);
    for (int i = 0; i < 3; ++i) {
        const std::string name = "greedy" + std::to_string(i);
        const std::vector<int> expected = io.ints(name + ".sequences");
        s.read(io.ints(name + ".input_ids"));
        std::vector<int> words{0}; // decoder_start_token_id
        while (words.size() < expected.size()) {
            const auto y = s.next(std::span(words).last(1));
            words.push_back(int(std::max_element(y.begin(), y.end()) - y.begin()));
            if (words.back() == 1) break; // eos_token_id
        }
        BOOST_TEST(words == expected, boost::test_tools::per_element());
    }
}

// Transformers' own buckets for distances -300 … 300.
template <int Buckets, int Farthest> void buckets_equal_pytorch() {
    const tensors io(data_path("golden/t5_buckets/io.safetensors"));
    const std::string shape = std::to_string(Buckets) + "_" + std::to_string(Farthest);
    for (bool both : {true, false}) {
        const std::string name = (both ? "both_" : "causal_") + shape;
        const auto distance = io.ints("relative_position"), expected = io.ints(name + ".bucket");
        std::vector<int> found;
        for (int d : distance)
            found.push_back(both ? relative_bias<Buckets, 1, Farthest, direction::both>::bucket(d)
                                 : relative_bias<Buckets, 1, Farthest, direction::backward>::bucket(d));
        BOOST_TEST(found == expected, boost::test_tools::per_element());
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_t5)

BOOST_AUTO_TEST_CASE(equals_pytorch_with_and_without_cache) {
    equals_pytorch<t5<tiny::t5_relu>>("t5_relu");
    equals_pytorch<t5<tiny::t5_gated_gelu>>("t5_gated_gelu");
}
BOOST_AUTO_TEST_CASE(buckets) {
    buckets_equal_pytorch<8, 16>();
    buckets_equal_pytorch<12, 40>();
    buckets_equal_pytorch<32, 128>();
    buckets_equal_pytorch<64, 256>();
}

BOOST_AUTO_TEST_CASE(scratch_is_exact) {
    using model = t5<tiny::t5_gated_gelu>;
    session<model> s("t5_gated_gelu");
    const std::vector<int> source{3, 1, 4, 1, 5, 9, 2, 6, 5}, words{0, 7, 2};
    std::vector<float> x(source.size() * model::width), y(words.size() * model::outputs);
    std::size_t high = 0;
    auto m = s.workspace();
    m.high = &high;
    BOOST_REQUIRE(s.weights->encode(source, {}, {x.data(), 9}, m));
    BOOST_TEST(high == model::encode_scratch(9));
    BOOST_REQUIRE(s.weights->begin({x.data(), 9}, s.past, m));
    high = 0;
    BOOST_REQUIRE(s.weights->decode(words, {}, s.past, {y.data(), 3}, m));
    BOOST_TEST(high == model::decode_scratch(3, 3, 9));
    high = 0;
    BOOST_REQUIRE(s.weights->decode(words, {}, s.past, {y.data(), 3}, m));
    BOOST_TEST(high == model::decode_scratch(3, 6, 9));
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    using model = t5<tiny::t5_relu>;
    session<model> s("t5_relu");
    std::vector<float> y((most + 1) * model::outputs);
    const auto why = [&](const std::vector<int>& ids, int count) {
        const status done = s.weights->decode(ids, s.keep, s.past, {y.data(), count}, s.workspace());
        return done ? std::string("no error") : std::string(done.error().what());
    };
    BOOST_TEST(why({1}, 1) == "t5: decode needs a source; call begin() first");
    s.read(std::vector<int>{1, 2, 3});
    BOOST_TEST(why({}, 0) == "t5: no tokens; a forward needs at least one");
    BOOST_TEST(why({59}, 1) == "t5: token id 59 is outside the vocabulary of 59");
    BOOST_TEST(why({1}, 2) == "t5: 1 words, but room for the logits of 2");
    BOOST_TEST(why(std::vector<int>(most + 1, 1), most + 1) == "t5: 161 words, the state has room for 160");
    BOOST_TEST(why({1}, 1) == "no error");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
