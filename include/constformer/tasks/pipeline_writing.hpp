// pipeline_writing: the pipelines that write: generate, chat, translate, summarize. Part of pipeline.hpp.
#pragma once

#include "constformer/tasks/pipeline_base.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// How a text goes on: show(std::string_view) -> bool gets it as it comes, and ends it by false. Without `show` it comes
// whole. text_generator's other members are here too: search() of beams, score().
template <class Model, tokenizer Words, class Threads>
class pipeline<task::generate, Model, Words, Threads>
    : public if_suited<task::generate, Model, text_generator<Model, Words, Threads>> {
    static_assert(suits<task::generate, Model>(),
                  "pipeline<task::generate>: the model must be a decoder: gpt, gpt_neox, llama");
    using base = if_suited<task::generate, Model, text_generator<Model, Words, Threads>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, o.most_tokens, o.ends, threads), writes_(o.writes) {}
    template <class F> expected<generation> operator()(std::string_view prompt, F&& show) {
        return base::generate(prompt, writes_, show);
    }
    expected<std::string> operator()(std::string_view prompt) {
        std::string text;
        const auto done = (*this)(prompt, [&](std::string_view more) { return text += more, true; });
        if (!done) return done.error();
        return text;
    }

  private:
    generate_options writes_;
};

// What the assistant says to a conversation, or to one message.
template <class Model, tokenizer Words, class Threads>
class pipeline<task::chat, Model, Words, Threads>
    : public if_suited<task::chat, Model, text_generator<Model, Words, Threads>> {
    static_assert(suits<task::chat, Model>(),
                  "pipeline<task::chat>: the model must be a decoder: gpt, gpt_neox, llama");
    using base = if_suited<task::chat, Model, text_generator<Model, Words, Threads>>;

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : base(model, words, o.most_tokens, o.ends, threads), writes_(o.writes), format_(o.chat) {
        writes_.special = false; // the template has them
    }
    template <class F> expected<generation> operator()(std::span<const chat_message> messages, F&& show) {
        const auto text = render(messages, format_);
        if (!text) return text.error();
        return base::generate(*text, writes_, show);
    }
    expected<std::string> operator()(std::span<const chat_message> messages) {
        std::string text;
        const auto done = (*this)(messages, [&](std::string_view more) { return text += more, true; });
        if (!done) return done.error();
        return text;
    }
    expected<std::string> operator()(std::string_view message) {
        const chat_message one{"user", std::string(message)};
        return (*this)(std::span(&one, 1));
    }

  private:
    generate_options writes_;
    chat_format format_;
};

// What an encoder-decoder writes for a text, best first.
template <task T, class Model, tokenizer Words, class Threads>
class writing_pipeline : public if_suited<T, Model, translator<Model, Threads, Words>> {
    using base = if_suited<T, Model, translator<Model, Threads, Words>>;

  public:
    writing_pipeline(const Model& model, const Words& words, const pipeline_options& o, Threads threads)
        : base(model, words, o.rules, o.most_tokens, o.most_new,
               translate_options{.truncate = o.truncate, .beams = o.beams, .best = o.best}, threads),
          prefix_(o.prefix) {}
    expected<std::span<const written>> operator()(std::string_view text) {
        if (prefix_.empty()) return base::translate(text);
        (whole_ = prefix_) += text;
        return base::translate(whole_);
    }

  private:
    std::string_view prefix_;
    std::string whole_;
};
template <class Model, tokenizer Words, class Threads>
class pipeline<task::translate, Model, Words, Threads>
    : public writing_pipeline<task::translate, Model, Words, Threads> {
    static_assert(suits<task::translate, Model>(),
                  "pipeline<task::translate>: the model must be an encoder-decoder: t5, transformer");

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : writing_pipeline<task::translate, Model, Words, Threads>(model, words, o, threads) {}
};
template <class Model, tokenizer Words, class Threads>
class pipeline<task::summarize, Model, Words, Threads>
    : public writing_pipeline<task::summarize, Model, Words, Threads> {
    static_assert(suits<task::summarize, Model>(),
                  "pipeline<task::summarize>: the model must be an encoder-decoder: t5, transformer");

  public:
    pipeline(const Model& model, const Words& words, const pipeline_options& o = {}, Threads threads = {})
        : writing_pipeline<task::summarize, Model, Words, Threads>(model, words, o, threads) {}
};

} // namespace constformer::inline CONSTFORMER_ISA
