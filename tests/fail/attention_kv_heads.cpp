// must say: attention: .heads must be a multiple of .kv_heads
#include "constformer/layers/attention.hpp"

constformer::attention<{.width = 24, .heads = 4, .kv_heads = 3}> uneven;
