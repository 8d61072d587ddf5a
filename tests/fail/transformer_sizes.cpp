// must say: transformer: .layers, .width, .heads, .feed_forward, .vocabulary and .positions must be positive
#include "constformer/models/transformer.hpp"

inline constexpr constformer::transformer_config flat{
    .layers = 0, .width = 32, .heads = 2, .feed_forward = 64, .vocabulary = 9};
constformer::transformer<flat> model;
