// pipeline: one front door to all tasks: a task, a model, a tokenizer; then it is called with texts.
//
//     pipeline<task::fill_mask, bert_masked_lm<my_bert>> fill(*weights, *words, {.most_tokens = 128});
//     const auto found = fill("Paris is the [MASK] of France."); // (*found)[0].text, (*found)[0].score
//
// A model without the head that a task needs is refused by the compiler. An answer is of the type that the task's own
// class gives, whose other members are here too, and valid until the next call. Transformers: pipeline(task, model).
#pragma once

#include "constformer/tasks/pipeline_base.hpp"
#include "constformer/tasks/pipeline_writing.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// A text's vector, of length 1. embed() gives those of many at once.
template <class Model, tokenizer Words, class Threads>
class pipeline<task::embed, Model, Words, Threads>
    : public if_suited<task::embed, Model, embedder<Model, Threads, Words>> {
    static_assert(suits<task::embed, Model>(), "pipeline<task::embed>: the model must be an encoder: bert, xlnet");
    using base = if_suited<task::embed, Model, embedder<Model, Threads, Words>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, o.most_tokens, embed_options{.truncate = o.truncate, .how = o.pool}, threads),
          vector_(std::size_t(Model::width)) {}

    expected<std::span<const float>> operator()(std::string_view text) {
        if (status ok = base::embed(std::span(&text, 1), {vector_.data(), 1}); !ok) return ok.error();
        return std::span<const float>(vector_);
    }

  private:
    std::vector<float> vector_;
};

// The passages nearest to a query, best first, of those that it was given to keep.
template <class Model, tokenizer Words, class Threads>
class pipeline<task::search, Model, Words, Threads>
    : public if_suited<task::search, Model, embedder<Model, Threads, Words>> {
    static_assert(suits<task::search, Model>(), "pipeline<task::search>: the model must be an encoder: bert, xlnet");
    using base = if_suited<task::search, Model, embedder<Model, Threads, Words>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, o.most_tokens, embed_options{.truncate = o.truncate, .how = o.pool}, threads),
          query_(std::size_t(Model::width)) {}

    // Embeds the passages, which take the place of those before. hit::index counts them. Errors: those of embed().
    status keep(std::span<const std::string_view> passages) {
        std::vector<float> vectors(passages.size() * std::size_t(Model::width));
        if (status ok = base::embed(passages, {vectors.data(), int(passages.size())}); !ok) return ok;
        vectors_ = std::move(vectors);
        return {};
    }
    expected<std::span<const hit>> operator()(std::string_view query, int top = 5) {
        const int count = int(vectors_.size() / std::size_t(Model::width));
        if (top < 1) return error("search: the ", top, " best were asked for, at least 1 is needed");
        if (count == 0) return error("search: there is no passage; keep() takes them");
        if (status ok = base::embed(std::span(&query, 1), {query_.data(), 1}); !ok) return ok.error();
        best_.resize(std::size_t(std::min(top, count)));
        return std::span<const hit>(best_).first(
            std::size_t(constformer::search(vectors_.data(), count, Model::width, query_.data(), best_)));
    }

  private:
    std::vector<float> vectors_, query_;
    std::vector<hit> best_;
};

// The words that each mask may stand for.
template <class Model, tokenizer Words, class Threads>
class pipeline<task::fill_mask, Model, Words, Threads>
    : public if_suited<task::fill_mask, Model, mask_filler<Model, Threads, Words>> {
    static_assert(suits<task::fill_mask, Model>(),
                  "pipeline<task::fill_mask>: the model has no head for words: bert_masked_lm and xlnet_lm have");
    using base = if_suited<task::fill_mask, Model, mask_filler<Model, Threads, Words>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, o.most_tokens, text_options{o.truncate}, threads) {}
    expected<std::span<const filling>> operator()(std::string_view text, int top = 5) { return base::fill(text, top); }
};

// The labels of a text, or of a pair of texts, the highest score first.
template <class Model, tokenizer Words, class Threads>
class pipeline<task::classify, Model, Words, Threads>
    : public if_suited<task::classify, Model, classifier<Model, Threads, Words>> {
    static_assert(suits<task::classify, Model>(),
                  "pipeline<task::classify>: the model has no head for labels of a text: bert_sequence_classifier, "
                  "xlnet_sequence_classifier and causal_sequence_classifier have");
    using base = if_suited<task::classify, Model, classifier<Model, Threads, Words>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, o.labels, o.most_tokens,
               classify_options{.truncate = o.truncate, .how = o.scores.value_or(scoring::softmax)}, threads) {}
    expected<std::span<const scored_label>> operator()(std::string_view text) { return base::classify(text); }
    expected<std::span<const scored_label>> operator()(std::string_view first, std::string_view second) {
        return base::classify(first, second);
    }
};

// Labels that nobody trained for, by a classifier one of whose own labels begins with "entail".
template <class Model, tokenizer Words, class Threads>
class pipeline<task::zero_shot, Model, Words, Threads>
    : public if_suited<task::zero_shot, Model, zero_shot<Model, Threads, Words>> {
    static_assert(suits<task::zero_shot, Model>(),
                  "pipeline<task::zero_shot>: the model has no head for labels of a text: bert_sequence_classifier, "
                  "xlnet_sequence_classifier and causal_sequence_classifier have");
    using base = if_suited<task::zero_shot, Model, zero_shot<Model, Threads, Words>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, find_entailment(o.labels), o.most_tokens,
               zero_shot_options{.truncate = o.truncate, .several = o.several, .hypothesis = o.hypothesis}, threads) {}
    expected<std::span<const scored_label>> operator()(std::string_view text,
                                                       std::span<const std::string_view> topics) {
        return base::classify(text, topics);
    }
};

// A label for each word; tag() gives those of tokens.
template <class Model, tokenizer Words, class Threads>
class pipeline<task::tag, Model, Words, Threads> : public if_suited<task::tag, Model, tagger<Model, Threads, Words>> {
    static_assert(suits<task::tag, Model>(),
                  "pipeline<task::tag>: the model has no head for labels of tokens: bert_token_classifier and "
                  "xlnet_token_classifier have");
    using base = if_suited<task::tag, Model, tagger<Model, Threads, Words>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, o.labels, o.most_tokens, text_options{o.truncate}, threads) {}
    expected<std::span<const tagged>> operator()(std::string_view text) { return base::tag_words(text); }
};

// Where a text answers a question.
template <class Model, tokenizer Words, class Threads>
class pipeline<task::answer, Model, Words, Threads>
    : public if_suited<task::answer, Model, answerer<Model, Threads, Words>> {
    static_assert(suits<task::answer, Model>(),
                  "pipeline<task::answer>: the model has no head for where an answer begins and ends: "
                  "bert_question_answerer and xlnet_question_answerer have");
    using base = if_suited<task::answer, Model, answerer<Model, Threads, Words>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, o.most_tokens, o.answers, threads) {}
    expected<found_answer> operator()(std::string_view question, std::string_view context) {
        return base::answer(question, context);
    }
};

// The passages that answer a query best; hit::index counts them.
template <class Model, tokenizer Words, class Threads>
class pipeline<task::rerank, Model, Words, Threads>
    : public if_suited<task::rerank, Model, reranker<Model, Threads, Words>> {
    static_assert(suits<task::rerank, Model>(),
                  "pipeline<task::rerank>: the model must be a classifier of texts that has one label");
    using base = if_suited<task::rerank, Model, reranker<Model, Threads, Words>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, o.most_tokens,
               rerank_options{.truncate = o.truncate, .how = o.scores.value_or(scoring::sigmoid)}, threads) {}
    expected<std::span<const hit>> operator()(std::string_view query, std::span<const std::string_view> passages,
                                              int top = 5) {
        return base::rank(query, passages, top);
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
