// pipeline_base: what a pipeline is told, and which model suits which task. Part of pipeline.hpp.
#pragma once

#include "constformer/models/dispatch.hpp"
#include "constformer/models/dispatch_causal.hpp"
#include "constformer/models/dispatch_seq2seq.hpp"
#include "constformer/tasks/answer.hpp"
#include "constformer/tasks/chat.hpp"
#include "constformer/tasks/embed.hpp"
#include "constformer/tasks/fill_mask.hpp"
#include "constformer/tasks/generate.hpp"
#include "constformer/tasks/rerank.hpp"
#include "constformer/tasks/tag.hpp"
#include "constformer/tasks/task.hpp"
#include "constformer/tasks/translate.hpp"
#include "constformer/tasks/zero_shot.hpp"

namespace constformer {

// What a pipeline is told beside its model and tokenizer: what tools/constformer writes into a checkpoint's header, and
// wishes. A task reads what concerns it; spans and views must outlive the pipeline.
struct pipeline_options {
    int most_tokens = 512; // of a text or pair, special ones included; of a decoder, of prompt and answer together
    bool truncate = false; // cut what has more, instead of refusing it; not of generate, chat and answer
    std::span<const std::string_view> labels{}; // of the head, in its order: classify, zero_shot, tag
    std::optional<scoring> scores{};            // classify (softmax if nothing is said), rerank (sigmoid)
    pooling pool = pooling::mean;               // embed, search
    answer_options answers{};                   // answer
    bool several = false;                       // zero_shot: labels do not exclude each other
    std::string_view hypothesis = zero_shot_options{}.hypothesis; // zero_shot
    std::span<const int> ends{};                                  // generate, chat: tokens that end a text
    generate_options writes{};                                    // generate, chat
    chat_format chat{};                                           // chat
    writing rules{.start = 0};                                    // translate, summarize
    int most_new = 128;                                           // translate, summarize: tokens of what is written
    int beams = 1, best = 1;                                      // translate, summarize
    std::string_view prefix{};                                    // translate, summarize: stands before every text
};

inline namespace CONSTFORMER_ISA {

// A model under what dispatch() made of it.
template <class Model> struct undispatched {
    using type = Model;
};
template <class Model> struct undispatched<dispatched<Model>> {
    using type = Model;
};
template <class Model, head_kind Kind>
concept offers = requires { undispatched<Model>::type::kind; } && undispatched<Model>::type::kind == Kind;

// Whether a model has what a task needs.
template <task T, class Model> consteval bool suits() {
    using enum head_kind;
    if constexpr (T == task::embed || T == task::search) return offers<Model, encoder>;
    if constexpr (T == task::fill_mask) return offers<Model, masked_lm>;
    if constexpr (T == task::classify || T == task::zero_shot) return offers<Model, sequence_classifier>;
    if constexpr (T == task::rerank)
        if constexpr (offers<Model, sequence_classifier>) return Model::outputs == 1;
    if constexpr (T == task::tag) return offers<Model, token_classifier>;
    if constexpr (T == task::answer) return offers<Model, question_answerer>;
    if constexpr (T == task::generate || T == task::chat) return causal<Model>;
    if constexpr (T == task::translate || T == task::summarize) return reads_and_writes<Model>;
    return false;
}

// Stands in for a task's class where the model does not suit it: the one sentence shall be all that is said.
struct unsuited {
    explicit unsuited(const auto&...) {}
};
template <task T, class Model, class Task> using if_suited = std::conditional_t<suits<T, Model>(), Task, unsuited>;

// Model: a model, or what dispatch() made of it; it and the tokenizer must outlive the pipeline. The memory of all
// forwards is placed once, here.
template <task T, class Model, tokenizer Words = wordpiece, class Threads = sequential> class pipeline;

// The same, the types taken from what is given.
//     const auto fill = make_pipeline<task::fill_mask>(*net, *words);
template <task T, class Model, tokenizer Words, class Threads = sequential>
[[nodiscard]] pipeline<T, Model, Words, Threads>
make_pipeline(const Model& model, const Words& words, const pipeline_options& options = {}, Threads threads = {}) {
    return {model, words, options, threads};
}

} // namespace CONSTFORMER_ISA

} // namespace constformer
