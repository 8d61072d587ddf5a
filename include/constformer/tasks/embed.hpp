// embed: texts as vectors of length 1 that lie close together where the texts mean the same. The mean of a sentence's
// last hidden states, divided by its length: sentence-transformers' pooling and normalization (Reimers, Gurevych
// 2019).
#pragma once

#include "constformer/ops/pool.hpp"
#include "constformer/tasks/engine.hpp"

namespace constformer {

// How the tokens of a sentence become one vector: their mean, or the first of them ([CLS]). Checkpoints of
// sentence-transformers say which in 1_Pooling/config.json.
enum class pooling { mean, first };

struct embed_options {
    bool truncate = false; // cut texts of more tokens than fit, instead of refusing them
    pooling how = pooling::mean;
};

inline namespace CONSTFORMER_ISA {

// Embeds texts with an encoder (a bert). Many texts go through the model together, packed end to end without padding.
//     embedder model(*weights, *words, 256);
//     if (status ok = model.embed(texts, vectors); !ok) return ok;
template <class Model, class Threads = sequential> class embedder {
  public:
    static constexpr int width = Model::width;

    // `most_tokens`: the most tokens of one text, special ones included, and of one forward. Model and tokenizer must
    // outlive this.
    embedder(const Model& model, const wordpiece& words, int most_tokens, embed_options options = {},
             Threads threads = {})
        : engine_(model, words, most_tokens, room(std::size_t(std::max(most_tokens, 1)), width), threads),
          options_(options) {}

    // y[i] = the embedding of texts[i]: (texts) -> (texts, width). `watch` sees the forward's stages and attention, and
    // the stages "tokens" and "pooling" before and behind it. Errors: a text that is not UTF-8 or has too many tokens,
    // named by its number; room for another number of texts. After an error y is not to be used.
    // PyTorch equivalent: SentenceTransformer.encode(texts, normalize_embeddings=True).
    template <observer Watch = silent>
    status embed(std::span<const std::string_view> texts, rows<width> y, Watch watch = {}) {
        if (y.count != int(texts.size())) return error("embed: ", texts.size(), " texts, but room for ", y.count);
        engine_.clear();
        int done = 0;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            watch.stage("tokens");
            if (status ok = engine_.encode(texts[i], options_.truncate); !ok)
                return texts.size() == 1 ? ok : status(error("text ", i + 1, ": ", ok.error().what()));
            if (!engine_.fits())
                if (status ok = flush(y, done, watch); !ok) return ok;
            engine_.append();
        }
        return flush(y, done, watch);
    }
    // One text. `y` has `width` values.
    template <observer Watch = silent> status embed(std::string_view text, std::span<float, width> y, Watch w = {}) {
        return embed(std::span(&text, 1), rows<width>{y.data(), 1}, w);
    }

    // The tokens of the last text: ids, and their places in it.
    [[nodiscard]] const encoding& last() const { return engine_.text(); }
    // The most tokens of one text, special ones included.
    [[nodiscard]] int longest() const { return engine_.longest(); }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return engine_.bytes(); }

  private:
    engine<Model, Threads> engine_;
    embed_options options_;

    // Computes the batch: (tokens) -> (tokens, width) -> (sentences, width).
    template <observer Watch> status flush(rows<width> y, int& done, Watch watch) {
        const bert_inputs in = engine_.batch();
        if (in.ids.empty()) return {};
        auto m = engine_.workspace(watch);
        rows<width> x = m.take(int(in.ids.size()));
        if (status ok = engine_.model().forward(in, x, m); !ok) return ok;
        watch.stage("pooling");
        const auto to = y.part(done, in.sentences());
        if (options_.how == pooling::mean)
            ops::mean<width>(x, in.each, {}, to);
        else
            ops::first<width>(x, in.each, to);
        ops::normalize(to);
        done += in.sentences();
        engine_.clear();
        return {};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
