// must say: rotary: what is turned of a head must be a positive even width
#include "constformer/ops/rotate.hpp"

constexpr auto odd = constformer::rotary_frequencies<constformer::rotary_shape{.width = 7}>();
