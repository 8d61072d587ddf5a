// zero_shot: labels of a text that nobody trained for, by a classifier of entailment: does the text entail "This
// example is about food."? (Yin, Hay, Roth 2019.)
#pragma once

#include "constformer/tasks/classify.hpp"
#include "constformer/tasks/pairs.hpp"

#include <string>

namespace constformer {

struct zero_shot_options {
    bool truncate = false; // cut pairs of more tokens than fit, instead of refusing them
    bool several = false;  // labels do not exclude each other: each has a probability of its own
    std::string_view hypothesis = "This example is {}."; // of a label, which stands where {} is
};

// The outputs of a classifier of entailment that count; -1: there is none.
struct entailment_labels {
    int entails, contradicts;
};
// By the labels' names, as Transformers does: what begins with "entail", in any case, and the last or first other one.
[[nodiscard]] constexpr entailment_labels find_entailment(std::span<const std::string_view> names) {
    constexpr std::string_view wanted = "entail";
    for (std::size_t i = 0; i < names.size() && names.size() > 1; ++i) {
        bool found = names[i].size() >= wanted.size();
        for (std::size_t c = 0; found && c < wanted.size(); ++c) found = (names[i][c] | 32) == wanted[c];
        if (found) return {int(i), i == 0 ? int(names.size()) - 1 : 0};
    }
    return {-1, -1};
}

inline namespace CONSTFORMER_ISA {

// Classifies texts with a bert_sequence_classifier of entailment. Model and tokenizer must outlive this.
//     zero_shot model(*weights, *words, find_entailment(names), 512);
//     auto found = model.classify("plants make food from light", topics); // (*found)[0].name, (*found)[0].score
template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class zero_shot {
  public:
    // `most_tokens`: the most tokens of a text and a hypothesis together, special ones included.
    zero_shot(const Model& model, const Words& words, entailment_labels which, int most_tokens,
              zero_shot_options options = {}, Threads threads = {})
        : pairs_(model, words, most_tokens, threads), which_(which), options_(options) {}

    // Every label, the highest score first, of equal ones the earlier first; valid until the next call and as long as
    // the labels. Errors: no label; a hypothesis without {}; a model without an output for entailment; text that is not
    // UTF-8 or has too many tokens. PyTorch equivalent: transformers.pipeline("zero-shot-classification").
    template <observer Watch = silent>
    expected<std::span<const scored_label>> classify(std::string_view text, std::span<const std::string_view> labels,
                                                     Watch watch = {}) {
        if (labels.empty()) return error("zero_shot: no label was given");
        const auto hole = options_.hypothesis.find("{}");
        if (hole == std::string_view::npos)
            return error("zero_shot: the hypothesis ", options_.hypothesis, " has no {}, where the label goes");
        for (const int which : {which_.entails, which_.contradicts})
            if (which < 0 || which >= Model::outputs)
                return error("zero_shot: the model has no label of entailment, or none beside it");
        found_.clear();
        const auto pair = [&](std::size_t i) {
            hypothesis_ = options_.hypothesis.substr(0, hole);
            (hypothesis_ += labels[i]) += options_.hypothesis.substr(hole + 2);
            return std::pair<std::string_view, std::string_view>(text, hypothesis_);
        };
        const auto sink = [&](std::size_t i, std::span<const float> logits) {
            const float yes = logits[std::size_t(which_.entails)], no = logits[std::size_t(which_.contradicts)];
            found_.push_back({int(i), labels[i], options_.several ? 1 / (1 + std::exp(no - yes)) : yes});
        };
        if (status ok = pairs_.read("label", labels.size(), pair, options_.truncate, sink, watch); !ok)
            return ok.error();
        if (!options_.several) { // softmax over the labels
            float most = found_[0].score, sum = 0;
            for (const scored_label& l : found_) most = std::max(most, l.score);
            for (scored_label& l : found_) sum += l.score = std::exp(l.score - most);
            for (scored_label& l : found_) l.score /= sum;
        }
        std::sort(found_.begin(), found_.end(), [](const scored_label& a, const scored_label& b) {
            return a.score != b.score ? a.score > b.score : a.label < b.label;
        });
        return std::span<const scored_label>(found_);
    }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return pairs_.bytes(); }

  private:
    pair_reader<Model, Threads, Words> pairs_;
    entailment_labels which_;
    zero_shot_options options_;
    std::string hypothesis_;
    std::vector<scored_label> found_;
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
