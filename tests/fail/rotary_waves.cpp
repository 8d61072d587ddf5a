// must say: rotary: .high must exceed .low
#include "constformer/ops/rotate.hpp"

constexpr auto same =
    constformer::rotary_frequencies<constformer::rotary_shape{.width = 8, .low = 4, .high = 4, .original = 64}>();
