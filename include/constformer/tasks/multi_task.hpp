// multi_task: several answers to a text or a pair from one encoding: labels, numbers, ranks.
#pragma once

#include "constformer/models/multi_task.hpp"
#include "constformer/tasks/classify.hpp"
#include "constformer/tasks/pairs.hpp"
#include "constformer/tasks/search.hpp"

namespace constformer {

// What the numbers of a task mean; none is said of a task: softmax of several, one number as it is.
struct task_meaning {
    std::string_view task;                      // the name of its head
    std::span<const std::string_view> labels{}; // their names, in the head's order
    scoring how = scoring::softmax;
};

// A task's answer: every label, the highest score first, or its one number.
struct task_answer {
    std::string_view task;
    std::span<const scored_label> labels;
};

inline namespace CONSTFORMER_ISA {

// Answers with a multi_task model. Model, tokenizer and names must outlive this.
//     multi_tasker model(*weights, *words, meanings, 256);
//     auto found = model.answer("a text"); // (*found)[0].task, (*found)[0].labels[0].name
template <class Model, class Threads = sequential, tokenizer Words = wordpiece> class multi_tasker {
  public:
    // `most_tokens`: the most tokens of a text or pair, special ones included; as many go through one forward.
    multi_tasker(const Model& model, const Words& words, std::span<const task_meaning> meanings, int most_tokens,
                 text_options options = {}, Threads threads = {})
        : engine_(model, words, most_tokens, room(1, Model::outputs), threads),
          pairs_(model, words, most_tokens, threads), options_(options) {
        for (std::size_t t = 0; t < Model::tasks.size(); ++t) {
            meanings_[t] = {Model::tasks[t].name, {}, Model::tasks[t].outputs == 1 ? scoring::none : scoring::softmax};
            for (const task_meaning& one : meanings)
                if (one.task == Model::tasks[t].name) meanings_[t] = one;
        }
        labels_.reserve(Model::outputs);
    }

    // Every task's answer, in the order of the heads; valid until the next call. One forward. Errors: text that is not
    // UTF-8 or has too many tokens, damaged weights.
    template <observer Watch = silent>
    expected<std::span<const task_answer>> answer(std::string_view text, Watch watch = {}) {
        watch.stage("tokens");
        if (status ok = engine_.encode(text, options_.truncate); !ok) return ok.error();
        return answer_tokens(watch);
    }
    template <observer Watch = silent>
    expected<std::span<const task_answer>> answer(std::string_view first, std::string_view second, Watch watch = {}) {
        watch.stage("tokens");
        if (status ok = engine_.encode(first, second, options_.truncate); !ok) return ok.error();
        return answer_tokens(watch);
    }

    // Which of many texts a query ranks highest by the task of one number, best first: MT-DNN's pairwise ranking.
    // Errors: as above, named by the text's number; no such task, or one of several numbers; top < 1.
    template <observer Watch = silent>
    expected<std::span<const hit>> rank(std::string_view task, std::string_view query,
                                        std::span<const std::string_view> texts, int top, Watch watch = {}) {
        if (top < 1) return error("multi_task: the ", top, " best were asked for, at least 1 is needed");
        int column = -1;
        for (const auto& one : Model::tasks)
            if (one.name == task) {
                if (one.outputs != 1)
                    return error("multi_task: ", task, " has ", one.outputs, " labels, ranking needs one number");
                column = one.first;
            }
        if (column < 0) return error("multi_task: there is no task ", task);
        best_.resize(std::min(std::size_t(top), texts.size()));
        int found = 0;
        const status done = pairs_.read(
            "text", texts.size(), [&](std::size_t i) { return std::pair(query, texts[i]); }, options_.truncate,
            [&](std::size_t i, std::span<const float> y) {
                constformer::detail::keep_best({int(i), y[std::size_t(column)]}, best_, found);
            },
            watch);
        if (!done) return done.error();
        return std::span<const hit>(best_).first(std::size_t(found));
    }

  private:
    engine<Model, Threads, Words> engine_;
    pair_reader<Model, Threads, Words> pairs_;
    text_options options_;
    std::array<task_meaning, Model::tasks.size()> meanings_;
    std::vector<scored_label> labels_;
    std::array<task_answer, Model::tasks.size()> answers_;
    std::vector<hit> best_;

    template <observer Watch> expected<std::span<const task_answer>> answer_tokens(Watch watch) {
        engine_.clear(), engine_.append();
        auto m = engine_.workspace(watch);
        rows<Model::outputs> y = m.take(1);
        if (status ok = engine_.model().forward(engine_.batch(), y, m); !ok) return ok.error();
        if (status ok = numbers({y[0], std::size_t(Model::outputs)}, "multi_task"); !ok) return ok.error();
        labels_.clear();
        for (std::size_t t = 0; t < Model::tasks.size(); ++t) {
            const auto& task = Model::tasks[t];
            const task_meaning& meaning = meanings_[t];
            float* const x = y[0] + task.first;
            if (meaning.how == scoring::softmax) ops::softmax(x, task.outputs);
            const std::size_t begin = labels_.size();
            for (int i = 0; i < task.outputs; ++i)
                labels_.push_back(
                    {i, std::size_t(i) < meaning.labels.size() ? meaning.labels[std::size_t(i)] : std::string_view{},
                     meaning.how == scoring::sigmoid ? 1 / (1 + std::exp(-x[i])) : x[i]});
            std::sort(labels_.begin() + std::ptrdiff_t(begin), labels_.end(),
                      [](const scored_label& a, const scored_label& b) {
                          return a.score != b.score ? a.score > b.score : a.label < b.label;
                      });
            answers_[t] = {task.name, std::span(labels_).subspan(begin)};
        }
        return std::span<const task_answer>(answers_);
    }
};

} // namespace CONSTFORMER_ISA

} // namespace constformer
