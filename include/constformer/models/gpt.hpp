// GPT-2 (Radford et al. 2019): x += attend(norm(x)); x += ffn(norm(x)). Pre-norm, causal, tied head.
// Transformers: GPT2LMHeadModel.
#pragma once

#include "constformer/core/manifest.hpp"
#include "constformer/core/names.hpp"
#include "constformer/layers/blocks.hpp"
#include "constformer/layers/embedding.hpp"
#include "constformer/layers/tokens.hpp"

namespace constformer {

struct gpt_config {
    int layers, width, heads, feed_forward = 4 * width, vocabulary = 50257, positions = 1024;
    float epsilon = 1e-5f;
    activation act = activation::gelu_tanh;
};

// Transformers' names. Conv1D stores (inputs, outputs), and the three projections as one.
inline constexpr name gpt_layer_names[] = {{"self_norm", "ln_1"},
                                           {"self.query", "attn.c_attn", {.transposed = true, .part = 0, .of = 3}},
                                           {"self.key", "attn.c_attn", {.transposed = true, .part = 1, .of = 3}},
                                           {"self.value", "attn.c_attn", {.transposed = true, .part = 2, .of = 3}},
                                           {"self.output", "attn.c_proj", {.transposed = true}},
                                           {"ffn_norm", "ln_2"},
                                           {"ffn.up", "mlp.c_fc", {.transposed = true}},
                                           {"ffn.down", "mlp.c_proj", {.transposed = true}}};
inline constexpr name gpt_names[] = {{"tokens", "transformer.wte"},
                                     {"positions", "transformer.wpe"},
                                     {"layers.*", "transformer.h.*", {}, gpt_layer_names},
                                     {"norm", "transformer.ln_f"}};
inline constexpr std::string_view gpt_unused[] = {"lm_head.weight"}; // the tied head's copy

inline namespace CONSTFORMER_ISA {

template <const gpt_config& c, element E>
using gpt_layer = pre_norm_layer<layer_norm<c.width, c.epsilon>, attention<{.width = c.width, .heads = c.heads}, E>,
                                 feed_forward<c.width, c.feed_forward, c.act, true, E>>;

template <const gpt_config& c, element E = f32> struct gpt {
    static_assert(c.layers > 0 && c.width > 0 && c.heads > 0 && c.feed_forward > 0,
                  "gpt: .layers, .width, .heads and .feed_forward must be positive");
    static_assert(c.heads <= 0 || c.width % (c.heads > 0 ? c.heads : 1) == 0,
                  "gpt: .width must be a multiple of .heads");
    static_assert(c.vocabulary > 0 && c.positions > 0, "gpt: .vocabulary and .positions must be positive");
    static constexpr const gpt_config& config = c;
    static constexpr int width = c.width, outputs = c.vocabulary;
    static constexpr std::span<const name> names{gpt_names};
    static constexpr std::span<const std::string_view> unused{gpt_unused};

    embedding<c.vocabulary, c.width> tokens;
    embedding<c.positions, c.width> positions;
    std::array<gpt_layer<c, E>, std::size_t(c.layers)> layers;
    layer_norm<c.width, c.epsilon> norm;

    // What stays between calls: one memory a layer, placed by the caller in state::bytes(capacity) bytes.
    struct state : stack_state<typename gpt_layer<c, E>::state, c.layers> {
        using base = stack_state<typename gpt_layer<c, E>::state, c.layers>;
        static state in(auto m, int capacity) { return {base::in(m, capacity)}; }
        [[nodiscard]] int length() const { return this->layers[0].length; }
        void rewind(int length) {
            for (auto& past : this->layers) past.length = length;
        }
    };

    // Of n tokens that see `keys` tokens, themselves included.
    static constexpr std::size_t scratch(int n, int keys, int threads = 1) {
        return together(room(std::size_t(n), c.width), gpt_layer<c, E>::scratch(n, keys, threads));
    }

    // Logits of the next token behind each of `ids`, which continue what `past` holds. (n) -> (n, vocabulary)
    [[nodiscard]] status forward(std::span<const int> ids, state& past, rows<outputs> logits, workspace auto m) const {
        const int n = int(ids.size()), before = past.length();
        if (status ok = check_tokens(ids, {}, {"gpt", c.vocabulary, c.positions}, before); !ok) return ok;
        if (before + n > past.layers[0].capacity())
            return error("gpt: ", before + n, " tokens, the state has room for ", past.layers[0].capacity());
        if (logits.count != n) return error("gpt: ", n, " tokens, but room for the logits of ", logits.count);
        if (status ok = enough(m, scratch(n, before + n, m.threads.size()), "gpt"); !ok) return ok;
        m.watch.stage("embeddings");
        rows<c.width> x = m.take(n);
        tokens.look_up(ids, x);
        positions.add_positions({}, x, before);
        for (std::size_t l = 0; l < layers.size(); ++l) layers[l].forward(x, past.layers[l], ops::causal{before}, m);
        norm.forward(x, x, m);
        m.watch.stage("head");
        tokens.logits(x, absent<void>{}, logits, m); // tied: said by using it twice. (n, width) -> (n, vocabulary)
        return {};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
