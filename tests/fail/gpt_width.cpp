// must say: gpt: .width must be a multiple of .heads
#include "constformer/models/gpt.hpp"

inline constexpr constformer::gpt_config uneven{.layers = 1, .width = 38, .heads = 4};
constformer::gpt<uneven> model;
