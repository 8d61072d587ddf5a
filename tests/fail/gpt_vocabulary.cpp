// must say: gpt: .vocabulary and .positions must be positive
#include "constformer/models/gpt.hpp"

inline constexpr constformer::gpt_config nowhere{.layers = 1, .width = 32, .heads = 2, .positions = 0};
constformer::gpt<nowhere> model;
