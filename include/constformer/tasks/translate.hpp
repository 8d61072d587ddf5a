// translate: what an encoder-decoder makes of a text: a translation, a summary, whatever it was trained to write.
#pragma once

#include "constformer/generate/rewriter.hpp"
#include "constformer/tasks/engine.hpp"

#include <string>

namespace constformer {

struct translate_options {
    bool truncate = false; // cut texts of more tokens than fit, instead of refusing them
    int beams = 1;         // texts that are kept side by side; 1: greedy
    int best = 1;          // texts that are returned, at most `beams`
};

// A text that was written.
struct written {
    std::string text;
    std::vector<int> ids; // what it was made of, the token that ended it included
    float score;          // of beams: the logarithm of its probability / length^length_penalty; greedy: 0
};

inline namespace CONSTFORMER_ISA {

// Text of ids, whatever the tokenizer.
template <tokenizer Words> [[nodiscard]] std::string text_of(const Words& words, std::span<const int> ids) {
    if constexpr (requires { words.decode(ids); })
        return words.decode(ids);
    else {
        std::string text;
        for (const int id : ids) (text += text.empty() ? "" : " ") += words.token(id);
        return text;
    }
}

// Writes texts with a t5 or a transformer. Model, tokenizer and what `rules` names must outlive this.
//     translator model(*weights, *words, rules, 128, 128);
//     auto found = model.translate("a text"); // (*found)[0].text
template <class Model, class Threads = sequential, tokenizer Words = unigram> class translator {
  public:
    static constexpr int outputs = Model::outputs;

    // most_tokens: of a source, special ones included; most_new: of a text, the token that begins it not included.
    translator(const Model& model, const Words& words, const writing& rules, int most_tokens, int most_new,
               translate_options options = {}, Threads threads = {})
        : words_(&words), truncate_(options.truncate),
          how_{.beams = options.beams,
               .best = options.beams == 1 ? 1 : options.best,
               .most_new = std::min(std::max(most_new, 1), Model::limits.positions - 1),
               .length_penalty = rules.length_penalty,
               .end = rules.early ? beam_end::full : beam_end::likely},
          memory_(writer::bytes(source(most_tokens), 1 + how_.most_new, std::max(options.beams, 1), threads.size())),
          writer_(model, rules, source(most_tokens), 1 + how_.most_new, std::max(options.beams, 1), memory_.bytes(),
                  threads) {}

    // The best texts, best first. Errors: text that is not UTF-8 or has too many tokens, scores that are not numbers,
    // options out of their range. Transformers: model.generate(do_sample=False, num_beams=…), then decode.
    expected<std::span<const written>> translate(std::string_view text) {
        if (status ok = words_->encode(text, text_, {.most_tokens = most_tokens(), .truncate = truncate_}); !ok)
            return ok.error();
        return write(text_.ids);
    }
    // The same of the tokens of a source.
    expected<std::span<const written>> write(std::span<const int> ids) {
        found_.clear();
        if (status ok = writer_.begin(ids, how_); !ok) return ok.error();
        while (writer_.goes_on())
            if (status ok = writer_.step(); !ok) return ok.error();
        for (const beam_text& one : writer_.found()) found_.push_back({text_of(*words_, one.ids), one.ids, one.score});
        return std::span<const written>(found_);
    }
    // All memory of the states and the forwards.
    [[nodiscard]] std::size_t bytes() const { return memory_.bytes().size(); }
    // The most tokens of a source and of a text.
    [[nodiscard]] int most_tokens() const { return writer_.most_tokens(); }
    [[nodiscard]] int most_new() const { return writer_.most_new(); }

  private:
    using writer = rewriter<Model, Threads>;
    const Words* words_;
    bool truncate_;
    beam_options how_;
    aligned_memory memory_;
    writer writer_;
    encoding text_;
    std::vector<written> found_;

    static int source(int most_tokens) { return std::min(std::max(most_tokens, 1), Model::limits.positions); }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
