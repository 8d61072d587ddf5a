// must say: matrix: both extents must be positive
#include "constformer/core/matrix.hpp"

constformer::matrix<4, 0> nothing;
