// must say: layer: every member must be a matrix, a table, a vector, another layer, or an array of layers
#include "constformer/core/manifest.hpp"

struct counted {
    constformer::vector<4> weight;
    int uses;
};
constexpr auto all = constformer::manifest<counted>();
