// must say: gpt: .layers, .width, .heads and .feed_forward must be positive
#include "constformer/models/gpt.hpp"

inline constexpr constformer::gpt_config flat{.layers = 0, .width = 32, .heads = 2};
constformer::gpt<flat> model;
