// GPT-NeoX (Black et al. 2022): x += attend(norm(x)) + ffn(norm'(x)), side by side; a part of each head is turned by
// the position. Pythia is one. Transformers: GPTNeoXForCausalLM.
#pragma once

#include "constformer/layers/rotary.hpp"
#include "constformer/models/causal.hpp"

namespace constformer {

struct gpt_neox_config {
    int layers, width, heads, feed_forward = 4 * width, vocabulary = 50432, positions = 2048;
    float epsilon = 1e-5f;
    activation act = activation::gelu;
    rotary_shape rotary{.width = width / heads / 4};
    bool parallel = true; // x += attend(norm(x)) first, then x += ffn(norm'(x)), where false
    bool tied = false;    // the head reads the token embedding
    bool bias = true;     // of attention
};

// Transformers' names; query, key and value of each head follow each other. Then those of GGUF, where they do not.
template <int Heads> inline constexpr name gpt_neox_layer_names[] = {
    {"self_norm", "input_layernorm"},
    {"self.query", "attention.query_key_value", {.part = 0, .of = 3, .groups = Heads}},
    {"self.key", "attention.query_key_value", {.part = 1, .of = 3, .groups = Heads}},
    {"self.value", "attention.query_key_value", {.part = 2, .of = 3, .groups = Heads}},
    {"self.output", "attention.dense"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn.up", "mlp.dense_h_to_4h"},
    {"ffn.down", "mlp.dense_4h_to_h"}};
inline constexpr name gpt_neox_gguf_layer_names[] = {{"self_norm", "attn_norm"},
                                                     {"self.query", "attn_qkv", {.part = 0, .of = 3}},
                                                     {"self.key", "attn_qkv", {.part = 1, .of = 3}},
                                                     {"self.value", "attn_qkv", {.part = 2, .of = 3}},
                                                     {"self.output", "attn_output"},
                                                     {"ffn_norm", "ffn_norm"},
                                                     {"ffn.up", "ffn_up"},
                                                     {"ffn.down", "ffn_down"}};
template <int Heads> inline constexpr name gpt_neox_names[] = {
    {"tokens", "gpt_neox.embed_in"},
    {"layers.*", "gpt_neox.layers.*", {}, gpt_neox_layer_names<Heads>},
    {"norm", "gpt_neox.final_layer_norm"},
    {"head", "embed_out"},
    {"tokens", "token_embd"},
    {"layers.*", "blk.*", {}, gpt_neox_gguf_layer_names},
    {"norm", "output_norm"},
    {"head", "output"}};
inline constexpr std::string_view gpt_neox_unused[] = {"gpt_neox.layers.*.attention.bias",
                                                       "gpt_neox.layers.*.attention.masked_bias",
                                                       "gpt_neox.layers.*.attention.rotary_emb.inv_freq"};
inline constexpr std::string_view gpt_neox_unused_tied[] = {"embed_out.weight", "gpt_neox.layers.*.attention.bias",
                                                            "gpt_neox.layers.*.attention.masked_bias",
                                                            "gpt_neox.layers.*.attention.rotary_emb.inv_freq"};

inline namespace CONSTFORMER_ISA {

template <const gpt_neox_config& c, element E = f32> struct gpt_neox {
    static_assert(c.layers > 0 && c.width > 0 && c.heads > 0 && c.feed_forward > 0,
                  "gpt_neox: .layers, .width, .heads and .feed_forward must be positive");
    static_assert(c.heads <= 0 || c.width % (c.heads > 0 ? c.heads : 1) == 0,
                  "gpt_neox: .width must be a multiple of .heads");
    static_assert(c.vocabulary > 0 && c.positions > 0, "gpt_neox: .vocabulary and .positions must be positive");
    static_assert(c.rotary.width * (c.heads > 0 ? c.heads : 1) <= c.width,
                  "gpt_neox: .rotary.width must not exceed a head's width");
    static constexpr const gpt_neox_config& config = c;
    static constexpr element precision = E;
    static constexpr int width = c.width, outputs = c.vocabulary;
    static constexpr token_limits limits{"gpt_neox", c.vocabulary, c.positions};
    static constexpr std::span<const name> names{gpt_neox_names<c.heads>};
    static constexpr std::span<const std::string_view> unused{
        c.tied ? std::span<const std::string_view>(gpt_neox_unused_tied) : gpt_neox_unused};

    using last_norm = layer_norm<c.width, c.epsilon>;
    using attend = attention<{.width = c.width, .heads = c.heads, .bias = c.bias}, E>;
    using feed = feed_forward<c.width, c.feed_forward, c.act, true, E>;
    using layer = std::conditional_t<c.parallel, parallel_layer<last_norm, attend, feed>,
                                     pre_norm_layer<last_norm, attend, feed>>;
    using state = cache<c.width, c.layers, kept_number<E>>;
    using tied = tied_embedding<c.vocabulary, c.width, head_element(E)>;
    using own_head = linear<c.width, c.vocabulary, false, head_element(E)>;

    std::conditional_t<c.tied, tied, embedding<c.vocabulary, c.width, words_element(E)>> tokens;
    std::array<layer, std::size_t(c.layers)> layers;
    last_norm norm;
    [[no_unique_address]] when<!c.tied, own_head> head;

    static constexpr std::size_t hidden_scratch(int n, int keys, int threads = 1) {
        return together(rotary<c.rotary>::scratch(n), layer::scratch(n, keys, threads));
    }
    static constexpr std::size_t predict_scratch(int n, int threads = 1) { return own_head::scratch(n, threads); }
    static constexpr std::size_t scratch(int n, int keys, int threads = 1) {
        return causal_scratch<gpt_neox>(n, keys, n, threads);
    }
    static constexpr double flops(lengths n) { return c.layers * layer::flops(n) + own_head::flops(n.tokens); }

    // The last hidden state of `ids`, which go on from what `past` holds. (n) -> (n, width)
    [[nodiscard]] status hidden(std::span<const int> ids, state& past, rows<c.width> x, workspace auto m) const {
        const int before = past.length(), keys = before + x.count;
        if (status ok = check_next(ids, past, x.count, limits, m, hidden_scratch(x.count, keys, m.threads.size())); !ok)
            return ok;
        m.watch.stage("embeddings");
        tokens.look_up(ids, x);
        const auto turn = rotary<c.rotary>::at(before, x.count, m);
        for (std::size_t l = 0; l < layers.size(); ++l)
            layers[l].forward(x, past.layers[l], ops::causal{before}, m, turn);
        norm.forward(x, x, m);
        return {};
    }
    // What comes behind. (n, width) -> (n, vocabulary)
    void predict(const_rows<c.width> x, rows<outputs> logits, workspace auto m) const {
        if constexpr (c.tied)
            tokens.forward(x, logits, m);
        else
            head.forward(x, logits, m);
    }

    // Both: models/causal.hpp.
    [[nodiscard]] status forward(std::span<const int> ids, state& past, rows<outputs> logits, workspace auto m) const {
        return causal_forward(*this, ids, past, logits, m);
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
