// T5 (Raffel et al. 2020): an encoder and a decoder, pre-norm, no biases, no score scaling; one table of distances a
// stack. Transformers: T5ForConditionalGeneration.
#pragma once

#include "constformer/core/manifest.hpp"
#include "constformer/layers/blocks.hpp"
#include "constformer/layers/embedding.hpp"
#include "constformer/layers/relative_bias.hpp"
#include "constformer/models/seq2seq.hpp"

namespace constformer {

struct t5_config {
    int layers, width, heads, head_width = width / heads, feed_forward, vocabulary = 32128, buckets = 32,
                              farthest = 128;
    int decoder_layers = layers;
    bool gated = false;        // T5 v1.1: gated GELU instead of ReLU
    bool tied = true;          // the logits read the token embedding
    bool scaled_output = tied; // … after a factor of width^-½
    float epsilon = 1e-6f;
};

// Transformers' names.
inline constexpr name t5_attention_names[] = {{"query", "q"}, {"key", "k"}, {"value", "v"}, {"output", "o"}};
inline constexpr name t5_feed_names[] = {{"gate", "wi_0"}, {"up", "wi"}, {"up", "wi_1"}, {"down", "wo"}};
inline constexpr name t5_encoder_layer_names[] = {{"self_norm", "0.layer_norm"},
                                                  {"self", "0.SelfAttention", {}, t5_attention_names},
                                                  {"ffn_norm", "1.layer_norm"},
                                                  {"ffn", "1.DenseReluDense", {}, t5_feed_names}};
inline constexpr name t5_decoder_layer_names[] = {
    {"self_norm", "0.layer_norm"},  {"self", "0.SelfAttention", {}, t5_attention_names},
    {"cross_norm", "1.layer_norm"}, {"cross", "1.EncDecAttention", {}, t5_attention_names},
    {"ffn_norm", "2.layer_norm"},   {"ffn", "2.DenseReluDense", {}, t5_feed_names}};
inline constexpr name t5_names[] = {{"tokens", "shared"},
                                    {"tokens", "encoder.embed_tokens"},
                                    {"encoder.bias", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias"},
                                    {"encoder.layers.*", "encoder.block.*.layer", {}, t5_encoder_layer_names},
                                    {"encoder.last", "encoder.final_layer_norm"},
                                    {"decoder.bias", "decoder.block.0.layer.0.SelfAttention.relative_attention_bias"},
                                    {"decoder.layers.*", "decoder.block.*.layer", {}, t5_decoder_layer_names},
                                    {"decoder.last", "decoder.final_layer_norm"},
                                    {"head", "lm_head"}};
inline constexpr std::string_view t5_unused[] = {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight",
                                                 "lm_head.weight"};

inline namespace CONSTFORMER_ISA {

template <const t5_config& c, element E = f32> struct t5 {
    static_assert(c.layers > 0 && c.decoder_layers > 0 && c.width > 0 && c.heads > 0 && c.head_width > 0 &&
                      c.feed_forward > 0 && c.vocabulary > 0,
                  "t5: .layers, .width, .heads, .head_width, .feed_forward and .vocabulary must be positive");
    static constexpr const t5_config& config = c;
    static constexpr int width = c.width, outputs = c.vocabulary;
    static constexpr element precision = E;
    static constexpr std::span<const name> names{t5_names};
    static constexpr std::span<const std::string_view> unused{t5_unused};
    using norm = rms_norm<c.width, c.epsilon>;
    using attend =
        attention<{.width = c.width, .heads = c.heads, .head_width = c.head_width, .bias = false, .scaled = false}, E>;
    using feed =
        std::conditional_t<c.gated, gated_feed_forward<c.width, c.feed_forward, activation::gelu_tanh, false, E>,
                           feed_forward<c.width, c.feed_forward, activation::relu, false, E>>;
    using encoder_layer = pre_norm_layer<norm, attend, feed>;
    using decoder_layer = pre_norm_decoder_layer<norm, attend, attend, feed>;

    struct encoder_stack {
        relative_bias<c.buckets, c.heads, c.farthest, direction::both> bias;
        std::array<encoder_layer, std::size_t(c.layers)> layers;
        norm last;
    };
    struct decoder_stack {
        relative_bias<c.buckets, c.heads, c.farthest, direction::backward> bias;
        std::array<decoder_layer, std::size_t(c.decoder_layers)> layers;
        norm last;
    };
    // Source, target and, where tied, logits.
    using tied = tied_embedding<c.vocabulary, c.width, E>;
    std::conditional_t<c.tied, tied, embedding<c.vocabulary, c.width, words_of(E)>> tokens;
    encoder_stack encoder;
    decoder_stack decoder;
    [[no_unique_address]] when<!c.tied, linear<c.width, c.vocabulary, false, E>> head;

    using state = decoder_state<typename decoder_layer::state, c.decoder_layers>; // the words so far, and the source
    static constexpr token_limits limits{"t5", c.vocabulary, 1 << 30};            // distances have no last position

    static constexpr std::size_t encode_scratch(int n, int threads = 1) {
        return together(decltype(encoder_stack::bias)::scratch(n, n), encoder_layer::scratch(lengths(n), threads));
    }
    static constexpr std::size_t decode_scratch(int n, int keys, int source, int threads = 1) {
        return together(
            room(std::size_t(n), c.width), decltype(decoder_stack::bias)::scratch(n, keys),
            either(decoder_layer::scratch(n, keys, source, threads), ops::prepare_room<E>(n, c.width, threads)));
    }

    static constexpr std::size_t begin_scratch(int source, int threads = 1) {
        return attend::remember_scratch(source, threads);
    }

    // Of encode(), and of decode() of one word that sees `keys` words and `source` tokens.
    static constexpr double encode_flops(int n) { return c.layers * encoder_layer::flops(lengths(n)); }
    static constexpr double decode_flops(int keys, int source) {
        return c.decoder_layers * decoder_layer::flops(1, keys, source) + tied::flops(1);
    }

    // The encoder's last hidden state, (n) -> (n, width). keep: attention_mask, empty for all 1.
    [[nodiscard]] status encode(std::span<const int> ids, std::span<const int> keep, rows<c.width> x,
                                workspace auto m) const {
        if (status ok = check_source(ids, keep, x.count, limits); !ok) return ok;
        if (status ok = enough(m, encode_scratch(x.count, m.threads.size()), "t5"); !ok) return ok;
        tokens.look_up(ids, x);
        const auto bias = encoder.bias.spread(x.count, x.count, 0, m);
        for (const auto& layer : encoder.layers) layer.forward(x, {}, bias & ops::padding{keep}, m);
        encoder.last.forward(x, x, m);
        return {};
    }

    // A new text: forgets the words and reads the source, (n, width), into every layer's memory.
    [[nodiscard]] status begin(const_rows<c.width> source, state& past, workspace auto m) const {
        if (status ok = check_begin(source.count, past.source_capacity(), limits); !ok) return ok;
        if (status ok = enough(m, begin_scratch(source.count, m.threads.size()), "t5"); !ok) return ok;
        for (std::size_t l = 0; l < decoder.layers.size(); ++l) {
            past.layers[l].self.length = past.layers[l].cross.length = 0;
            decoder.layers[l].cross.remember(source, past.layers[l].cross, m);
        }
        return {};
    }

    // Logits of the next word behind each of `ids`, which continue what `past` holds. (n) -> (n, vocabulary)
    [[nodiscard]] status decode(std::span<const int> ids, std::span<const int> keep, state& past, rows<outputs> logits,
                                workspace auto m) const {
        const int n = int(ids.size()), before = past.length();
        if (status ok = check_words(ids, keep, past, logits.count, limits); !ok) return ok;
        if (status ok = enough(m, decode_scratch(n, before + n, past.source(), m.threads.size()), "t5"); !ok) return ok;
        rows<c.width> x = m.take(n);
        tokens.look_up(ids, x);
        const auto bias = decoder.bias.spread(n, before + n, before, m);
        for (std::size_t l = 0; l < decoder.layers.size(); ++l)
            decoder.layers[l].forward(x, past.layers[l], ops::causal{before} & bias, ops::padding{keep}, m);
        decoder.last.forward(x, x, m);
        if constexpr (c.scaled_output) ops::scale(x, 1 / std::sqrt(float(c.width)));
        if constexpr (c.tied)
            tokens.forward(x, logits, m); // (n, width) -> (n, vocabulary)
        else
            head.forward(x, logits, m);
        return {};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
