// answer: where in a text a question is answered.
#pragma once

#include "constformer/models/bert_heads.hpp"
#include "constformer/tasks/engine.hpp"

namespace constformer {

struct found_answer {
    int begin, end;        // [begin, end) in code points of the context, whole words
    std::string_view text; // the part of the context; lives as long as it
    float score;           // the probability that it begins there, times the probability that it ends there
};

struct answer_options {
    int longest = 15;  // the most tokens of an answer
    int overlap = 128; // tokens that two windows on a long context share; at most half a window
};

inline namespace CONSTFORMER_ISA {

// Answers questions about a text with a bert_question_answerer. Model and tokenizer must outlive this.
//     answerer model(*weights, *words, 384);
//     auto found = model.answer("Who wrote it?", "It was written by Ada."); // found->text
template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class answerer {
  public:
    // `most_tokens`: the most tokens of question and context together; a longer context is read window by window.
    answerer(const Model& model, const Words& words, int most_tokens, answer_options options = {}, Threads threads = {})
        : engine_(model, words, most_tokens, room(std::size_t(std::max(most_tokens, 1)), 2), threads),
          options_(options) {
        options_.longest = std::max(options_.longest, 1);
    }

    // The best span: it begins and ends in the context, begin <= end, with at most options.longest tokens; of equal
    // scores the earlier one. Errors: text that is not UTF-8, a question that leaves no room for the context, a context
    // without words. PyTorch equivalent: transformers 4's pipeline("question-answering").
    template <observer Watch = silent>
    expected<found_answer> answer(std::string_view question, std::string_view context, Watch watch = {}) {
        watch.stage("tokens");
        const Words& words = engine_.words();
        if (status ok = words.encode(question, question_, {.special = false}); !ok)
            return error("the question: ", ok.error().what());
        if (status ok = words.encode(context, context_, {.special = false}); !ok)
            return error("the context: ", ok.error().what());
        if (context_.size() == 0) return error("answer: the context has no words");
        const int added = int(pair_frame(words).size()) - 2; // [CLS] question [SEP] window [SEP]
        const int window = engine_.longest() - question_.size() - added;
        if (window < 1)
            return error("answer: a question of ", question_.size(), " tokens leaves no room for a context, ",
                         engine_.longest(), " tokens fit in all");

        const int step = window - std::clamp(options_.overlap, 0, window / 2);
        span best;
        for (int first = 0;; first += step) {
            const int count = std::min(window, context_.size() - first);
            if (status ok = read(first, count, best, watch); !ok) return ok.error();
            if (first + count == context_.size()) break;
        }
        // An answer never is half a word: the words of its first and last token, whole.
        const auto& at = context_.words;
        while (best.first > 0 && same_word(at, best.first - 1, best.first)) --best.first;
        while (best.last + 1 < context_.size() && same_word(at, best.last, best.last + 1)) ++best.last;
        const int begin = context_.offsets[std::size_t(best.first)][0],
                  end = context_.offsets[std::size_t(best.last)][1];
        return found_answer{begin, end, code_points(context)(begin, end), best.score};
    }
    // All memory of the forwards.
    [[nodiscard]] std::size_t bytes() const { return engine_.bytes(); }

  private:
    struct span { // tokens of the context
        int first = 0, last = 0;
        float score = -1;
    };
    engine<Model, Threads, Words> engine_;
    answer_options options_;
    encoding question_, context_;

    static bool same_word(const std::vector<int>& words, int a, int b) {
        return words[std::size_t(a)] == words[std::size_t(b)];
    }

    // Looks for a better span among `count` tokens of the context from `first` on.
    template <observer Watch> status read(int first, int count, span& best, Watch watch) {
        encoding& text = engine_.text();
        const auto copy = [&](const encoding& from, int begin, int size, int segment) {
            for (auto i = std::size_t(begin); i < std::size_t(begin + size); ++i)
                text.append(from.ids[i], segment, from.offsets[i], from.words[i]);
        };
        text.clear();
        int before = 0;
        for (const auto& [id, segment] : pair_frame(engine_.words())) {
            if (id >= 0)
                text.append(id, segment, {0, 0}, -1);
            else if (id == frame_part::first)
                copy(question_, 0, question_.size(), segment);
            else
                before = text.size(), copy(context_, first, count, segment);
        }
        engine_.clear(), engine_.append();

        auto m = engine_.workspace(watch);
        rows<2> y = m.take(text.size());
        if (status ok = engine_.model().forward(engine_.batch(), y, m); !ok) return ok;
        if (status ok = numbers({y.data, std::size_t(y.count) * 2}, "answer"); !ok) return ok;
        // Softmax of each column over the context's tokens alone: the others are out of the question.
        const rows<2> of = y.part(before, count);
        for (int column = 0; column < 2; ++column) {
            float most = of[0][column], sum = 0;
            for (int i = 1; i < count; ++i) most = std::max(most, of[i][column]);
            for (int i = 0; i < count; ++i) sum += of[i][column] = std::exp(of[i][column] - most);
            for (int i = 0; i < count; ++i) of[i][column] /= sum;
        }
        for (int i = 0; i < count; ++i)
            for (int j = i; j < std::min(count, i + options_.longest); ++j)
                if (const float score = of[i][0] * of[j][1]; score > best.score) best = {first + i, first + j, score};
        return {};
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
