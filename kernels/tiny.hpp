// Small shapes for tests: head widths 8, 12, 16, 20, 32 and 64, widths that no SIMD width divides. tests/golden/ holds
// a checkpoint of each and what PyTorch answers.
#pragma once

#include "constformer/models/albert.hpp"
#include "constformer/models/bart.hpp"
#include "constformer/models/bert_heads.hpp"
#include "constformer/models/causal_heads.hpp"
#include "constformer/models/distilbert.hpp"
#include "constformer/models/gpt.hpp"
#include "constformer/models/gpt_neox.hpp"
#include "constformer/models/llama.hpp"
#include "constformer/models/mpnet.hpp"
#include "constformer/models/multi_task.hpp"
#include "constformer/models/roberta.hpp"
#include "constformer/models/t5.hpp"
#include "constformer/models/xlnet_heads.hpp"

namespace constformer::tiny {

inline constexpr bert_config bert_w16_h2{
    .layers = 2, .width = 16, .heads = 2, .feed_forward = 40, .vocabulary = 97, .positions = 70};
inline constexpr bert_config bert_w36_h3{
    .layers = 2, .width = 36, .heads = 3, .feed_forward = 52, .vocabulary = 97, .positions = 70};
inline constexpr bert_config bert_w64_h2{.layers = 1,
                                         .width = 64,
                                         .heads = 2,
                                         .feed_forward = 52,
                                         .vocabulary = 71,
                                         .positions = 16,
                                         .act = activation::gelu_tanh};
inline constexpr bert_config bert_w128_h2{.layers = 1,
                                          .width = 128,
                                          .heads = 2,
                                          .feed_forward = 12,
                                          .vocabulary = 67,
                                          .positions = 16,
                                          .epsilon = 1e-5f,
                                          .act = activation::relu,
                                          .pooled = false};
inline constexpr bert_config bert_no_pooler{
    .layers = 1, .width = 20, .heads = 1, .feed_forward = 28, .vocabulary = 67, .positions = 16, .pooled = false};
inline constexpr bert_config bert_masked_lm{
    .layers = 1, .width = 40, .heads = 5, .feed_forward = 72, .vocabulary = 101, .positions = 16};
inline constexpr bert_config bert_masked_lm_untied{
    .layers = 1, .width = 24, .heads = 3, .feed_forward = 36, .vocabulary = 101, .positions = 16, .tied = false};
inline constexpr bert_config bert_pretraining{
    .layers = 1, .width = 24, .heads = 2, .feed_forward = 44, .vocabulary = 79, .positions = 16};
inline constexpr bert_config bert_sequence{
    .layers = 1, .width = 24, .heads = 2, .feed_forward = 52, .vocabulary = 89, .positions = 70, .labels = 3};
inline constexpr bert_config bert_token{
    .layers = 1, .width = 24, .heads = 3, .feed_forward = 52, .vocabulary = 109, .positions = 70, .labels = 5};
inline constexpr bert_config bert_answer{
    .layers = 1, .width = 24, .heads = 2, .feed_forward = 52, .vocabulary = 89, .positions = 70};

// BERT's relatives.
inline constexpr bert_config roberta_w20_h1{.layers = 2,
                                            .width = 20,
                                            .heads = 1,
                                            .feed_forward = 28,
                                            .vocabulary = 281,
                                            .positions = 32,
                                            .segments = 1,
                                            .epsilon = 1e-5f,
                                            .family = &roberta_family,
                                            .predict = activation::gelu,
                                            .padding = 1};
inline constexpr bert_config roberta_masked_lm{.layers = 1,
                                               .width = 20,
                                               .heads = 2,
                                               .feed_forward = 36,
                                               .vocabulary = 289,
                                               .positions = 32,
                                               .segments = 1,
                                               .epsilon = 1e-5f,
                                               .act = activation::relu,
                                               .family = &roberta_family,
                                               .predict = activation::gelu,
                                               .padding = 1};
inline constexpr bert_config roberta_sequence{.layers = 1,
                                              .width = 12,
                                              .heads = 2,
                                              .feed_forward = 28,
                                              .vocabulary = 290,
                                              .positions = 32,
                                              .segments = 1,
                                              .epsilon = 1e-5f,
                                              .labels = 3,
                                              .family = &roberta_family,
                                              .predict = activation::gelu,
                                              .padding = 1};
inline constexpr bert_config roberta_token{.layers = 1,
                                           .width = 12,
                                           .heads = 1,
                                           .feed_forward = 20,
                                           .vocabulary = 287,
                                           .positions = 32,
                                           .segments = 1,
                                           .epsilon = 1e-5f,
                                           .labels = 5,
                                           .family = &roberta_family,
                                           .predict = activation::gelu,
                                           .padding = 1};
inline constexpr bert_config roberta_answer{.layers = 1,
                                            .width = 12,
                                            .heads = 3,
                                            .feed_forward = 20,
                                            .vocabulary = 293,
                                            .positions = 32,
                                            .segments = 1,
                                            .epsilon = 1e-5f,
                                            .family = &roberta_family,
                                            .predict = activation::gelu,
                                            .padding = 1};
inline constexpr bert_config xlm_roberta_rerank{.layers = 1,
                                                .width = 36,
                                                .heads = 3,
                                                .feed_forward = 44,
                                                .vocabulary = 83,
                                                .positions = 32,
                                                .segments = 1,
                                                .epsilon = 1e-5f,
                                                .labels = 1,
                                                .family = &roberta_family,
                                                .predict = activation::gelu,
                                                .padding = 1};
inline constexpr bert_config xlm_roberta_masked_lm{.layers = 1,
                                                   .width = 28,
                                                   .heads = 1,
                                                   .feed_forward = 36,
                                                   .vocabulary = 91,
                                                   .positions = 32,
                                                   .segments = 1,
                                                   .epsilon = 1e-5f,
                                                   .family = &roberta_family,
                                                   .predict = activation::gelu,
                                                   .padding = 1};
inline constexpr bert_config distilbert_w36_h3{.layers = 2,
                                               .width = 36,
                                               .heads = 3,
                                               .feed_forward = 52,
                                               .vocabulary = 97,
                                               .positions = 32,
                                               .segments = 0,
                                               .pooled = false,
                                               .family = &distilbert_family,
                                               .pool = activation::relu};
inline constexpr bert_config distilbert_masked_lm{.layers = 1,
                                                  .width = 20,
                                                  .heads = 1,
                                                  .feed_forward = 28,
                                                  .vocabulary = 101,
                                                  .positions = 32,
                                                  .segments = 0,
                                                  .pooled = false,
                                                  .family = &distilbert_family,
                                                  .pool = activation::relu};
inline constexpr bert_config distilbert_sequence{.layers = 1,
                                                 .width = 24,
                                                 .heads = 2,
                                                 .feed_forward = 36,
                                                 .vocabulary = 89,
                                                 .positions = 32,
                                                 .segments = 0,
                                                 .pooled = false,
                                                 .labels = 3,
                                                 .family = &distilbert_family,
                                                 .pool = activation::relu};
inline constexpr bert_config distilbert_token{.layers = 1,
                                              .width = 20,
                                              .heads = 1,
                                              .feed_forward = 28,
                                              .vocabulary = 89,
                                              .positions = 32,
                                              .segments = 0,
                                              .pooled = false,
                                              .labels = 5,
                                              .family = &distilbert_family,
                                              .pool = activation::relu};
inline constexpr bert_config distilbert_answer{.layers = 1,
                                               .width = 20,
                                               .heads = 1,
                                               .feed_forward = 28,
                                               .vocabulary = 89,
                                               .positions = 32,
                                               .segments = 0,
                                               .pooled = false,
                                               .family = &distilbert_family,
                                               .pool = activation::relu};
inline constexpr bert_config mpnet_w36_h3{.layers = 2,
                                          .width = 36,
                                          .heads = 3,
                                          .feed_forward = 52,
                                          .vocabulary = 97,
                                          .positions = 70,
                                          .segments = 0,
                                          .epsilon = 1e-5f,
                                          .family = &mpnet_family,
                                          .predict = activation::gelu,
                                          .padding = 1,
                                          .buckets = 32};
inline constexpr bert_config mpnet_masked_lm{.layers = 2,
                                             .width = 20,
                                             .heads = 2,
                                             .feed_forward = 28,
                                             .vocabulary = 89,
                                             .positions = 32,
                                             .segments = 0,
                                             .epsilon = 1e-5f,
                                             .family = &mpnet_family,
                                             .predict = activation::gelu,
                                             .padding = 1,
                                             .buckets = 32};
inline constexpr bert_config mpnet_sequence{.layers = 1,
                                            .width = 20,
                                            .heads = 1,
                                            .feed_forward = 28,
                                            .vocabulary = 83,
                                            .positions = 32,
                                            .segments = 0,
                                            .epsilon = 1e-5f,
                                            .labels = 3,
                                            .family = &mpnet_family,
                                            .predict = activation::gelu,
                                            .padding = 1,
                                            .buckets = 32};
inline constexpr bert_config albert_w36_h3{.layers = 3,
                                           .width = 36,
                                           .heads = 3,
                                           .feed_forward = 52,
                                           .vocabulary = 97,
                                           .positions = 32,
                                           .act = activation::gelu_tanh,
                                           .family = &albert_family,
                                           .embedding = 20,
                                           .groups = 1};
inline constexpr bert_config albert_groups{.layers = 5,
                                           .width = 24,
                                           .heads = 2,
                                           .feed_forward = 28,
                                           .vocabulary = 67,
                                           .positions = 32,
                                           .act = activation::gelu_tanh,
                                           .pooled = false,
                                           .family = &albert_family,
                                           .embedding = 12,
                                           .groups = 2};
inline constexpr bert_config albert_masked_lm{.layers = 2,
                                              .width = 24,
                                              .heads = 2,
                                              .feed_forward = 36,
                                              .vocabulary = 101,
                                              .positions = 32,
                                              .act = activation::gelu_tanh,
                                              .family = &albert_family,
                                              .embedding = 12,
                                              .groups = 1};
inline constexpr bert_config albert_sequence{.layers = 2,
                                             .width = 24,
                                             .heads = 2,
                                             .feed_forward = 36,
                                             .vocabulary = 89,
                                             .positions = 32,
                                             .act = activation::gelu_tanh,
                                             .labels = 3,
                                             .family = &albert_family,
                                             .embedding = 12,
                                             .groups = 1};
inline constexpr bert_config albert_answer{.layers = 2,
                                           .width = 20,
                                           .heads = 1,
                                           .feed_forward = 36,
                                           .vocabulary = 89,
                                           .positions = 32,
                                           .act = activation::gelu_tanh,
                                           .family = &albert_family,
                                           .embedding = 12,
                                           .groups = 1};

inline constexpr gpt_config gpt2_w48_h4{.layers = 2, .width = 48, .heads = 4, .vocabulary = 61, .positions = 40};
inline constexpr gpt_config gpt2_w64_h2{
    .layers = 1, .width = 64, .heads = 2, .feed_forward = 100, .vocabulary = 53, .positions = 40, .epsilon = 1e-6f};

// Decoders.
inline constexpr gpt_config gpt_w36_h3{
    .layers = 2, .width = 36, .heads = 3, .vocabulary = 61, .positions = 40, .post_norm = true};
inline constexpr gpt_neox_config gpt_neox_w48_h2{
    .layers = 2, .width = 48, .heads = 2, .feed_forward = 76, .vocabulary = 67, .positions = 40};
inline constexpr gpt_neox_config gpt_neox_in_turn{.layers = 2,
                                                  .width = 40,
                                                  .heads = 4,
                                                  .feed_forward = 52,
                                                  .vocabulary = 59,
                                                  .positions = 40,
                                                  .act = activation::gelu_tanh,
                                                  .rotary = {.width = 10},
                                                  .parallel = false,
                                                  .tied = true,
                                                  .bias = false};
inline constexpr llama_config llama_w42_h6{
    .layers = 2,
    .width = 42,
    .heads = 6,
    .kv_heads = 2,
    .head_width = 12,
    .feed_forward = 76,
    .vocabulary = 71,
    .positions = 70,
    .rotary = {.width = 12, .base = 100, .factor = 4, .low = 1, .high = 4, .original = 24}};
inline constexpr llama_config llama_one_key{.layers = 2,
                                            .width = 36,
                                            .heads = 3,
                                            .kv_heads = 1,
                                            .feed_forward = 52,
                                            .vocabulary = 53,
                                            .positions = 40,
                                            .epsilon = 1e-5f,
                                            .rotary = {.width = 12, .base = 500, .factor = 2.5f},
                                            .tied = true,
                                            .bias = true,
                                            .feed_bias = true};
inline constexpr llama_config mistral_w48_h4{.layers = 2,
                                             .width = 48,
                                             .heads = 4,
                                             .kv_heads = 2,
                                             .feed_forward = 60,
                                             .vocabulary = 59,
                                             .positions = 40,
                                             .window = 5};
inline constexpr llama_config qwen2_w36_h3{.layers = 3,
                                           .width = 36,
                                           .heads = 3,
                                           .feed_forward = 52,
                                           .vocabulary = 61,
                                           .positions = 40,
                                           .tied = true,
                                           .bias = true,
                                           .output_bias = false,
                                           .window = 7,
                                           .full_layers = 1,
                                           .interleaved = false};

inline constexpr t5_config t5_relu{.layers = 2,
                                   .width = 32,
                                   .heads = 4,
                                   .head_width = 8,
                                   .feed_forward = 48,
                                   .vocabulary = 59,
                                   .buckets = 8,
                                   .farthest = 16};
inline constexpr t5_config t5_gated_gelu{.layers = 2,
                                         .width = 36,
                                         .heads = 2,
                                         .head_width = 12,
                                         .feed_forward = 52,
                                         .vocabulary = 61,
                                         .decoder_layers = 1,
                                         .gated = true,
                                         .tied = false};

inline constexpr transformer_config marian_w27_h3{.layers = 2,
                                                  .width = 27,
                                                  .heads = 3,
                                                  .feed_forward = 52,
                                                  .vocabulary = 59,
                                                  .positions = 48,
                                                  .decoder_layers = 1,
                                                  .decoder_feed_forward = 44,
                                                  .act = activation::silu};
inline constexpr transformer_config marian_w32_h2{.layers = 1,
                                                  .width = 32,
                                                  .heads = 2,
                                                  .feed_forward = 40,
                                                  .vocabulary = 59,
                                                  .positions = 48,
                                                  .decoder_layers = 2,
                                                  .decoder_heads = 4,
                                                  .scaled = false};
inline constexpr transformer_config bart_w36_h3{.layers = 2,
                                                .width = 36,
                                                .heads = 3,
                                                .feed_forward = 52,
                                                .vocabulary = 61,
                                                .positions = 48,
                                                .decoder_heads = 2,
                                                .decoder_feed_forward = 60,
                                                .act = activation::gelu,
                                                .scaled = false,
                                                .family = &bart_family,
                                                .learned = 2,
                                                .normalized = true};

inline constexpr xlnet_config xlnet_w36_h3{.layers = 2, .width = 36, .heads = 3, .feed_forward = 52, .vocabulary = 61};
inline constexpr xlnet_config xlnet_of_words{
    .layers = 2, .width = 32, .heads = 2, .feed_forward = 44, .vocabulary = 59, .act = activation::relu};
inline constexpr xlnet_config xlnet_sequence{
    .layers = 1, .width = 24, .heads = 3, .feed_forward = 36, .vocabulary = 67, .labels = 3};

inline constexpr xlnet_config xlnet_token{
    .layers = 1, .width = 20, .heads = 2, .feed_forward = 28, .vocabulary = 61, .labels = 4};
inline constexpr xlnet_config xlnet_answer{.layers = 2, .width = 24, .heads = 2, .feed_forward = 36, .vocabulary = 67};

inline constexpr gpt_config gpt2_sequence{
    .layers = 2, .width = 24, .heads = 2, .feed_forward = 52, .vocabulary = 67, .positions = 40};
inline constexpr llama_config llama_sequence{.layers = 2,
                                             .width = 36,
                                             .heads = 6,
                                             .kv_heads = 2,
                                             .feed_forward = 52,
                                             .vocabulary = 67,
                                             .positions = 40,
                                             .tied = true};

inline constexpr bert_config of_tasks{
    .layers = 1, .width = 20, .heads = 2, .feed_forward = 28, .vocabulary = 89, .positions = 32};
template <element E> struct three_tasks {
    linear<20, 2, true, E> cola;
    linear<20, 1, true, E> stsb;
    linear<20, 3, true, E> mnli;
};
template <element E> struct tasks_by_steps {
    linear<20, 2, true, E> cola;
    answer_network<20, 3, 3, E> mnli;
};

} // namespace constformer::tiny
