// must say: multiply: an activation cannot be added onto its destination
#include "constformer/layers/linear.hpp"

using namespace constformer;

void forward(const linear<8, 8>& layer, rows<8> x, rows<8> y, basic_workspace<> m) {
    layer.forward<activation::relu>(x, onto(y), m);
}
