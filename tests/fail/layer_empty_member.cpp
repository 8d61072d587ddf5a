// must say: manifest: a layer holds something that is not a parameter
#include "constformer/core/manifest.hpp"

struct nothing {};
struct tagged {
    constformer::vector<4> weight;
    nothing tag; // takes room that is no parameter's
};
constexpr auto all = constformer::manifest<tagged>();
