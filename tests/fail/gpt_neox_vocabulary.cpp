// must say: gpt_neox: .vocabulary and .positions must be positive
#include "constformer/models/gpt_neox.hpp"

inline constexpr constformer::gpt_neox_config mute{.layers = 1, .width = 32, .heads = 4, .vocabulary = 0};
constformer::gpt_neox<mute> model;
