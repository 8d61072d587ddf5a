// must say: gpt_neox: .layers, .width, .heads and .feed_forward must be positive
#include "constformer/models/gpt_neox.hpp"

inline constexpr constformer::gpt_neox_config flat{.layers = 0, .width = 32, .heads = 4};
constformer::gpt_neox<flat> model;
