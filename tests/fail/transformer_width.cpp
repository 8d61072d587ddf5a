// must say: transformer: .width must be a multiple of .heads and of .decoder_heads
#include "constformer/models/transformer.hpp"

inline constexpr constformer::transformer_config uneven{
    .layers = 1, .width = 32, .heads = 2, .feed_forward = 64, .vocabulary = 9, .decoder_heads = 3};
constformer::transformer<uneven> model;
