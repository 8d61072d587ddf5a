// must say: bert: .vocabulary, .positions and .segments must be positive
#include "constformer/models/bert.hpp"

inline constexpr constformer::bert_config mute{
    .layers = 1, .width = 32, .heads = 2, .feed_forward = 64, .vocabulary = 0};
constformer::bert<mute> model;
