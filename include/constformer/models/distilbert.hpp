// DistilBERT (Sanh et al. 2019): BERT with no segments and no pooler; its classifier has a layer with ReLU before it.
// Transformers: DistilBertModel and its heads.
//     inline constexpr bert_config sst2{.layers = 6, …, .segments = 0, .pooled = false, .family = &distilbert_family,
//                                       .pool = activation::relu};
#pragma once

#include "constformer/models/bert_heads.hpp"

namespace constformer {

// Transformers' names.
inline constexpr name distilbert_layer_names[] = {
    {"self.query", "attention.q_lin"}, {"self.key", "attention.k_lin"},
    {"self.value", "attention.v_lin"}, {"self.output", "attention.out_lin"},
    {"self_norm", "sa_layer_norm"},    {"ffn.up", "ffn.lin1"},
    {"ffn.down", "ffn.lin2"},          {"ffn_norm", "output_layer_norm"}};
inline constexpr name distilbert_names[] = {{"embeddings", "embeddings", {}, bert_embedding_names},
                                            {"layers.*", "transformer.layer.*", {}, distilbert_layer_names}};
inline constexpr name distilbert_encoder_names[] = {{"", "", {}, distilbert_names},
                                                    {"", "distilbert", {}, distilbert_names}};
inline constexpr name distilbert_masked_lm_names[] = {{"body", "distilbert", {}, distilbert_names},
                                                      {"transform_norm", "vocab_layer_norm"},
                                                      {"transform", "vocab_transform"},
                                                      {"decoder", "vocab_projector"},
                                                      {"bias", "vocab_projector.bias"}};
inline constexpr name distilbert_sequence_names[] = {
    {"body.pooler", "pre_classifier"}, {"body", "distilbert", {}, distilbert_names}, {"classifier", "classifier"}};
inline constexpr name distilbert_token_names[] = {{"body", "distilbert", {}, distilbert_names},
                                                  {"classifier", "classifier"}};
inline constexpr name distilbert_answer_names[] = {{"body", "distilbert", {}, distilbert_names},
                                                   {"answer", "qa_outputs"}};
inline constexpr std::string_view distilbert_unused[] = {
    "embeddings.position_ids", "distilbert.embeddings.position_ids",
    "vocab_transform.weight",  "vocab_transform.bias",
    "vocab_layer_norm.weight", "vocab_layer_norm.bias",
    "vocab_projector.weight",  "vocab_projector.bias"};
inline constexpr bert_family distilbert_family{
    "distilbert",           distilbert_encoder_names, distilbert_masked_lm_names, distilbert_sequence_names,
    distilbert_token_names, distilbert_answer_names,  distilbert_unused};

} // namespace constformer
