// XLNet (Yang et al. 2019): a content stream h and a query stream g look at the same keys and values, those of h; g
// does not see the word it stands for. Positions are distances, so that texts may continue what a state remembers.
// Transformers: XLNetModel; its heads: xlnet_heads.hpp.
#pragma once

#include "constformer/layers/embedding.hpp"
#include "constformer/layers/feed_forward.hpp"
#include "constformer/layers/norm.hpp"
#include "constformer/layers/relative_attention.hpp"
#include "constformer/layers/sinusoid.hpp"
#include "constformer/models/bert.hpp"

namespace constformer {

struct xlnet_config {
    int layers, width, heads, feed_forward, vocabulary = 32000, head_width = width / heads;
    float epsilon = 1e-12f;
    activation act = activation::gelu;
    int segments = 3;        // the first text, the second, <cls>
    int positions = 1 << 20; // distances have no last one
    int labels = 2;          // of a classification head
    bool pooled = false;     // (no head of its own)
    int mask = 6;            // the token that stands for a word to be found
};

// What a forward reads beside the text; with any of it, or with a state, the text is one sentence.
struct xlnet_inputs {
    bert_inputs text;
    std::span<const int> hidden{};  // (tokens, tokens), perm_mask: 1, the row's token does not see the column's
    std::span<const int> targets{}; // tokens that are to be predicted, as target_mapping's rows say; empty: h is read
};

// Transformers' names.
inline constexpr name xlnet_layer_names[] = {{"self.query.weight", "rel_attn.q", {.transposed = true}},
                                             {"self.key.weight", "rel_attn.k", {.transposed = true}},
                                             {"self.value.weight", "rel_attn.v", {.transposed = true}},
                                             {"self.position.weight", "rel_attn.r", {.transposed = true}},
                                             {"self.output.weight", "rel_attn.o"},
                                             {"self.content_bias", "rel_attn.r_w_bias"},
                                             {"self.position_bias", "rel_attn.r_r_bias"},
                                             {"self.segment_bias", "rel_attn.r_s_bias"},
                                             {"self.segments", "rel_attn.seg_embed"},
                                             {"self_norm", "rel_attn.layer_norm"},
                                             {"ffn.up", "ff.layer_1"},
                                             {"ffn.down", "ff.layer_2"},
                                             {"ffn_norm", "ff.layer_norm"}};
inline constexpr name xlnet_names[] = {
    {"tokens", "word_embedding"}, {"mask", "mask_emb"}, {"layers.*", "layer.*", {}, xlnet_layer_names}};
inline constexpr name xlnet_encoder_names[] = {{"", "", {}, xlnet_names}, {"", "transformer", {}, xlnet_names}};
inline constexpr std::string_view xlnet_unused[] = {"lm_loss.weight", "lm_loss.bias"};

inline namespace CONSTFORMER_ISA {

template <const xlnet_config& c, element E> struct xlnet_layer {
    using attend = relative_attention<{.width = c.width, .heads = c.heads, .head_width = c.head_width}, E>;
    using norm = layer_norm<c.width, c.epsilon>;
    using feed = feed_forward<c.width, c.feed_forward, c.act, true, E>;
    attend self;
    norm self_norm;
    feed ffn;
    norm ffn_norm;

    // `tokens` and `queries` in the two streams; `keys` in the longest sentence; `band`: distances.
    static constexpr std::size_t scratch(int tokens, int queries, int keys, int band, int threads = 1) {
        const int most = std::max(tokens, queries);
        return either(together(room(std::size_t(band), attend::inner),
                               either(decltype(attend::position)::scratch(band, threads),
                                      attend::remember_scratch(tokens, threads), attend::scratch(most, keys, threads))),
                      feed::scratch(most, threads));
    }
    // h: (tokens, width), g: (queries, width), none where nothing is asked for. waves: (band, width), see attend().
    void forward(rows<c.width> h, rows<c.width> g, typename attend::memory& past, const_rows<c.width> waves, int zero,
                 const relative_view& view, std::span<const int> targets, workspace auto m) const {
        {
            auto rest = m;
            rows<attend::inner> distances = rest.take(waves.count);
            self.position.forward(waves, distances, rest);
            self.remember(h, past, rest);
            relative_view asks = view;                                 // g first: both streams read the h of below
            asks.seats = targets, asks.itself = false, asks.each = {}; // (they are of one sentence)
            if (g.count > 0) self.attend(g, past, distances, zero, asks, onto(g), rest);
            self.attend(h, past, distances, zero, view, onto(h), rest);
        }
        for (const rows<c.width>& x : {g, h}) {
            if (x.count == 0) continue;
            self_norm.forward(x, x, m);
            ffn.forward(x, onto(x), m);
            ffn_norm.forward(x, x, m);
        }
    }
};

template <const xlnet_config& c, element E = f32> struct xlnet {
    static_assert(c.layers > 0 && c.width > 0 && c.heads > 0 && c.head_width > 0 && c.feed_forward > 0 &&
                      c.vocabulary > 0,
                  "xlnet: .layers, .width, .heads, .head_width, .feed_forward and .vocabulary must be positive");
    static constexpr auto kind = head_kind::encoder;
    static constexpr const xlnet_config& config = c;
    static constexpr int width = c.width;
    static constexpr std::span<const name> names{xlnet_encoder_names};
    static constexpr std::span<const std::string_view> unused{xlnet_unused};
    static constexpr token_limits limits{"xlnet", c.vocabulary, c.positions};
    using layer = xlnet_layer<c, E>;
    using memory = typename layer::attend::memory;

    embedding<c.vocabulary, c.width, words_of(E)> tokens;
    vector<c.width> mask; // what stands where a word is to be predicted
    std::array<layer, std::size_t(c.layers)> layers;

    // The text before, `length` tokens of it: Transformers' mems, as keys and values. Room for `capacity` tokens, the
    // next text included; placed by the caller in state::bytes(capacity) bytes.
    struct state : stack_state<memory, c.layers> {
        using base = stack_state<memory, c.layers>;
        static state in(auto m, int capacity) { return {base::in(m, capacity)}; }
        [[nodiscard]] int length() const { return this->layers[0].length; }
        [[nodiscard]] int capacity() const { return this->layers[0].capacity(); }
        // Forgets all but the last `most` tokens (mem_len).
        void keep_last(int most) {
            for (memory& past : this->layers) {
                const int dropped = std::max(0, past.length - std::max(0, most));
                for (rows<layer::attend::inner> r : {past.keys, past.values})
                    std::copy(r[dropped], r[past.length], r.data);
                past.length -= dropped;
            }
        }
    };

    // Of a packed batch; where words are predicted, of one text.
    static constexpr std::size_t scratch(lengths n, int threads = 1, int queries = 0) {
        const int band = 2 * n.longest - 1;
        return together(memory::bytes(n.tokens), room(std::size_t(band), c.width),
                        layer::scratch(n.tokens, queries, n.longest, band, threads));
    }
    // Of one text with `queries` words to predict, behind `past` tokens.
    static constexpr std::size_t scratch(int tokens, int queries, int past, int threads = 1) {
        const int band = past + 2 * tokens - 1;
        return together(queries > 0 ? room(std::size_t(tokens), c.width) : 0, room(std::size_t(band), c.width),
                        layer::scratch(tokens, queries, past + tokens, band, threads));
    }
    static constexpr double flops(lengths n) { return c.layers * (layer::attend::flops(n) + layer::feed::flops(n)); }

    // The last hidden state of a packed batch, (tokens) -> (tokens, width).
    [[nodiscard]] status forward(const bert_inputs& in, rows<c.width> x, workspace auto m) const {
        return streams({in}, x, {x.data, 0}, m);
    }
    // Both streams of what is remembered by nobody: h of the tokens and g of the targets, (targets, width).
    [[nodiscard]] status streams(const xlnet_inputs& in, rows<c.width> h, rows<c.width> g, workspace auto m) const {
        if (status ok = check(in, 0); !ok) return ok;
        if (h.count != int(in.text.ids.size()) || g.count != int(in.targets.size()))
            return error("xlnet: ", in.text.ids.size(), " tokens and ", in.targets.size(), " targets, but room for ",
                         h.count, " and ", g.count);
        const lengths n = in.text.shape();
        if (status ok = enough(m, scratch(n, m.threads.size(), g.count), "xlnet"); !ok) return ok;
        auto past = memory::in(m, n.tokens);
        const auto one = [&](std::size_t) -> memory& {
            past.length = 0;
            return past;
        };
        stack(in, h, g, 0, n.longest, one, m);
        return {};
    }

    // The last hidden state of one text that continues `past`: of its targets, (targets, width), or where there is none
    // of its tokens, (tokens, width). `past` remembers the text from then on.
    [[nodiscard]] status forward(const xlnet_inputs& in, state& past, rows<c.width> x, workspace auto m) const {
        const int n = int(in.text.ids.size()), before = past.length(), queries = int(in.targets.size());
        if (status ok = check(in, past.capacity()); !ok) return ok;
        if (before + n > past.capacity())
            return error("xlnet: ", before + n, " tokens, the state has room for ", past.capacity());
        if (x.count != (queries > 0 ? queries : n))
            return error("xlnet: ", queries > 0 ? queries : n, " hidden states, but room for ", x.count);
        if (status ok = enough(m, scratch(n, queries, before, m.threads.size()), "xlnet"); !ok) return ok;
        rows<c.width> h = x, g{x.data, 0};
        if (queries > 0) g = x, h = m.take(n);
        stack(in, h, g, before, before + n, [&](std::size_t l) -> memory& { return past.layers[l]; }, m);
        return {};
    }

    static status check(const bert_inputs& in) {
        if (status ok = check_tokens(in.ids, in.each, limits); !ok) return ok;
        if (!in.segments.empty() && in.segments.size() != in.ids.size())
            return error("xlnet: ", in.segments.size(), " segments for ", in.ids.size(), " tokens");
        if (!in.keep.empty() && in.keep.size() != in.ids.size())
            return error("xlnet: a mask of ", in.keep.size(), " for ", in.ids.size(), " tokens");
        return {};
    }
    static status check(const xlnet_inputs& in, int capacity) {
        if (status ok = check(in.text); !ok) return ok;
        const auto n = in.text.ids.size();
        if (in.text.sentences() > 1 && (capacity > 0 || !in.hidden.empty() || !in.targets.empty()))
            return error("xlnet: ", in.text.each.size(), " sentences; masks of pairs, targets and states are of one");
        if (!in.hidden.empty() && in.hidden.size() != n * n)
            return error("xlnet: a mask of ", in.hidden.size(), " pairs for ", n, " tokens, ", n, " · ", n,
                         " are needed");
        for (int t : in.targets)
            if (t < 0 || std::size_t(t) >= n) return error("xlnet: target ", t, " is none of ", n, " tokens");
        return {};
    }

  private:
    // All layers over both streams, in place. `keys`: of the longest sentence, what is remembered included.
    void stack(const xlnet_inputs& in, rows<c.width> h, rows<c.width> g, int past, int keys, const auto& memory_of,
               workspace auto m) const {
        m.watch.stage("embeddings");
        tokens.look_up(in.text.ids, h);
        for (int i = 0; i < g.count; ++i) std::copy_n(mask.data, c.width, g[i]);
        const int zero = keys - 1, longest = keys - past;
        rows<c.width> waves = m.take(zero + longest);
        sinusoid(waves, zero, -1); // from the farthest key in front to the farthest behind
        const relative_view view{.each = in.text.each,
                                 .segments = in.text.segments,
                                 .keep = in.text.keep,
                                 .hidden = in.hidden,
                                 .tokens = h.count,
                                 .past = past};
        for (std::size_t l = 0; l < layers.size(); ++l) {
            m.watch.stage("layer");
            layers[l].forward(h, g, memory_of(l), waves, zero, view, in.targets, m);
        }
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
