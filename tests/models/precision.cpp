// Every family in the precisions other than float: close to PyTorch's float, exact in its scratch, and the same in any
// batch and with any number of threads.
#include "kernels/tiny.hpp"
#include "tests/support/bert_call.hpp"

#include "constformer/core/parallel.hpp"
#ifndef __EMSCRIPTEN__
#include "constformer/core/team.hpp"
#endif

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

// Roundings, of 2^-9 of each number (bf16), up to a 254th of a row's range (i8) or of a block's (q8), or a 30th of that
// (q4), are as good as random, so errors are
// measured as the root of their mean square, relative to that of the numbers. The tiny models have few numbers to
// average over, and the classifier's logits are small differences of larger ones.
double away(std::span<const float> found, std::span<const float> expected) {
    BOOST_REQUIRE_EQUAL(found.size(), expected.size());
    double off = 0, size = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        off += (double(found[i]) - expected[i]) * (double(found[i]) - expected[i]);
        size += double(expected[i]) * expected[i];
    }
    return std::isfinite(off) ? std::sqrt(off / size) : INFINITY;
}
template <element E> constexpr double allowed = E == bf16 ? 0.012 : E == q8 ? 0.03 : E == q4 ? 0.3 : 0.055;

// A forward in exactly its scratch, whose high-water mark is the scratch.
template <class Model, class Threads = sequential>
std::vector<float> run(const Model& weights, const bert_inputs& in, int rows_out, int columns, Threads threads = {}) {
    const std::size_t exact = Model::scratch(in.shape(), threads.size());
    memory scratch(exact);
    std::vector<float> y(std::size_t(rows_out) * std::size_t(columns));
    std::size_t high = 0;
    auto m = basic_workspace<silent, Threads>::over(scratch.bytes(), {}, threads);
    m.high = &high;
    if constexpr (requires { Model::outputs; }) {
        const status done = weights.forward(in, rows<Model::outputs>{y.data(), rows_out}, m);
        BOOST_REQUIRE_MESSAGE(done, why(done));
    } else {
        const status done = weights.forward(in, rows<Model::width>{y.data(), rows_out}, m);
        BOOST_REQUIRE_MESSAGE(done, why(done));
    }
    BOOST_TEST(high == exact);
    return y;
}

template <class Model, element E>
void close_to_pytorch(const std::string& golden, const std::string& output, bool each_token = true) {
    const auto weights = weights_of<Model>(golden);
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    int columns = Model::width;
    if constexpr (requires { Model::outputs; }) columns = Model::outputs;
    double most = 0;
    for (const std::string name : bert_calls) {
        if (!io.has(name + ".input_ids")) continue;
        const bert_call in(io, name);
        const int count = each_token ? int(in.ids.size()) : int(in.each.size());
        most = std::max(most, away(run(*weights, in.inputs(), count, columns), io.floats(name + "." + output)));
    }
    BOOST_TEST_MESSAGE(golden << " as " << name_of(E) << ": off by " << most);
    BOOST_TEST(most <= (each_token ? 1 : 5) * allowed<E>);
    BOOST_TEST(most > 1e-6); // it is another precision
}

template <element E> void every_bert() {
    close_to_pytorch<bert<tiny::bert_w16_h2, E>, E>("bert_w16_h2", "last_hidden_state");
    close_to_pytorch<bert<tiny::bert_w36_h3, E>, E>("bert_w36_h3", "last_hidden_state");
    close_to_pytorch<bert<tiny::bert_w64_h2, E>, E>("bert_w64_h2", "last_hidden_state");
    close_to_pytorch<bert<tiny::bert_w128_h2, E>, E>("bert_w128_h2", "last_hidden_state");
    close_to_pytorch<bert<tiny::bert_no_pooler, E>, E>("bert_no_pooler", "last_hidden_state");
    close_to_pytorch<bert_masked_lm<tiny::bert_masked_lm, E>, E>("bert_masked_lm", "logits");
    close_to_pytorch<bert_masked_lm<tiny::bert_masked_lm_untied, E>, E>("bert_masked_lm_untied", "logits");
    close_to_pytorch<bert_sequence_classifier<tiny::bert_sequence, E>, E>("bert_sequence", "logits", false);
    close_to_pytorch<bert_token_classifier<tiny::bert_token, E>, E>("bert_token", "logits");
}

// The table of words and the head that is tied to it as well.
template <element E> void some_in_blocks() {
    close_to_pytorch<bert<tiny::bert_w36_h3, E>, E>("bert_w36_h3", "last_hidden_state");
    close_to_pytorch<bert_masked_lm<tiny::bert_masked_lm, E>, E>("bert_masked_lm", "logits");
}

template <element E> void packing_and_threads_change_nothing() {
    using model = bert<tiny::bert_w36_h3, E>;
    const auto weights = weights_of<model>("bert_w36_h3");
    const std::vector<int> each{13, 1, 67, 8, 2};
    std::vector<int> ids;
    for (int n : each)
        for (int i = 0; i < n; ++i) ids.push_back(int(ids.size() * 31 % 97));
    const auto together = run(*weights, {.ids = ids, .each = each}, int(ids.size()), model::width);
    std::vector<float> alone;
    std::size_t first = 0;
    for (int n : each) {
        const auto x = run(*weights, {.ids = std::span(ids).subspan(first, std::size_t(n))}, n, model::width);
        alone.insert(alone.end(), x.begin(), x.end());
        first += std::size_t(n);
    }
    BOOST_TEST((together == alone));
#ifndef __EMSCRIPTEN__
    for (int threads : {2, 3}) {
        team workers(threads);
        BOOST_TEST(
            (run(*weights, {.ids = ids, .each = each}, int(ids.size()), model::width, on_team{&workers}) == together));
    }
#endif
}

template <element E> void decoders_are_close_to_pytorch() {
    {
        using model = gpt<tiny::gpt2_w48_h4, E>;
        const auto weights = weights_of<model>("gpt2_w48_h4");
        const tensors io(data_path("golden/gpt2_w48_h4/io.safetensors"));
        memory placed(model::state::bytes(40));
        auto past = model::state::in(basic_workspace<>::over(placed.bytes()), 40);
        const auto ids = io.ints("long.input_ids");
        const int n = int(ids.size());
        std::vector<float> y(ids.size() * model::outputs), pieces(y.size());
        memory scratch(model::scratch(n, n));
        std::size_t high = 0;
        auto m = basic_workspace<>::over(scratch.bytes());
        m.high = &high;
        BOOST_REQUIRE(weights->forward(ids, past, {y.data(), n}, m));
        BOOST_TEST(high == scratch.bytes().size());
        BOOST_TEST(away(y, io.floats("long.logits")) <= allowed<E>);
        past.rewind(0);
        for (int i = 0; i < n; ++i) { // a token at a time
            const std::span<const int> one(&ids[std::size_t(i)], 1);
            BOOST_REQUIRE(weights->forward(one, past, {pieces.data() + i * model::outputs, 1}, m));
        }
        BOOST_TEST(away(pieces, io.floats("long.logits")) <= allowed<E>);
    }
    {
        using model = t5<tiny::t5_gated_gelu, E>;
        const auto weights = weights_of<model>("t5_gated_gelu");
        const tensors io(data_path("golden/t5_gated_gelu/io.safetensors"));
        const auto ids = io.ints("long.input_ids"), words = io.ints("long.decoder_input_ids");
        const int n = int(ids.size()), target = int(words.size());
        memory placed(model::state::bytes(target, n));
        auto past = model::state::in(basic_workspace<>::over(placed.bytes()), target, n);
        std::vector<float> x(ids.size() * model::width), y(words.size() * model::outputs);
        const auto exactly = [&](std::size_t bytes, auto&& step) {
            memory scratch(bytes);
            std::size_t high = 0;
            auto m = basic_workspace<>::over(scratch.bytes());
            m.high = &high;
            const status done = step(m);
            BOOST_REQUIRE_MESSAGE(done, why(done));
            BOOST_TEST(high == bytes);
        };
        const rows<model::width> source{x.data(), n};
        exactly(model::encode_scratch(n), [&](auto m) { return weights->encode(ids, {}, source, m); });
        exactly(model::begin_scratch(n), [&](auto m) { return weights->begin(source, past, m); });
        exactly(model::decode_scratch(target, target, n),
                [&](auto m) { return weights->decode(words, {}, past, {y.data(), target}, m); });
        BOOST_TEST(away(x, io.floats("long.encoder_last_hidden_state")) <= allowed<E>);
        BOOST_TEST(away(y, io.floats("long.logits")) <= allowed<E>);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_precision)

BOOST_AUTO_TEST_CASE(encoders_and_heads_in_bfloat16_are_close_to_pytorch) { every_bert<bf16>(); }
BOOST_AUTO_TEST_CASE(encoders_and_heads_in_int8_are_close_to_pytorch) { every_bert<i8>(); }
BOOST_AUTO_TEST_CASE(models_in_blocks_are_close_to_pytorch) {
    some_in_blocks<q8>();
    some_in_blocks<q4>();
}
BOOST_AUTO_TEST_CASE(packing_and_threads_change_nothing_in_blocks) { packing_and_threads_change_nothing<q4>(); }
BOOST_AUTO_TEST_CASE(packing_and_threads_change_nothing_in_bfloat16) { packing_and_threads_change_nothing<bf16>(); }
BOOST_AUTO_TEST_CASE(packing_and_threads_change_nothing_in_int8) { packing_and_threads_change_nothing<i8>(); }
BOOST_AUTO_TEST_CASE(decoders_in_bfloat16_are_close_to_pytorch) { decoders_are_close_to_pytorch<bf16>(); }
BOOST_AUTO_TEST_CASE(decoders_in_int8_are_close_to_pytorch) { decoders_are_close_to_pytorch<i8>(); }

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
