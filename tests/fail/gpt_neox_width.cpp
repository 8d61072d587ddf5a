// must say: gpt_neox: .width must be a multiple of .heads
#include "constformer/models/gpt_neox.hpp"

inline constexpr constformer::gpt_neox_config uneven{.layers = 1, .width = 38, .heads = 4};
constformer::gpt_neox<uneven> model;
