// must say: relative_bias: .buckets must be a positive multiple of 4
#include "constformer/layers/relative_bias.hpp"

constformer::relative_bias<6, 2, 16, constformer::direction::both> uneven;
