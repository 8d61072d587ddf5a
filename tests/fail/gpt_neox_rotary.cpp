// must say: gpt_neox: .rotary.width must not exceed a head's width
#include "constformer/models/gpt_neox.hpp"

inline constexpr constformer::gpt_neox_config wide{.layers = 1, .width = 32, .heads = 4, .rotary = {.width = 16}};
constformer::gpt_neox<wide> model;
