// smollm2: LlamaForCausalLM, 134,515,008 parameters.
// Written by tools/constformer from the checkpoint SmolLM2-135M-Instruct.Q4_1.gguf, for bench/compile.
#pragma once

#include "constformer/models/llama.hpp"
#ifndef CONSTFORMER_FOR // the kernels need no more
#include "constformer/tasks/chat.hpp"
#include "constformer/text/bpe.hpp"
#endif

#include <array>
#include <string_view>

namespace checkpoints::smollm2 {

inline constexpr std::string_view name = "smollm2";

inline constexpr constformer::llama_config smollm2{.layers = 30,
                                                   .width = 576,
                                                   .heads = 9,
                                                   .kv_heads = 3,
                                                   .feed_forward = 1536,
                                                   .vocabulary = 49152,
                                                   .positions = 8192,
                                                   .epsilon = 1e-05f,
                                                   .rotary = {.width = 64, .base = 100000.0f},
                                                   .tied = true};
using model = constformer::llama<smollm2, constformer::q4>;
static_assert(constformer::parameters<model>() == 134'515'008);

#ifndef CONSTFORMER_FOR
using tokenizer_type = constformer::bpe;
inline constexpr constformer::subword_config tokenizer{
    .apart = &constformer::splits::each_digit, .split = &constformer::splits::gpt2, .bytes = true};
inline constexpr int most_tokens = 8192;     // of a text
inline constexpr std::array<int, 1> ends{2}; // tokens that end a text
inline constexpr constformer::chat_format chat{
    .system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"};
inline constexpr std::string_view why_no_chat = "";
#endif

} // namespace checkpoints::smollm2
