// BERT (Devlin et al. 2018): x = norm(x + attend(x)); x = norm(x + ffn(x)). Post-norm, every token sees every other.
// Transformers: BertModel.
#pragma once

#include "constformer/core/manifest.hpp"
#include "constformer/core/names.hpp"
#include "constformer/layers/blocks.hpp"
#include "constformer/layers/embedding.hpp"
#include "constformer/layers/tokens.hpp"
#include "constformer/ops/pool.hpp"

namespace constformer {

// A checkpoint is one of these, by name: inline constexpr bert_config minilm_l6{.layers = 6, .width = 384, …};
struct bert_config {
    int layers, width, heads, feed_forward, vocabulary = 30522, positions = 512, segments = 2;
    float epsilon = 1e-12f;
    activation act = activation::gelu;
    bool pooled = true; // has BertPooler
    int labels = 2;     // of a classification head
    bool tied = true;   // the masked-language-model head reads the token embedding
};

// What a forward reads: a packed batch, the tokens of all sentences end to end.
struct bert_inputs {
    std::span<const int> ids;        // (tokens)
    std::span<const int> segments{}; // (tokens), token_type_ids; empty: all 0
    std::span<const int> keep{};     // (tokens), attention_mask; empty: all 1
    std::span<const int> each{};     // (sentences), tokens of each sentence; empty: one sentence
    [[nodiscard]] int sentences() const { return each.empty() ? 1 : int(each.size()); }
    [[nodiscard]] lengths shape() const { return each.empty() ? lengths(int(ids.size())) : lengths(each); }
};

// Transformers' names.
inline constexpr name bert_layer_names[] = {{"self.output", "attention.output.dense"},
                                            {"self", "attention.self"},
                                            {"self_norm", "attention.output.LayerNorm"},
                                            {"ffn.up", "intermediate.dense"},
                                            {"ffn.down", "output.dense"},
                                            {"ffn_norm", "output.LayerNorm"}};
inline constexpr name bert_embedding_names[] = {{"tokens", "word_embeddings"},
                                                {"positions", "position_embeddings"},
                                                {"segments", "token_type_embeddings"},
                                                {"norm", "LayerNorm"}};
inline constexpr name bert_names[] = {{"embeddings", "embeddings", {}, bert_embedding_names},
                                      {"layers.*", "encoder.layer.*", {}, bert_layer_names},
                                      {"pooler", "pooler.dense"}};
inline constexpr name bert_encoder_names[] = {{"", "", {}, bert_names},
                                              {"", "bert", {}, bert_names}}; // alone, or a head's
// May be in a file without being read: buffers, and what other heads hold.
inline constexpr std::string_view bert_unused[] = {"embeddings.position_ids",
                                                   "bert.embeddings.position_ids",
                                                   "pooler.dense.weight",
                                                   "pooler.dense.bias",
                                                   "bert.pooler.dense.weight",
                                                   "bert.pooler.dense.bias",
                                                   "cls.predictions.decoder.weight",
                                                   "cls.predictions.decoder.bias",
                                                   "cls.predictions.bias",
                                                   "cls.seq_relationship.weight",
                                                   "cls.seq_relationship.bias"};

inline namespace CONSTFORMER_ISA {

template <const bert_config& c, element E>
using bert_layer = post_norm_layer<layer_norm<c.width, c.epsilon>, attention<{.width = c.width, .heads = c.heads}, E>,
                                   feed_forward<c.width, c.feed_forward, c.act, true, E>>;

// tokens + segments + positions, normalized: (tokens) -> (tokens, width)
template <const bert_config& c> struct bert_embeddings {
    embedding<c.vocabulary, c.width> tokens;
    embedding<c.positions, c.width> positions;
    embedding<c.segments, c.width> segments;
    layer_norm<c.width, c.epsilon> norm;

    void forward(const bert_inputs& in, rows<c.width> x, workspace auto m) const {
        m.watch.stage("embeddings");
        tokens.look_up(in.ids, x);
        segments.add(in.segments, x);
        positions.add_positions(in.each, x);
        norm.forward(x, x, m);
    }
};

template <const bert_config& c, element E = f32, bool Pooled = c.pooled> struct bert {
    static_assert(c.layers > 0 && c.width > 0 && c.heads > 0 && c.feed_forward > 0,
                  "bert: .layers, .width, .heads and .feed_forward must be positive");
    static_assert(c.heads <= 0 || c.width % (c.heads > 0 ? c.heads : 1) == 0,
                  "bert: .width must be a multiple of .heads");
    static_assert(c.vocabulary > 0 && c.positions > 0 && c.segments > 0,
                  "bert: .vocabulary, .positions and .segments must be positive");
    static constexpr const bert_config& config = c;
    static constexpr int width = c.width;
    static constexpr std::span<const name> names{bert_encoder_names};
    static constexpr std::span<const std::string_view> unused{bert_unused};

    bert_embeddings<c> embeddings;
    std::array<bert_layer<c, E>, std::size_t(c.layers)> layers;
    [[no_unique_address]] when<Pooled, linear<c.width, c.width, true, E>> pooler;

    static constexpr std::size_t scratch(lengths n, int threads = 1) { return bert_layer<c, E>::scratch(n, threads); }
    static constexpr double flops(lengths n) { return c.layers * bert_layer<c, E>::flops(n); }

    // The last hidden state, (tokens) -> (tokens, width).
    [[nodiscard]] status forward(const bert_inputs& in, rows<c.width> x, workspace auto m) const {
        if (status ok = check(in); !ok) return ok;
        if (x.count != int(in.ids.size())) return error("bert: ", in.ids.size(), " tokens, but room for ", x.count);
        if (status ok = enough(m, scratch(in.shape(), m.threads.size()), "bert"); !ok) return ok;
        embeddings.forward(in, x, m);
        for (const auto& layer : layers) layer.forward(x, in.each, ops::padding{in.keep}, m);
        return {};
    }

    static constexpr std::size_t pool_scratch(int sentences, int threads = 1) {
        return together(room(std::size_t(sentences), c.width), ops::prepare_room<E>(sentences, c.width, threads));
    }

    // tanh(P x + b) of each sentence's first token: (tokens, width) -> (sentences, width)
    void pool(const_rows<c.width> x, std::span<const int> each, rows<c.width> y, workspace auto m) const
        requires Pooled
    {
        m.watch.stage("pooling");
        rows<c.width> first = m.take(y.count);
        ops::first(x, each, first);
        pooler.template forward<activation::tanh>(first, y, m);
    }

    static status check(const bert_inputs& in) {
        if (status ok = check_tokens(in.ids, in.each, {"bert", c.vocabulary, c.positions}); !ok) return ok;
        if (!in.segments.empty() && in.segments.size() != in.ids.size())
            return error("bert: ", in.segments.size(), " segments for ", in.ids.size(), " tokens");
        for (int s : in.segments)
            if (s < 0 || s >= c.segments) return error("bert: segment ", s, ", this model has ", c.segments);
        if (!in.keep.empty() && in.keep.size() != in.ids.size())
            return error("bert: a mask of ", in.keep.size(), " for ", in.ids.size(), " tokens");
        return {};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
