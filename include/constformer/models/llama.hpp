// Llama (Touvron et al. 2023): x += attend(norm(x)); x += ffn(norm(x)), with RMS norms, queries and keys turned by the
// position, keys and values that groups of heads share, and SwiGLU. Mistral (Jiang et al. 2023) has a sliding window,
// Qwen2 (Yang et al. 2024) biases of query, key and value.
// Transformers: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM.
#pragma once

#include "constformer/layers/rotary.hpp"
#include "constformer/models/causal.hpp"

namespace constformer {

struct llama_config {
    int layers, width, heads, kv_heads = heads, head_width = width / heads, feed_forward, vocabulary = 32000,
                              positions = 2048;
    float epsilon = 1e-6f;
    activation act = activation::silu;
    rotary_shape rotary{.width = head_width};
    bool tied = false;                     // the head reads the token embedding
    bool bias = false, output_bias = bias; // of query, key and value; of attention's output
    bool feed_bias = false;                // of the feed-forward's three
    int window = 0;                        // a token sees so many, itself included; 0: all before it
    int full_layers = 0;                   // the first ones, which have no window
    bool interleaved = true;               // GGUF lays a head's pairs side by side, as it does for Llama, not for Qwen2
};

// Transformers' names, and those of GGUF.
inline constexpr name llama_layer_names[] = {
    {"self_norm", "input_layernorm"},   {"self.query", "self_attn.q_proj"},  {"self.key", "self_attn.k_proj"},
    {"self.value", "self_attn.v_proj"}, {"self.output", "self_attn.o_proj"}, {"ffn_norm", "post_attention_layernorm"},
    {"ffn.gate", "mlp.gate_proj"},      {"ffn.up", "mlp.up_proj"},           {"ffn.down", "mlp.down_proj"}};
template <int Pairs> inline constexpr name llama_gguf_layer_names[] = {{"self_norm", "attn_norm"},
                                                                       {"self.query", "attn_q", {.pairs = Pairs}},
                                                                       {"self.key", "attn_k", {.pairs = Pairs}},
                                                                       {"self.value", "attn_v"},
                                                                       {"self.output", "attn_output"},
                                                                       {"ffn_norm", "ffn_norm"},
                                                                       {"ffn.gate", "ffn_gate"},
                                                                       {"ffn.up", "ffn_up"},
                                                                       {"ffn.down", "ffn_down"}};
template <int Pairs> inline constexpr name llama_names[] = {
    {"tokens", "model.embed_tokens"}, {"layers.*", "model.layers.*", {}, llama_layer_names},
    {"norm", "model.norm"},           {"head", "lm_head"},
    {"tokens", "token_embd"},         {"layers.*", "blk.*", {}, llama_gguf_layer_names<Pairs>},
    {"norm", "output_norm"},          {"head", "output"}};
inline constexpr std::string_view llama_unused[] = {"model.layers.*.self_attn.rotary_emb.inv_freq"};
inline constexpr std::string_view llama_unused_tied[] = {"model.layers.*.self_attn.rotary_emb.inv_freq",
                                                         "lm_head.weight", "output.weight"};

inline namespace CONSTFORMER_ISA {

template <const llama_config& c, element E = f32> struct llama {
    static_assert(c.layers > 0 && c.width > 0 && c.heads > 0 && c.head_width > 0 && c.feed_forward > 0,
                  "llama: .layers, .width, .heads, .head_width and .feed_forward must be positive");
    static_assert(c.kv_heads > 0 && c.heads % (c.kv_heads > 0 ? c.kv_heads : 1) == 0,
                  "llama: .heads must be a multiple of .kv_heads");
    static_assert(c.vocabulary > 0 && c.positions > 0, "llama: .vocabulary and .positions must be positive");
    static_assert(c.rotary.width <= c.head_width, "llama: .rotary.width must not exceed .head_width");
    static_assert(c.window >= 0, "llama: .window must not be negative");
    static constexpr const llama_config& config = c;
    static constexpr element precision = E;
    static constexpr int width = c.width, outputs = c.vocabulary;
    static constexpr token_limits limits{"llama", c.vocabulary, c.positions};
    static constexpr std::span<const name> names{llama_names<(c.interleaved ? c.rotary.width : 0)>};
    static constexpr std::span<const std::string_view> unused{
        c.tied ? std::span<const std::string_view>(llama_unused_tied) : llama_unused};

    using last_norm = rms_norm<c.width, c.epsilon>;
    using attend = attention<{.width = c.width,
                              .heads = c.heads,
                              .kv_heads = c.kv_heads,
                              .head_width = c.head_width,
                              .bias = c.bias,
                              .output_bias = c.output_bias},
                             E>;
    using feed = gated_feed_forward<c.width, c.feed_forward, c.act, c.feed_bias, E>;
    using layer = pre_norm_layer<last_norm, attend, feed>;
    using state = cache<c.kv_heads * c.head_width, c.layers, kept_number<E>>;
    using own_head = linear<c.width, c.vocabulary, false, head_element(E)>;

    std::conditional_t<c.tied, tied_embedding<c.vocabulary, c.width, head_element(E)>,
                       embedding<c.vocabulary, c.width, words_element(E)>>
        tokens;
    std::array<layer, std::size_t(c.layers)> layers;
    last_norm norm;
    [[no_unique_address]] when<!c.tied, own_head> head;

    static constexpr std::size_t hidden_scratch(int n, int keys, int threads = 1) {
        return together(rotary<c.rotary>::scratch(n), layer::scratch(n, keys, threads));
    }
    static constexpr std::size_t predict_scratch(int n, int threads = 1) { return own_head::scratch(n, threads); }
    static constexpr std::size_t scratch(int n, int keys, int threads = 1) {
        return causal_scratch<llama>(n, keys, n, threads);
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
        for (int l = 0; l < c.layers; ++l) {
            const auto i = std::size_t(l);
            if constexpr (c.window > 0) {
                const int size = l < c.full_layers ? c.positions : c.window;
                layers[i].forward(x, past.layers[i], ops::sliding_window{size, before}, m, turn);
            } else {
                layers[i].forward(x, past.layers[i], ops::causal{before}, m, turn);
            }
        }
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
