// embed: texts as vectors of length 1 that lie close together where the texts mean the same. The mean of a sentence's
// last hidden states, divided by its length: sentence-transformers' pooling and normalization (Reimers, Gurevych
// 2019).
#pragma once

#include "constformer/ops/pool.hpp"
#include "constformer/tasks/engine.hpp"

namespace constformer {

// How the tokens of a sentence become one vector: their mean, the first of them ([CLS]), or the last. Checkpoints of
// sentence-transformers say which in 1_Pooling/config.json.
enum class pooling { mean, first, last };

struct embed_options {
    bool truncate = false; // cut texts of more tokens than fit, instead of refusing them
    pooling how = pooling::mean;
};

inline namespace CONSTFORMER_ISA {

// y[i] = the vector of sentence i of a packed batch, of length 1: (tokens, Width) -> (sentences, Width).
template <int Width>
void pool_sentences(pooling how, const_rows<Width> x, std::span<const int> each, rows<Width> y) {
    if (how == pooling::mean) {
        ops::mean<Width>(x, each, {}, y);
    } else if (how == pooling::first) {
        ops::first<Width>(x, each, y);
    } else {
        for (int i = 0, end = 0; i < y.count; ++i) {
            end += each.empty() ? x.count : each[std::size_t(i)];
            std::copy_n(x[end - 1], Width, y[i]);
        }
    }
    ops::normalize(y);
}

// Embeds texts with an encoder (a bert). Many texts go through the model together, packed end to end without padding.
//     embedder model(*weights, *words, 256);
//     if (status ok = model.embed(texts, vectors); !ok) return ok;
template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class embedder {
  public:
    static constexpr int width = Model::width;

    // `most_tokens`: the most tokens of one text, special ones included, and of one forward. Model and tokenizer must
    // outlive this.
    embedder(const Model& model, const Words& words, int most_tokens, embed_options options = {}, Threads threads = {})
        : engine_(model, words, most_tokens, vectors(most_tokens), threads, vectors(most_tokens)), options_(options) {}

    // y[i] = the embedding of texts[i]: (texts) -> (texts, width). `watch` sees the forward's stages and attention, and
    // the stages "tokens" and "pooling" before and behind it. Errors: a text that is not UTF-8 or has too many tokens,
    // named by its number; room for another number of texts. After an error y is not to be used.
    // PyTorch equivalent: SentenceTransformer.encode(texts, normalize_embeddings=True).
    template <observer Watch = silent>
    status embed(std::span<const std::string_view> texts, rows<width> y, Watch watch = {}) {
        if (y.count != int(texts.size())) return error("embed: ", texts.size(), " texts, but room for ", y.count);
        engine_.clear();
        float* next = y.data;
        const auto take = [&](const_rows<width> v) { next = std::copy_n(v.data, std::size_t(v.count) * width, next); };
        for (std::size_t i = 0; i < texts.size(); ++i)
            if (status ok = add(texts[i], take, watch); !ok)
                return texts.size() == 1 ? ok : status(error("text ", i + 1, ": ", ok.error().what()));
        return finish(take, watch);
    }
    // One text. `y` has `width` values.
    template <observer Watch = silent> status embed(std::string_view text, std::span<float, width> y, Watch w = {}) {
        return embed(std::span(&text, 1), rows<width>{y.data(), 1}, w);
    }

    // Texts as they come, any number of them, in the memory of one forward: add() each, then finish(). The vectors of
    // the texts so far, in their order, go to take(const_rows<width>) when the next text does not fit into a forward
    // together with them, and in finish(); they are valid until take returns. Errors: as above; of add(), the texts
    // before stay and finish() still gives their vectors.
    template <class Take, observer Watch = silent> status add(std::string_view text, Take&& take, Watch watch = {}) {
        watch.stage("tokens");
        if (status ok = engine_.encode(text, options_.truncate); !ok) return ok;
        if (!engine_.fits())
            if (status ok = finish(take, watch); !ok) return ok;
        engine_.append();
        return {};
    }
    // Computes what waits: (tokens) -> (tokens, width) -> (sentences, width).
    template <class Take, observer Watch = silent> status finish(Take&& take, Watch watch = {}) {
        const bert_inputs in = engine_.batch();
        if (in.ids.empty()) return {};
        auto m = engine_.workspace(watch);
        rows<width> x = m.take(int(in.ids.size()));
        if (status ok = engine_.model().forward(in, x, m); !ok) return ok;
        watch.stage("pooling");
        rows<width> y = m.take(in.sentences());
        pool_sentences<width>(options_.how, x, in.each, y);
        engine_.clear();
        take(const_rows<width>(y));
        return {};
    }

    // The tokens of the last text: ids, and their places in it.
    [[nodiscard]] const encoding& last() const { return engine_.text(); }
    // The most tokens of one text, special ones included.
    [[nodiscard]] int longest() const { return engine_.longest(); }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return engine_.bytes(); }

  private:
    engine<Model, Threads, Words> engine_;
    embed_options options_;

    // Bytes of a vector for each of so many tokens or sentences, of which there are no more.
    static std::size_t vectors(int tokens) { return room(std::size_t(std::max(tokens, 1)), width); }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
