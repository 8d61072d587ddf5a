// The other families, and BERT in other sizes and with its heads, in the precisions other than float. (precision.cpp
// has what every build is tested with.)
#include "tests/support/precision.hpp"

namespace constformer::test {
namespace {

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

BOOST_AUTO_TEST_SUITE(models_precision_families)

BOOST_AUTO_TEST_CASE(encoders_and_heads_in_bfloat16_are_close_to_pytorch) { every_bert<bf16>(); }
BOOST_AUTO_TEST_CASE(encoders_and_heads_in_int8_are_close_to_pytorch) { every_bert<i8>(); }
BOOST_AUTO_TEST_CASE(decoders_in_bfloat16_are_close_to_pytorch) { decoders_are_close_to_pytorch<bf16>(); }
BOOST_AUTO_TEST_CASE(decoders_in_int8_are_close_to_pytorch) { decoders_are_close_to_pytorch<i8>(); }

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
