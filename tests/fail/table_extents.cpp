// must say: table: both extents must be positive
#include "constformer/core/tensor.hpp"

constformer::table<0, 4> nothing;
