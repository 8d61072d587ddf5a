// must say: t5: .layers, .width, .heads, .head_width, .feed_forward and .vocabulary must be positive
#include "constformer/models/t5.hpp"

inline constexpr constformer::t5_config flat{.layers = 0, .width = 32, .heads = 2, .feed_forward = 64};
constformer::t5<flat> model;
