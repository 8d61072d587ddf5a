// must say: rotary: .base must exceed 1 and .factor 0
#include "constformer/ops/rotate.hpp"

constexpr auto none = constformer::rotary_frequencies<constformer::rotary_shape{.width = 8, .factor = 0}>();
