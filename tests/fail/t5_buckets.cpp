// must say: relative_bias: .buckets must be a positive multiple of 4
#include "constformer/models/t5.hpp"

inline constexpr constformer::t5_config uneven{.layers = 1, .width = 32, .heads = 2, .feed_forward = 64, .buckets = 30};
constformer::t5<uneven> model;
