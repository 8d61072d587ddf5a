// Small shapes for tests: head widths 8, 12, 16, 20, 32 and 64, widths that no SIMD width divides. tests/golden/ holds
// a checkpoint of each and what PyTorch answers.
#pragma once

#include "constformer/models/bert_heads.hpp"
#include "constformer/models/gpt.hpp"
#include "constformer/models/t5.hpp"

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

inline constexpr gpt_config gpt2_w48_h4{.layers = 2, .width = 48, .heads = 4, .vocabulary = 61, .positions = 40};
inline constexpr gpt_config gpt2_w64_h2{
    .layers = 1, .width = 64, .heads = 2, .feed_forward = 100, .vocabulary = 53, .positions = 40, .epsilon = 1e-6f};

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

} // namespace constformer::tiny
