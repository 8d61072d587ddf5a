// must say: dispatched: an observer needs a model's own forward, compiled for one instruction set
#define CONSTFORMER_ISAS sse4_2, avx2
#include "constformer/models/dispatch.hpp"
using namespace constformer;
constexpr bert_config c{.layers = 1, .width = 8, .heads = 1, .feed_forward = 8, .vocabulary = 9};
struct stages : silent {};
status watched(const dispatched<bert<c>>& net, rows<8> x) {
    return net.forward({}, x, basic_workspace<stages>::over({}));
}
