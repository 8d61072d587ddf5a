// must say: llama: .window must not be negative
#include "constformer/models/llama.hpp"

inline constexpr constformer::llama_config blind{
    .layers = 1, .width = 32, .heads = 4, .feed_forward = 64, .window = -1};
constformer::llama<blind> model;
