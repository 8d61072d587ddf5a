// answers: what a model's forward gives, told apart by its type, so that the module is written once.
#pragma once

#include "constformer/models/bert_heads.hpp"

namespace constformer {

enum class task { encode, fill_mask, classify, tag, answer };

template <class Model> struct task_of;
template <task Value> struct is_task {
    static constexpr task value = Value;
    static constexpr bool pooled = false; // has a pooler_output
};
template <const bert_config& c, element E, bool Pooled> struct task_of<bert<c, E, Pooled>> {
    static constexpr auto value = task::encode;
    static constexpr bool pooled = Pooled;
};
template <const bert_config& c, element E> struct task_of<bert_masked_lm<c, E>> : is_task<task::fill_mask> {};
template <const bert_config& c, element E> struct task_of<bert_sequence_classifier<c, E>> : is_task<task::classify> {};
template <const bert_config& c, element E> struct task_of<bert_token_classifier<c, E>> : is_task<task::tag> {};
template <const bert_config& c, element E> struct task_of<bert_question_answerer<c, E>> : is_task<task::answer> {};

// Numbers that one sentence's outputs hold beside its last hidden state.
template <class Model> constexpr std::size_t outputs_of(int tokens) {
    if constexpr (task_of<Model>::value == task::encode)
        return Model::width;
    else if constexpr (task_of<Model>::value == task::classify)
        return Model::outputs;
    else
        return std::size_t(tokens) * Model::outputs;
}

// One forward over a packed batch; the last hidden state of an encoder goes to `states`, a head's answers to `outputs`.
template <class Model>
status forward_into(const Model& weights, const bert_inputs& in, float* states, float* outputs, workspace auto m) {
    const int tokens = int(in.ids.size());
    if constexpr (task_of<Model>::value == task::encode)
        return weights.forward(in, rows<Model::width>{states, tokens}, m);
    else if constexpr (task_of<Model>::value == task::classify)
        return weights.forward(in, rows<Model::outputs>{outputs, in.sentences()}, m);
    else
        return weights.forward(in, rows<Model::outputs>{outputs, tokens}, m);
}

// An encoder's pooler_output of one sentence; of any other model nothing.
template <class Model>
void pool_into(const Model& weights, float* states, int tokens, float* outputs, workspace auto m) {
    if constexpr (task_of<Model>::pooled)
        weights.pool(rows<Model::width>{states, tokens}, {}, rows<Model::width>{outputs, 1}, m);
}

} // namespace constformer
