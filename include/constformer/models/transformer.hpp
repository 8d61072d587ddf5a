// The Transformer (Vaswani et al. 2017) as Marian lays it out: post-norm, positions of sines and cosines, one table for
// source, target and logits. Transformers: MarianMTModel. BART is the same type with other numbers: bart.hpp.
#pragma once

#include "constformer/core/manifest.hpp"
#include "constformer/layers/blocks.hpp"
#include "constformer/layers/embedding.hpp"
#include "constformer/layers/sinusoid.hpp"
#include "constformer/models/seq2seq.hpp"
#include "constformer/ops/elementwise.hpp"

namespace constformer {

// Transformers' names.
inline constexpr name transformer_attention_names[] = {
    {"query", "q_proj"}, {"key", "k_proj"}, {"value", "v_proj"}, {"output", "out_proj"}};
inline constexpr name transformer_layer_names[] = {{"self_norm", "self_attn_layer_norm"},
                                                   {"self", "self_attn", {}, transformer_attention_names},
                                                   {"cross_norm", "encoder_attn_layer_norm"},
                                                   {"cross", "encoder_attn", {}, transformer_attention_names},
                                                   {"ffn_norm", "final_layer_norm"},
                                                   {"ffn.up", "fc1"},
                                                   {"ffn.down", "fc2"}};
inline constexpr name transformer_stack_names[] = {{"positions", "embed_positions"},
                                                   {"first", "layernorm_embedding"},
                                                   {"layers.*", "layers.*", {}, transformer_layer_names}};
inline constexpr name transformer_names[] = {{"tokens", "model.shared"},
                                             {"tokens", "model.encoder.embed_tokens"},
                                             {"tokens", "model.decoder.embed_tokens"},
                                             {"encoder", "model.encoder", {}, transformer_stack_names},
                                             {"decoder", "model.decoder", {}, transformer_stack_names},
                                             {"bias", "final_logits_bias"}};
inline constexpr std::string_view transformer_unused[] = {"model.shared.weight",
                                                          "model.encoder.embed_tokens.weight",
                                                          "model.decoder.embed_tokens.weight",
                                                          "lm_head.weight",
                                                          "model.encoder.embed_positions.weight",
                                                          "model.decoder.embed_positions.weight",
                                                          "model.encoder.version",
                                                          "model.decoder.version",
                                                          "final_logits_bias"};
inline constexpr seq2seq_family marian_family{"marian", transformer_names, transformer_unused};

struct transformer_config {
    int layers, width, heads, feed_forward, vocabulary, positions = 512;
    int decoder_layers = layers, decoder_heads = heads, decoder_feed_forward = feed_forward;
    activation act = activation::relu;
    float epsilon = 1e-5f;
    bool scaled = true; // the tokens' rows, by √width
    bool biased = true; // the logits have a bias
    const seq2seq_family* family = &marian_family;

    // What BART does otherwise.
    int learned = -1;        // positions are a table whose first `learned` rows stand for none; -1: waves
    bool normalized = false; // what the layers see first
};

inline namespace CONSTFORMER_ISA {

template <const transformer_config& c, element E = f32> struct transformer {
    static_assert(c.layers > 0 && c.decoder_layers > 0 && c.width > 0 && c.heads > 0 && c.decoder_heads > 0 &&
                      c.feed_forward > 0 && c.decoder_feed_forward > 0 && c.vocabulary > 0 && c.positions > 0,
                  "transformer: .layers, .width, .heads, .feed_forward, .vocabulary and .positions must be positive");
    static_assert(c.heads <= 0 || c.decoder_heads <= 0 || (c.width % c.heads == 0 && c.width % c.decoder_heads == 0),
                  "transformer: .width must be a multiple of .heads and of .decoder_heads");
    static constexpr const transformer_config& config = c;
    static constexpr int width = c.width, outputs = c.vocabulary;
    static constexpr element precision = E;
    static constexpr std::span<const name> names{c.family->names};
    static constexpr std::span<const std::string_view> unused{c.family->unused};
    static constexpr token_limits limits{c.family->who, c.vocabulary, c.positions};
    using norm = layer_norm<c.width, c.epsilon>;
    template <int Heads> using attend = attention<{.width = c.width, .heads = Heads}, E>;
    template <int Inner> using feed = feed_forward<c.width, Inner, c.act, true, E>;
    using encoder_layer = post_norm_layer<norm, attend<c.heads>, feed<c.feed_forward>>;
    using decoder_layer =
        post_norm_decoder_layer<norm, attend<c.decoder_heads>, attend<c.decoder_heads>, feed<c.decoder_feed_forward>>;
    using state = decoder_state<typename decoder_layer::state, c.decoder_layers>;

    template <class Layer, int Layers> struct stack {
        [[no_unique_address]] when<(c.learned >= 0), embedding<c.positions + std::max(c.learned, 0), c.width>>
            positions;
        [[no_unique_address]] when<c.normalized, norm> first;
        std::array<Layer, std::size_t(Layers)> layers;

        // tokens · √width + positions, normalized: (n) -> (n, width), the first of them behind `past` others.
        void embed(const auto& tokens, std::span<const int> ids, int past, rows<c.width> x, workspace auto m) const {
            m.watch.stage("embeddings");
            tokens.look_up(ids, x);
            if constexpr (c.scaled) ops::scale(x, std::sqrt(float(c.width)));
            if constexpr (c.learned >= 0)
                positions.add_positions({}, x, past + c.learned);
            else
                add_sinusoid(x, past);
            if constexpr (c.normalized) first.forward(x, x, m);
        }
    };
    tied_embedding<c.vocabulary, c.width, E> tokens; // source, target and logits
    stack<encoder_layer, c.layers> encoder;
    stack<decoder_layer, c.decoder_layers> decoder;
    [[no_unique_address]] when<c.biased, vector<c.vocabulary>> bias;

    static constexpr std::size_t encode_scratch(int n, int threads = 1) {
        return encoder_layer::scratch(lengths(n), threads);
    }
    static constexpr std::size_t begin_scratch(int source, int threads = 1) {
        return attend<c.decoder_heads>::remember_scratch(source, threads);
    }
    static constexpr std::size_t decode_scratch(int n, int keys, int source, int threads = 1) {
        return together(room(std::size_t(n), c.width), either(decoder_layer::scratch(n, keys, source, threads),
                                                              decltype(tokens)::scratch(n, threads)));
    }

    // Of encode(), and of decode() of one word that sees `keys` words and `source` tokens.
    static constexpr double encode_flops(int n) { return c.layers * encoder_layer::flops(lengths(n)); }
    static constexpr double decode_flops(int keys, int source) {
        return c.decoder_layers * decoder_layer::flops(1, keys, source) + decltype(tokens)::flops(1);
    }

    // The encoder's last hidden state, (n) -> (n, width). keep: attention_mask, empty for all 1.
    [[nodiscard]] status encode(std::span<const int> ids, std::span<const int> keep, rows<c.width> x,
                                workspace auto m) const {
        if (status ok = check_source(ids, keep, x.count, limits); !ok) return ok;
        if (status ok = enough(m, encode_scratch(x.count, m.threads.size()), limits.who); !ok) return ok;
        encoder.embed(tokens, ids, 0, x, m);
        for (const auto& layer : encoder.layers) layer.forward(x, {}, ops::padding{keep}, m);
        return {};
    }

    // A new text: forgets the words and reads the source, (n, width), into every layer's memory.
    [[nodiscard]] status begin(const_rows<c.width> source, state& past, workspace auto m) const {
        if (status ok = check_begin(source.count, past.source_capacity(), limits); !ok) return ok;
        if (status ok = enough(m, begin_scratch(source.count, m.threads.size()), limits.who); !ok) return ok;
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
        if (status ok = enough(m, decode_scratch(n, before + n, past.source(), m.threads.size()), limits.who); !ok)
            return ok;
        rows<c.width> x = m.take(n);
        decoder.embed(tokens, ids, before, x, m);
        for (std::size_t l = 0; l < decoder.layers.size(); ++l)
            decoder.layers[l].forward(x, past.layers[l], ops::causal{before}, ops::padding{keep}, m);
        m.watch.stage("head");
        tokens.logits(x, bias, logits, m); // (n, width) -> (n, vocabulary)
        return {};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
