#include "kernels/tiny.hpp"
#include "tests/support/decoder.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

template <class Model> void equals_pytorch(const std::string& golden) {
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    decoder<Model> s(golden);
    for (const std::string name : {"one", "short", "long", "full"}) {
        BOOST_TEST_CONTEXT(golden << ", " << name) {
            s.past.rewind(0);
            BOOST_TEST(difference(s.next(io.ints(name + ".input_ids")), io.floats(name + ".logits")) <= tolerance);
        }
    }
    s.past.rewind(0);
    BOOST_TEST(difference(s.next(io.ints("prefill.input_ids")), io.floats("prefill.logits")) <= tolerance);
    for (int i = 0; i < 6; ++i) {
        const std::string name = "step" + std::to_string(i);
        BOOST_TEST(difference(s.next(io.ints(name + ".input_ids")), io.floats(name + ".logits")) <= tolerance);
    }
    for (int i = 0; i < 3; ++i) {
        const std::string name = "greedy" + std::to_string(i);
        std::vector<int> ids = io.ints(name + ".input_ids");
        const std::vector<int> expected = io.ints(name + ".sequences");
        s.past.rewind(0);
        auto logits = s.next(ids);
        while (ids.size() < expected.size()) {
            const auto last = logits.end() - Model::outputs;
            ids.push_back(int(std::max_element(last, logits.end()) - last));
            logits = s.next(std::span(ids).last(1));
        }
        BOOST_TEST(ids == expected, boost::test_tools::per_element());
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_gpt)

BOOST_AUTO_TEST_CASE(equals_pytorch_with_and_without_cache) {
    equals_pytorch<gpt<tiny::gpt2_w48_h4>>("gpt2_w48_h4");
    equals_pytorch<gpt<tiny::gpt2_w64_h2>>("gpt2_w64_h2");
}

BOOST_AUTO_TEST_CASE(scratch_is_exact) {
    using model = gpt<tiny::gpt2_w48_h4>;
    decoder<model> s("gpt2_w48_h4");
    const std::vector<int> ids{3, 1, 4, 1, 5, 9, 2};
    std::vector<float> y(ids.size() * model::outputs);
    for (int round = 0; round < 3; ++round) {
        const std::size_t exact = model::scratch(7, s.past.length() + 7);
        std::size_t high = 0;
        auto m = basic_workspace<>::over(s.scratch.bytes());
        m.high = &high;
        BOOST_REQUIRE(s.weights->forward(ids, s.past, {y.data(), 7}, m));
        BOOST_TEST(high == exact);
        s.past.rewind(s.past.length() - 7);
        const status refused = s.weights->forward(ids, s.past, {y.data(), 7},
                                                  basic_workspace<>::over(s.scratch.bytes().first(exact - 64)));
        BOOST_TEST(!refused);
        BOOST_REQUIRE(s.weights->forward(ids, s.past, {y.data(), 7}, m));
    }
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    using model = gpt<tiny::gpt2_w48_h4>;
    decoder<model> s("gpt2_w48_h4");
    std::vector<float> y(50 * model::outputs);
    const auto why = [&](const std::vector<int>& ids, int count) {
        const status done =
            s.weights->forward(ids, s.past, {y.data(), count}, basic_workspace<>::over(s.scratch.bytes()));
        return done ? std::string("no error") : std::string(done.error().what());
    };
    BOOST_TEST(why({}, 0) == "gpt: no tokens; a forward needs at least one");
    BOOST_TEST(why({61}, 1) == "gpt: token id 61 is outside the vocabulary of 61");
    BOOST_TEST(why(std::vector<int>(41, 1), 41) == "gpt: 41 tokens, this model has 40 positions");
    BOOST_TEST(why({1, 2}, 3) == "gpt: 2 tokens, but room for the results of 3");
    BOOST_TEST(why(std::vector<int>(39, 1), 39) == "no error");
    BOOST_TEST(why({1, 2}, 2) == "gpt: 41 tokens, this model has 40 positions");
    s.past = model::state::in(basic_workspace<>::over(s.placed.bytes()), 3);
    BOOST_TEST(why({1, 2, 3, 4}, 4) == "gpt: 4 tokens, the state has room for 3");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
