// classify: which label a text has, and how sure the model is of each.
#pragma once

#include "constformer/models/bert_heads.hpp"
#include "constformer/tasks/engine.hpp"

#include <cmath>

namespace constformer {

// How a head's numbers become scores: labels that exclude each other, labels that do not, numbers as they are.
enum class scoring { softmax, sigmoid, none };

struct classify_options {
    bool truncate = false; // cut texts of more tokens than fit, instead of refusing them
    scoring how = scoring::softmax;
};

struct scored_label {
    int label;
    std::string_view name; // empty where the classifier was given no names
    float score;
};

inline namespace CONSTFORMER_ISA {

// Classifies texts with a bert_sequence_classifier. Model, tokenizer and names must outlive this.
//     classifier model(*weights, *words, labels, 256);
//     auto found = model.classify("a text"); // (*found)[0].name, (*found)[0].score
template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class classifier {
  public:
    // `names`: the labels' names in the order of the head, or none. `most_tokens`: the most tokens of a text, special
    // ones included.
    classifier(const Model& model, const Words& words, std::span<const std::string_view> names, int most_tokens,
               classify_options options = {}, Threads threads = {})
        : engine_(model, words, most_tokens, room(1, Model::outputs), threads), names_(names), options_(options) {
        labels_.reserve(Model::outputs);
    }

    // Every label, the highest score first; valid until the next call. Errors: text that is not UTF-8 or has too many
    // tokens. PyTorch equivalent: transformers.pipeline("text-classification", top_k=None).
    template <observer Watch = silent>
    expected<std::span<const scored_label>> classify(std::string_view text, Watch watch = {}) {
        watch.stage("tokens");
        if (status ok = engine_.encode(text, options_.truncate); !ok) return ok.error();
        return classify_tokens(watch);
    }
    // A pair of texts, as in entailment.
    template <observer Watch = silent>
    expected<std::span<const scored_label>> classify(std::string_view first, std::string_view second,
                                                     Watch watch = {}) {
        watch.stage("tokens");
        if (status ok = engine_.encode(first, second, options_.truncate); !ok) return ok.error();
        return classify_tokens(watch);
    }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return engine_.bytes(); }

  private:
    engine<Model, Threads, Words> engine_;
    std::span<const std::string_view> names_;
    classify_options options_;
    std::vector<scored_label> labels_;

    template <observer Watch> expected<std::span<const scored_label>> classify_tokens(Watch watch) {
        engine_.clear(), engine_.append();
        auto m = engine_.workspace(watch);
        rows<Model::outputs> y = m.take(1);
        if (status ok = engine_.model().forward(engine_.batch(), y, m); !ok) return ok.error();
        if (status ok = numbers({y[0], std::size_t(Model::outputs)}, "classify"); !ok) return ok.error();
        if (options_.how == scoring::softmax) ops::softmax(y[0], Model::outputs);
        labels_.clear();
        for (int i = 0; i < Model::outputs; ++i) {
            const float score = options_.how == scoring::sigmoid ? 1 / (1 + std::exp(-y[0][i])) : y[0][i];
            labels_.push_back({i, std::size_t(i) < names_.size() ? names_[std::size_t(i)] : std::string_view{}, score});
        }
        std::sort(labels_.begin(), labels_.end(), [](const scored_label& a, const scored_label& b) {
            return a.score != b.score ? a.score > b.score : a.label < b.label;
        });
        return std::span<const scored_label>(labels_);
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
