// tag: a label for each token or word of a text: names of people and places, parts of speech.
#pragma once

#include "constformer/models/bert_heads.hpp"
#include "constformer/tasks/engine.hpp"

namespace constformer {

struct tagged {
    int begin, end; // [begin, end) in code points of the text
    std::string_view text;
    int word; // the number of its word in the text
    int label;
    std::string_view name; // the label's; empty where the tagger was given no names
    float score;           // the label's probability
};

inline namespace CONSTFORMER_ISA {

// Tags texts with a bert_token_classifier. Model, tokenizer and names must outlive this.
//     tagger model(*weights, *words, labels, 256);
//     auto found = model.tag_words("Ada Lovelace was born in London");
template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class tagger {
  public:
    // `names`: the labels' names in the order of the head, or none. `most_tokens`: the most tokens of a text, special
    // ones included.
    tagger(const Model& model, const Words& words, std::span<const std::string_view> names, int most_tokens,
           text_options options = {}, Threads threads = {})
        : engine_(model, words, most_tokens, room(std::size_t(std::max(most_tokens, 1)), Model::outputs), threads),
          names_(names), options_(options) {
        found_.reserve(std::size_t(engine_.longest()));
    }

    // Every token, special ones left out; valid until the next call and as long as `text`. Errors: text that is not
    // UTF-8 or has too many tokens. PyTorch equivalent: transformers.pipeline("token-classification",
    // ignore_labels=[]).
    template <observer Watch = silent>
    expected<std::span<const tagged>> tag(std::string_view text, Watch watch = {}) {
        watch.stage("tokens");
        if (status ok = engine_.encode(text, options_.truncate); !ok) return ok.error();
        engine_.clear(), engine_.append();
        const encoding& tokens = engine_.text();
        auto m = engine_.workspace(watch);
        rows<Model::outputs> y = m.take(tokens.size());
        if (status ok = engine_.model().forward(engine_.batch(), y, m); !ok) return ok.error();
        found_.clear();
        code_points part(text);
        for (int i = 0; i < tokens.size(); ++i) {
            const int word = tokens.words[std::size_t(i)];
            if (word < 0) continue;
            if (status ok = numbers({y[i], std::size_t(Model::outputs)}, "tag"); !ok) return ok.error();
            ops::softmax(y[i], Model::outputs);
            const int label = int(std::max_element(y[i], y[i] + Model::outputs) - y[i]);
            const auto [begin, end] = tokens.offsets[std::size_t(i)];
            found_.push_back({begin, end, part(begin, end), word, label, name(label), y[i][label]});
        }
        return std::span<const tagged>(found_);
    }

    // Every word, with the label of its first token. PyTorch equivalent: the pipeline with
    // aggregation_strategy="first", before it joins words.
    template <observer Watch = silent>
    expected<std::span<const tagged>> tag_words(std::string_view text, Watch watch = {}) {
        if (auto all = tag(text, watch); !all) return all;
        std::size_t kept = 0;
        for (const tagged& t : found_) {
            if (kept == 0 || found_[kept - 1].word != t.word)
                found_[kept++] = t;
            else
                found_[kept - 1].end = t.end;
        }
        found_.resize(kept);
        code_points part(text);
        for (tagged& t : found_) t.text = part(t.begin, t.end);
        return std::span<const tagged>(found_);
    }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return engine_.bytes(); }

  private:
    engine<Model, Threads, Words> engine_;
    std::span<const std::string_view> names_;
    text_options options_;
    std::vector<tagged> found_;

    [[nodiscard]] std::string_view name(int label) const {
        return std::size_t(label) < names_.size() ? names_[std::size_t(label)] : std::string_view{};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
