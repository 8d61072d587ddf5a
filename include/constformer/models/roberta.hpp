// RoBERTa (Liu et al. 2019) and XLM-RoBERTa (Conneau et al. 2020): BERT whose positions skip padding and follow its
// number, with one segment and other names. Its classification head is BERT's pooler and classifier.
// Transformers: RobertaModel, XLMRobertaModel and their heads.
//     inline constexpr bert_config distilroberta{.layers = 6, …, .segments = 1, .epsilon = 1e-5f,
//                                                .family = &roberta_family, .predict = activation::gelu, .padding = 1};
#pragma once

#include "constformer/models/bert_heads.hpp"

namespace constformer {

// Transformers' names.
inline constexpr name roberta_encoder_names[] = {{"", "", {}, bert_names}, {"", "roberta", {}, bert_names}};
inline constexpr name roberta_masked_lm_names[] = {{"body", "roberta", {}, bert_names},
                                                   {"transform_norm", "lm_head.layer_norm"},
                                                   {"transform", "lm_head.dense"},
                                                   {"decoder", "lm_head.decoder"},
                                                   {"bias", "lm_head.bias"},
                                                   {"bias", "lm_head.decoder.bias"}};
inline constexpr name roberta_sequence_names[] = {
    {"body.pooler", "classifier.dense"}, {"body", "roberta", {}, bert_names}, {"classifier", "classifier.out_proj"}};
inline constexpr name roberta_token_names[] = {{"body", "roberta", {}, bert_names}, {"classifier", "classifier"}};
inline constexpr name roberta_answer_names[] = {{"body", "roberta", {}, bert_names}, {"answer", "qa_outputs"}};
inline constexpr std::string_view roberta_unused[] = {"embeddings.position_ids",
                                                      "roberta.embeddings.position_ids",
                                                      "pooler.dense.weight",
                                                      "pooler.dense.bias",
                                                      "roberta.pooler.dense.weight",
                                                      "roberta.pooler.dense.bias",
                                                      "lm_head.bias",
                                                      "lm_head.decoder.weight",
                                                      "lm_head.decoder.bias",
                                                      "lm_head.dense.weight",
                                                      "lm_head.dense.bias",
                                                      "lm_head.layer_norm.weight",
                                                      "lm_head.layer_norm.bias"};
inline constexpr bert_family roberta_family{
    "roberta",           roberta_encoder_names, roberta_masked_lm_names, roberta_sequence_names,
    roberta_token_names, roberta_answer_names,  roberta_unused};

} // namespace constformer
