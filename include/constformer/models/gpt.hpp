// GPT-2 (Radford et al. 2019): x += attend(norm(x)); x += ffn(norm(x)), and a norm behind the last layer.
// GPT (Radford et al. 2018), post_norm: x = norm(x + attend(x)); x = norm(x + ffn(x)), and none behind it.
// Both learn a vector for each position, and the head reads the token embedding.
// Transformers: GPT2LMHeadModel, OpenAIGPTLMHeadModel.
#pragma once

#include "constformer/models/causal.hpp"

namespace constformer {

struct gpt_config {
    int layers, width, heads, feed_forward = 4 * width, vocabulary = 50257, positions = 1024;
    float epsilon = 1e-5f;
    activation act = activation::gelu_tanh;
    bool post_norm = false; // GPT
};

// Transformers' names, with and without "transformer."; Conv1D stores (inputs, outputs), and the three projections as
// one. Then those of GGUF.
inline constexpr name gpt2_layer_names[] = {{"self_norm", "ln_1"},
                                            {"self.query", "attn.c_attn", {.transposed = true, .part = 0, .of = 3}},
                                            {"self.key", "attn.c_attn", {.transposed = true, .part = 1, .of = 3}},
                                            {"self.value", "attn.c_attn", {.transposed = true, .part = 2, .of = 3}},
                                            {"self.output", "attn.c_proj", {.transposed = true}},
                                            {"ffn_norm", "ln_2"},
                                            {"ffn.up", "mlp.c_fc", {.transposed = true}},
                                            {"ffn.down", "mlp.c_proj", {.transposed = true}}};
inline constexpr name gpt2_names[] = {{"tokens", "wte"},
                                      {"positions", "wpe"},
                                      {"tokens", "tokens_embed"},
                                      {"positions", "positions_embed"},
                                      {"layers.*", "h.*", {}, gpt2_layer_names},
                                      {"norm", "ln_f"}};
inline constexpr name gpt2_gguf_layer_names[] = {{"self_norm", "attn_norm"},
                                                 {"self.query", "attn_qkv", {.part = 0, .of = 3}},
                                                 {"self.key", "attn_qkv", {.part = 1, .of = 3}},
                                                 {"self.value", "attn_qkv", {.part = 2, .of = 3}},
                                                 {"self.output", "attn_output"},
                                                 {"ffn_norm", "ffn_norm"},
                                                 {"ffn.up", "ffn_up"},
                                                 {"ffn.down", "ffn_down"}};
inline constexpr name gpt_names[] = {{"", "transformer", {}, gpt2_names},
                                     {"", "", {}, gpt2_names},
                                     {"tokens", "token_embd"},
                                     {"positions", "position_embd"},
                                     {"layers.*", "blk.*", {}, gpt2_gguf_layer_names},
                                     {"norm", "output_norm"}};
// May be in a file: the tied head's copy, and buffers.
inline constexpr std::string_view gpt_unused[] = {"lm_head.weight",
                                                  "output.weight",
                                                  "h.*.attn.bias",
                                                  "h.*.attn.masked_bias",
                                                  "transformer.h.*.attn.bias",
                                                  "transformer.h.*.attn.masked_bias"};

inline namespace CONSTFORMER_ISA {

template <const gpt_config& c, element E = f32> struct gpt {
    static_assert(c.layers > 0 && c.width > 0 && c.heads > 0 && c.feed_forward > 0,
                  "gpt: .layers, .width, .heads and .feed_forward must be positive");
    static_assert(c.heads <= 0 || c.width % (c.heads > 0 ? c.heads : 1) == 0,
                  "gpt: .width must be a multiple of .heads");
    static_assert(c.vocabulary > 0 && c.positions > 0, "gpt: .vocabulary and .positions must be positive");
    static constexpr const gpt_config& config = c;
    static constexpr element precision = E;
    static constexpr int width = c.width, outputs = c.vocabulary;
    static constexpr token_limits limits{"gpt", c.vocabulary, c.positions};
    static constexpr std::span<const name> names{gpt_names};
    static constexpr std::span<const std::string_view> unused{gpt_unused};

    using last_norm = layer_norm<c.width, c.epsilon>;
    using attend = attention<{.width = c.width, .heads = c.heads}, E>;
    using feed = feed_forward<c.width, c.feed_forward, c.act, true, E>;
    using layer = std::conditional_t<c.post_norm, post_norm_layer<last_norm, attend, feed>,
                                     pre_norm_layer<last_norm, attend, feed>>;
    using state = cache<c.width, c.layers, kept_number<E>>;

    tied_embedding<c.vocabulary, c.width, head_element(E)> tokens;
    embedding<c.positions, c.width> positions;
    std::array<layer, std::size_t(c.layers)> layers;
    [[no_unique_address]] when<!c.post_norm, last_norm> norm;

    static constexpr std::size_t hidden_scratch(int n, int keys, int threads = 1) {
        return layer::scratch(n, keys, threads);
    }
    static constexpr std::size_t predict_scratch(int n, int threads = 1) {
        return decltype(tokens)::scratch(n, threads);
    }
    static constexpr std::size_t scratch(int n, int keys, int threads = 1) {
        return causal_scratch<gpt>(n, keys, n, threads);
    }
    static constexpr double flops(lengths n) { return c.layers * layer::flops(n) + decltype(tokens)::flops(n.tokens); }

    // The last hidden state of `ids`, which go on from what `past` holds. (n) -> (n, width)
    [[nodiscard]] status hidden(std::span<const int> ids, state& past, rows<c.width> x, workspace auto m) const {
        const int before = past.length(), keys = before + x.count;
        if (status ok = check_next(ids, past, x.count, limits, m, hidden_scratch(x.count, keys, m.threads.size())); !ok)
            return ok;
        m.watch.stage("embeddings");
        tokens.look_up(ids, x);
        positions.add_positions({}, x, before);
        for (std::size_t l = 0; l < layers.size(); ++l) layers[l].forward(x, past.layers[l], ops::causal{before}, m);
        if constexpr (!c.post_norm) norm.forward(x, x, m);
        return {};
    }
    // What comes behind. (n, width) -> (n, vocabulary)
    void predict(const_rows<c.width> x, rows<outputs> logits, workspace auto m) const { tokens.forward(x, logits, m); }

    // Both: models/causal.hpp.
    [[nodiscard]] status forward(std::span<const int> ids, state& past, rows<outputs> logits, workspace auto m) const {
        return causal_forward(*this, ids, past, logits, m);
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
