// MPNet (Song et al. 2020): BERT with no segments, RoBERTa's positions, and beside them one table of distances that all
// layers share (T5's buckets). Transformers: MPNetModel and its heads.
//     inline constexpr bert_config all_mpnet{.layers = 12, …, .segments = 0, .epsilon = 1e-5f,
//                                            .family = &mpnet_family, .predict = activation::gelu, .padding = 1,
//                                            .buckets = 32};
#pragma once

#include "constformer/models/bert_heads.hpp"

namespace constformer {

// Transformers' names.
inline constexpr name mpnet_layer_names[] = {{"self.query", "attention.attn.q"},   {"self.key", "attention.attn.k"},
                                             {"self.value", "attention.attn.v"},   {"self.output", "attention.attn.o"},
                                             {"self_norm", "attention.LayerNorm"}, {"ffn.up", "intermediate.dense"},
                                             {"ffn.down", "output.dense"},         {"ffn_norm", "output.LayerNorm"}};
inline constexpr name mpnet_names[] = {{"embeddings", "embeddings", {}, bert_embedding_names},
                                       {"distances", "encoder.relative_attention_bias"},
                                       {"layers.*", "encoder.layer.*", {}, mpnet_layer_names},
                                       {"pooler", "pooler.dense"}};
inline constexpr name mpnet_encoder_names[] = {{"", "", {}, mpnet_names}, {"", "mpnet", {}, mpnet_names}};
inline constexpr name mpnet_masked_lm_names[] = {
    {"body", "mpnet", {}, mpnet_names}, {"transform_norm", "lm_head.layer_norm"},
    {"transform", "lm_head.dense"},     {"decoder", "lm_head.decoder"},
    {"bias", "lm_head.bias"},           {"bias", "lm_head.decoder.bias"}};
inline constexpr name mpnet_sequence_names[] = {
    {"body.pooler", "classifier.dense"}, {"body", "mpnet", {}, mpnet_names}, {"classifier", "classifier.out_proj"}};
inline constexpr name mpnet_token_names[] = {{"body", "mpnet", {}, mpnet_names}, {"classifier", "classifier"}};
inline constexpr name mpnet_answer_names[] = {{"body", "mpnet", {}, mpnet_names}, {"answer", "qa_outputs"}};
inline constexpr std::string_view mpnet_unused[] = {
    "embeddings.position_ids",   "mpnet.embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias",
    "mpnet.pooler.dense.weight", "mpnet.pooler.dense.bias",       "lm_head.bias",        "lm_head.decoder.weight",
    "lm_head.decoder.bias",      "lm_head.dense.weight",          "lm_head.dense.bias",  "lm_head.layer_norm.weight",
    "lm_head.layer_norm.bias"};
inline constexpr bert_family mpnet_family{
    "mpnet",           mpnet_encoder_names, mpnet_masked_lm_names, mpnet_sequence_names,
    mpnet_token_names, mpnet_answer_names,  mpnet_unused};

} // namespace constformer
