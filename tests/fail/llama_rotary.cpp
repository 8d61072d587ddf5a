// must say: llama: .rotary.width must not exceed .head_width
#include "constformer/models/llama.hpp"

inline constexpr constformer::llama_config wide{
    .layers = 1, .width = 32, .heads = 4, .feed_forward = 64, .rotary = {.width = 16}};
constformer::llama<wide> model;
