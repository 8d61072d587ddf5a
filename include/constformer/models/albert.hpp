// ALBERT (Lan et al. 2020): BERT whose tables are narrower than its layers, a linear map between them, and whose layers
// share their weights, which are there once. Transformers: AlbertModel and its heads.
//     inline constexpr bert_config albert_base{.layers = 12, .width = 768, …, .family = &albert_family,
//                                              .embedding = 128, .groups = 1};
#pragma once

#include "constformer/models/bert_heads.hpp"

namespace constformer {

// Transformers' names.
inline constexpr name albert_layer_names[] = {
    {"self.output", "attention.dense"},   {"self", "attention"},
    {"self_norm", "attention.LayerNorm"}, {"ffn.up", "ffn"},
    {"ffn.down", "ffn_output"},           {"ffn_norm", "full_layer_layer_norm"}};
inline constexpr name albert_names[] = {
    {"embeddings", "embeddings", {}, bert_embedding_names},
    {"projection", "encoder.embedding_hidden_mapping_in"},
    {"layers.*", "encoder.albert_layer_groups.*.albert_layers.0", {}, albert_layer_names},
    {"pooler", "pooler"}};
inline constexpr name albert_encoder_names[] = {{"", "", {}, albert_names}, {"", "albert", {}, albert_names}};
inline constexpr name albert_masked_lm_names[] = {
    {"body", "albert", {}, albert_names}, {"transform_norm", "predictions.LayerNorm"},
    {"transform", "predictions.dense"},   {"decoder", "predictions.decoder"},
    {"bias", "predictions.bias"},         {"bias", "predictions.decoder.bias"}};
inline constexpr name albert_classifier_names[] = {{"body", "albert", {}, albert_names}, {"classifier", "classifier"}};
inline constexpr name albert_answer_names[] = {{"body", "albert", {}, albert_names}, {"answer", "qa_outputs"}};
inline constexpr std::string_view albert_unused[] = {"embeddings.position_ids",
                                                     "albert.embeddings.position_ids",
                                                     "pooler.weight",
                                                     "pooler.bias",
                                                     "albert.pooler.weight",
                                                     "albert.pooler.bias",
                                                     "predictions.bias",
                                                     "predictions.dense.weight",
                                                     "predictions.dense.bias",
                                                     "predictions.LayerNorm.weight",
                                                     "predictions.LayerNorm.bias",
                                                     "predictions.decoder.weight",
                                                     "predictions.decoder.bias",
                                                     "sop_classifier.classifier.weight",
                                                     "sop_classifier.classifier.bias"};
inline constexpr bert_family albert_family{"albert",
                                           albert_encoder_names,
                                           albert_masked_lm_names,
                                           albert_classifier_names,
                                           albert_classifier_names,
                                           albert_answer_names,
                                           albert_unused};

} // namespace constformer
