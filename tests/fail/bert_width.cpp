// must say: bert: .width must be a multiple of .heads
#include "constformer/models/bert.hpp"

inline constexpr constformer::bert_config uneven{.layers = 1, .width = 38, .heads = 4, .feed_forward = 64};
constformer::bert<uneven> model;
