#include "kernels/tiny.hpp"
#include "tests/support/decoder.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

// Logits and hidden states, a text at once, in blocks and token by token.
template <class Model> void equals_pytorch(const std::string& golden) {
    BOOST_TEST_CONTEXT(golden) {
        const tensors io(data_path("golden/" + golden + "/io.safetensors"));
        decoder<Model> s(golden);
        for (const std::string name : {"one", "short", "long", "full"}) {
            const std::vector<int> ids = io.ints(name + ".input_ids");
            const auto logits = io.floats(name + ".logits");
            s.past.rewind(0);
            BOOST_TEST(difference(s.next(ids), logits) <= tolerance);
            BOOST_TEST(s.past.length() == int(ids.size()));

            s.past.rewind(0);
            std::vector<float> x(ids.size() * Model::width);
            BOOST_REQUIRE(s.weights->hidden(ids, s.past, {x.data(), int(ids.size())}, s.workspace()));
            BOOST_TEST(difference(x, io.floats(name + ".last_hidden_state")) <= tolerance);

            // In blocks of 3 that want no logits; of the last block the last token's alone. Then less of it again.
            s.past.rewind(0);
            const std::span<const int> all(ids);
            for (std::size_t at = 0; at < ids.size(); at += 3) {
                const auto block = all.subspan(at, std::min<std::size_t>(3, ids.size() - at));
                const bool last = at + 3 >= ids.size();
                const auto y = s.next(block, last);
                if (last) BOOST_TEST(difference(y, std::span(logits).last(Model::outputs)) <= tolerance);
            }
            s.past.rewind(int(ids.size()) / 2);
            const auto rest = all.subspan(ids.size() / 2);
            BOOST_TEST(difference(s.next(rest), std::span(logits).last(rest.size() * Model::outputs)) <= tolerance);
        }
        s.past.rewind(0);
        BOOST_TEST(difference(s.next(io.ints("prefill.input_ids")), io.floats("prefill.logits")) <= tolerance);
        for (int i = 0; i < 6; ++i) {
            const std::string name = "step" + std::to_string(i);
            BOOST_TEST(difference(s.next(io.ints(name + ".input_ids")), io.floats(name + ".logits")) <= tolerance);
        }
    }
}

// The largest difference to float of a text's logits, as a share of the largest.
template <class Model, class Exact> double rounded(const std::string& golden) {
    decoder<Model> s(golden);
    decoder<Exact> exact(golden);
    const std::vector<int> ids = tensors(data_path("golden/" + golden + "/io.safetensors")).ints("long.input_ids");
    return difference(s.next(ids), exact.next(ids));
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_decoders)

BOOST_AUTO_TEST_CASE(equal_pytorch_with_and_without_cache) {
    equals_pytorch<gpt<tiny::gpt_w36_h3>>("gpt_w36_h3");
    equals_pytorch<gpt_neox<tiny::gpt_neox_w48_h2>>("gpt_neox_w48_h2");
    equals_pytorch<gpt_neox<tiny::gpt_neox_in_turn>>("gpt_neox_in_turn");
    equals_pytorch<llama<tiny::llama_w42_h6>>("llama_w42_h6");
    equals_pytorch<llama<tiny::llama_one_key>>("llama_one_key");
    equals_pytorch<llama<tiny::mistral_w48_h4>>("mistral_w48_h4");
    equals_pytorch<llama<tiny::qwen2_w36_h3>>("qwen2_w36_h3");
}

BOOST_AUTO_TEST_CASE(other_precisions_are_near) {
    using exact = llama<tiny::llama_one_key>;
    const double half = rounded<llama<tiny::llama_one_key, bf16>, exact>("llama_one_key");
    BOOST_TEST(half > 1e-4);
    BOOST_TEST(half < 0.05);
    const double byte = rounded<llama<tiny::llama_one_key, i8>, exact>("llama_one_key");
    BOOST_TEST(byte > 1e-4);
    BOOST_TEST(byte < 0.1);
    const double blocks = rounded<llama<tiny::llama_w42_h6, q8>, llama<tiny::llama_w42_h6>>("llama_w42_h6");
    BOOST_TEST(blocks > 1e-4);
    BOOST_TEST(blocks < 0.1);
    const double halves = rounded<llama<tiny::llama_w42_h6, q4>, llama<tiny::llama_w42_h6>>("llama_w42_h6");
    BOOST_TEST(halves > blocks);
    BOOST_TEST(halves < 0.6);
}

BOOST_AUTO_TEST_CASE(scratch_is_exact) {
    const auto check = [](auto* type, const std::string& golden) {
        using model = std::remove_pointer_t<decltype(type)>;
        decoder<model> s(golden);
        const std::vector<int> ids{3, 1, 4, 1, 5, 9, 2};
        std::vector<float> y(ids.size() * model::outputs);
        for (int round = 0; round < 2; ++round) {
            const std::size_t exact = model::scratch(7, s.past.length() + 7);
            std::size_t high = 0;
            auto m = s.workspace();
            m.high = &high;
            const int before = s.past.length();
            BOOST_REQUIRE(s.weights->forward(ids, s.past, {y.data(), 7}, m));
            BOOST_TEST(high == exact);
            s.past.rewind(before);
            m.end = m.next + exact - 64;
            BOOST_TEST(!s.weights->forward(ids, s.past, {y.data(), 7}, m));
            BOOST_TEST(s.past.length() == before);
            m.end = m.next + exact;
            BOOST_REQUIRE(s.weights->forward(ids, s.past, {y.data(), 7}, m));
        }
    };
    check(static_cast<gpt<tiny::gpt_w36_h3>*>(nullptr), "gpt_w36_h3");
    check(static_cast<gpt_neox<tiny::gpt_neox_w48_h2>*>(nullptr), "gpt_neox_w48_h2");
    check(static_cast<llama<tiny::llama_w42_h6>*>(nullptr), "llama_w42_h6");
    check(static_cast<llama<tiny::llama_one_key, i8>*>(nullptr), "llama_one_key");
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    using model = llama<tiny::mistral_w48_h4>;
    decoder<model> s("mistral_w48_h4");
    std::vector<float> y(50 * model::outputs);
    const auto why = [&](const std::vector<int>& ids, int count) {
        const status done = s.weights->forward(ids, s.past, {y.data(), count}, s.workspace());
        return done ? std::string("no error") : std::string(done.error().what());
    };
    BOOST_TEST(why({}, 0) == "llama: no tokens; a forward needs at least one");
    BOOST_TEST(why({59}, 1) == "llama: token id 59 is outside the vocabulary of 59");
    BOOST_TEST(why({1, -1}, 1) == "llama: token id -1 is outside the vocabulary of 59");
    BOOST_TEST(why(std::vector<int>(41, 1), 41) == "llama: 41 tokens, this model has 40 positions");
    BOOST_TEST(why({1, 2}, 3) == "llama: 2 tokens, but room for the results of 3");
    BOOST_TEST(why(std::vector<int>(39, 1), 0) == "no error");
    BOOST_TEST(why({1, 2}, 2) == "llama: 41 tokens, this model has 40 positions");
    s.past = model::state::in(basic_workspace<>::over(s.placed.bytes()), 3);
    BOOST_TEST(why({1, 2, 3, 4}, 4) == "llama: 4 tokens, the state has room for 3");
}

BOOST_AUTO_TEST_CASE(a_cache_forks) {
    using model = llama<tiny::llama_w42_h6>;
    decoder<model> s("llama_w42_h6");
    memory other(model::state::bytes(20));
    auto fork = model::state::in(basic_workspace<>::over(other.bytes()), 20);
    const std::vector<int> beginning{5, 6, 7}, one{8, 9}, two{10, 11};
    s.next(beginning);
    fork.copy(s.past);
    s.next(one);
    std::swap(fork, s.past);
    const auto straight = s.next(two);
    std::swap(fork, s.past); // beginning, one again
    BOOST_TEST(fork.length() == 5);
    s.past.copy(fork, 3); // what both begin with is there already
    BOOST_TEST(s.past.length() == 5);
    s.past.rewind(3);
    BOOST_TEST((s.next(two) == straight));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
