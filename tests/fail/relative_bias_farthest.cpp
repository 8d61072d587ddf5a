// must say: relative_bias: .farthest must exceed .buckets
#include "constformer/layers/relative_bias.hpp"

constformer::relative_bias<8, 2, 8, constformer::direction::both> near;
