// must say: bert: .vocabulary and .positions must be positive, .segments at least 0
#include "constformer/models/bert.hpp"

inline constexpr constformer::bert_config mute{
    .layers = 1, .width = 32, .heads = 2, .feed_forward = 64, .vocabulary = 0};
constformer::bert<mute> model;
