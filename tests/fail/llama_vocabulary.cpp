// must say: llama: .vocabulary and .positions must be positive
#include "constformer/models/llama.hpp"

inline constexpr constformer::llama_config mute{
    .layers = 1, .width = 32, .heads = 4, .feed_forward = 64, .vocabulary = 0};
constformer::llama<mute> model;
