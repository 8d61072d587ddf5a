// must say: bert: .layers, .width, .heads and .feed_forward must be positive
#include "constformer/models/bert.hpp"

inline constexpr constformer::bert_config flat{.layers = -1, .width = 32, .heads = 2, .feed_forward = 64};
constformer::bert<flat> model;
