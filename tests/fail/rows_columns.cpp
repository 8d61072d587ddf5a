// must say: rows: a range of columns must lie inside the row
#include "constformer/core/tensor.hpp"

float data[8];
auto wider = constformer::rows<8>{data, 1}.columns<9>(0);
