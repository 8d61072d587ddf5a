// seq2seq: encoder-decoders against what PyTorch answers.
#pragma once

#include "tests/support/golden.hpp"

#include <algorithm>

namespace constformer::test {

// A model with a state of `most` words and `most` tokens of a source.
template <class Model> struct translation {
    std::unique_ptr<Model> weights;
    memory placed, scratch;
    typename Model::state past;
    std::vector<int> keep;
    translation(const std::string& golden, int most)
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

// What begins and ends a text.
struct ends {
    int start, end;
};

// All calls of a golden case: batches of padded rows, words through the cache one by one, greedy answers.
template <class Model> void equals_pytorch(const std::string& golden, int most, ends tokens) {
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    translation<Model> s(golden, most);
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
        std::vector<int> words{tokens.start};
        while (words.size() < expected.size()) {
            const auto y = s.next(std::span(words).last(1));
            words.push_back(int(std::max_element(y.begin(), y.end()) - y.begin()));
            if (words.back() == tokens.end) break;
        }
        BOOST_TEST(words == expected, boost::test_tools::per_element());
    }
}

} // namespace constformer::test
