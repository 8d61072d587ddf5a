// BERT (Devlin et al. 2018): x = norm(x + attend(x)); x = norm(x + ffn(x)). Post-norm, every token sees every other.
// Transformers: BertModel. Its relatives are the same type with other numbers in their config and other names in their
// checkpoints: roberta.hpp, distilbert.hpp, mpnet.hpp, albert.hpp.
#pragma once

#include "constformer/core/manifest.hpp"
#include "constformer/core/names.hpp"
#include "constformer/layers/blocks.hpp"
#include "constformer/layers/embedding.hpp"
#include "constformer/layers/relative_bias.hpp"
#include "constformer/layers/tokens.hpp"
#include "constformer/models/head_kind.hpp"
#include "constformer/ops/pool.hpp"

namespace constformer {

// How a family of checkpoints spells its tensors, of the encoder and of each head.
struct bert_family {
    const char* who; // begins every sentence: "bert"
    std::span<const name> encoder, masked_lm, sequence, token, answer;
    std::span<const std::string_view> unused;
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
inline constexpr name bert_masked_lm_names[] = {{"body", "bert", {}, bert_names},
                                                {"transform_norm", "cls.predictions.transform.LayerNorm"},
                                                {"transform", "cls.predictions.transform.dense"},
                                                {"decoder", "cls.predictions.decoder"},
                                                {"bias", "cls.predictions.decoder.bias"},
                                                {"bias", "cls.predictions.bias"}};
inline constexpr name bert_classifier_names[] = {{"body", "bert", {}, bert_names}, {"classifier", "classifier"}};
inline constexpr name bert_answer_names[] = {{"body", "bert", {}, bert_names}, {"answer", "qa_outputs"}};
inline constexpr bert_family bert_itself{"bert",
                                         bert_encoder_names,
                                         bert_masked_lm_names,
                                         bert_classifier_names,
                                         bert_classifier_names,
                                         bert_answer_names,
                                         bert_unused};

// A checkpoint is one of these, by name: inline constexpr bert_config minilm_l6{.layers = 6, .width = 384, …};
struct bert_config {
    int layers, width, heads, feed_forward, vocabulary = 30522, positions = 512, segments = 2;
    float epsilon = 1e-12f;
    activation act = activation::gelu;
    bool pooled = true; // has BertPooler
    int labels = 2;     // of a classification head
    bool tied = true;   // the masked-language-model head reads the token embedding

    // What its relatives do otherwise.
    const bert_family* family = &bert_itself;
    activation pool = activation::tanh;  // of the pooler
    activation predict = act;            // of the masked-language-model head
    int padding = -1;                    // positions follow this token's number, and skip tokens that are it
    int embedding = width;               // of the tables; a linear map leads from there to the width
    bool projected = embedding != width; // there is such a map
    int groups = layers;                 // layers with weights of their own, each used several times in a row
    int buckets = 0, farthest = 128;     // one table of distances for all layers: relative_bias's
};

inline namespace CONSTFORMER_ISA {

template <const bert_config& c, element E>
using bert_layer = post_norm_layer<layer_norm<c.width, c.epsilon>, attention<{.width = c.width, .heads = c.heads}, E>,
                                   feed_forward<c.width, c.feed_forward, c.act, true, E>>;

// tokens + segments + positions, normalized: (tokens) -> (tokens, embedding)
template <const bert_config& c, element E> struct bert_embeddings {
    embedding<c.vocabulary, c.embedding, words_of(E)> tokens;
    embedding<c.positions + c.padding + 1, c.embedding> positions;
    [[no_unique_address]] when<(c.segments > 0), embedding<std::max(c.segments, 1), c.embedding>> segments;
    layer_norm<c.embedding, c.epsilon> norm;

    void forward(const bert_inputs& in, rows<c.embedding> x, workspace auto m) const {
        m.watch.stage("embeddings");
        tokens.look_up(in.ids, x);
        if constexpr (c.segments > 0) segments.add(in.segments, x);
        if constexpr (c.padding < 0)
            positions.add_positions(in.each, x);
        else
            positions.add_positions_behind(c.padding, in.ids, in.each, x);
        norm.forward(x, x, m);
    }
};

template <const bert_config& c, element E = f32, bool Pooled = c.pooled> struct bert {
    static_assert(c.layers > 0 && c.width > 0 && c.heads > 0 && c.feed_forward > 0,
                  "bert: .layers, .width, .heads and .feed_forward must be positive");
    static_assert(c.heads <= 0 || c.width % (c.heads > 0 ? c.heads : 1) == 0,
                  "bert: .width must be a multiple of .heads");
    static_assert(c.vocabulary > 0 && c.positions > 0 && c.segments >= 0,
                  "bert: .vocabulary and .positions must be positive, .segments at least 0");
    static_assert(c.groups > 0 && c.groups <= c.layers, "bert: .groups must lie from 1 to .layers");
    static_assert(c.embedding > 0 && (c.projected || c.embedding == c.width),
                  "bert: .embedding must be positive, and .width where .projected is false");
    static constexpr auto kind = head_kind::encoder;
    static constexpr const bert_config& config = c;
    static constexpr int width = c.width;
    static constexpr std::span<const name> names{c.family->encoder};
    static constexpr std::span<const std::string_view> unused{c.family->unused};

    using map = linear<c.embedding, c.width, true, E>;
    using distance = relative_bias<std::max(c.buckets, 4), c.heads, c.farthest, direction::both>;

    bert_embeddings<c, E> embeddings;
    // Where there is none, an absence of its own: two of one type would not take the same place.
    [[no_unique_address]] std::conditional_t<c.projected, map, absent<bert_embeddings<c, E>>> projection;
    [[no_unique_address]] when<(c.buckets > 0), distance> distances;
    std::array<bert_layer<c, E>, std::size_t(c.groups)> layers;
    [[no_unique_address]] when<Pooled, linear<c.width, c.width, true, E>> pooler;

    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        std::size_t first = 0, all = 0;
        if constexpr (c.projected)
            first = together(room(std::size_t(n.tokens), c.embedding), map::scratch(n.tokens, threads));
        if constexpr (c.buckets > 0) all = distance::scratch(n.longest, n.longest);
        return either(first, together(all, bert_layer<c, E>::scratch(n, threads)));
    }
    static constexpr double flops(lengths n) {
        return c.layers * bert_layer<c, E>::flops(n) + (c.projected ? map::flops(n.tokens) : 0);
    }

    // The last hidden state, (tokens) -> (tokens, width).
    [[nodiscard]] status forward(const bert_inputs& in, rows<c.width> x, workspace auto m) const {
        if (status ok = check(in); !ok) return ok;
        if (x.count != int(in.ids.size()))
            return error(c.family->who, ": ", in.ids.size(), " tokens, but room for ", x.count);
        if (status ok = enough(m, scratch(in.shape(), m.threads.size()), c.family->who); !ok) return ok;
        if constexpr (c.projected)
            project(in, x, m);
        else
            embeddings.forward(in, x, m);
        const ops::padding mask{in.keep};
        if constexpr (c.buckets > 0) {
            const int longest = in.shape().longest;
            const auto near = distances.spread(longest, longest, 0, m);
            transform(x, in.each, near & mask, m);
        } else {
            transform(x, in.each, mask, m);
        }
        return {};
    }

    // The two steps of a forward: (tokens) -> (tokens, embedding) -> (tokens, width), and the layers in place.
    void project(const bert_inputs& in, rows<c.width> x, workspace auto m) const {
        rows<c.embedding> narrow = m.take(x.count);
        embeddings.forward(in, narrow, m);
        projection.forward(narrow, x, m);
    }
    void transform(rows<c.width> x, std::span<const int> each, const ops::rule auto& rule, workspace auto m) const {
        for (int i = 0; i < c.layers; ++i) layers[std::size_t(i * c.groups / c.layers)].forward(x, each, rule, m);
    }

    static constexpr std::size_t pool_scratch(int sentences, int threads = 1) {
        return together(room(std::size_t(sentences), c.width), ops::prepare_room<E>(sentences, c.width, threads));
    }

    // A(P x + b), tanh of BERT, of each sentence's first token: (tokens, width) -> (sentences, width)
    void pool(const_rows<c.width> x, std::span<const int> each, rows<c.width> y, workspace auto m) const
        requires Pooled
    {
        m.watch.stage("pooling");
        rows<c.width> first = m.take(y.count);
        ops::first(x, each, first);
        pooler.template forward<c.pool>(first, y, m);
    }

    static status check(const bert_inputs& in) {
        if (status ok = check_tokens(in.ids, in.each, {c.family->who, c.vocabulary, c.positions}); !ok) return ok;
        if (!in.segments.empty() && in.segments.size() != in.ids.size())
            return error(c.family->who, ": ", in.segments.size(), " segments for ", in.ids.size(), " tokens");
        for (int s : in.segments)
            if (s < 0 || s >= std::max(c.segments, 1)) // all 0 says nothing
                return error(c.family->who, ": segment ", s, ", this model has ", c.segments);
        if (!in.keep.empty() && in.keep.size() != in.ids.size())
            return error(c.family->who, ": a mask of ", in.keep.size(), " for ", in.ids.size(), " tokens");
        return {};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
