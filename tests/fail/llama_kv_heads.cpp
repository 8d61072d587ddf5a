// must say: llama: .heads must be a multiple of .kv_heads
#include "constformer/models/llama.hpp"

inline constexpr constformer::llama_config odd{.layers = 1, .width = 32, .heads = 4, .kv_heads = 3, .feed_forward = 64};
constformer::llama<odd> model;
