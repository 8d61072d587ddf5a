// must say: llama: .layers, .width, .heads, .head_width and .feed_forward must be positive
#include "constformer/models/llama.hpp"

inline constexpr constformer::llama_config flat{.layers = 0, .width = 32, .heads = 4, .feed_forward = 64};
constformer::llama<flat> model;
