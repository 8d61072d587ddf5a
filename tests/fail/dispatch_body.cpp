// must say: dispatch: a bert that is part of a head is reached through the head
#define CONSTFORMER_ISAS sse4_2, avx2
#include "constformer/models/dispatch.hpp"
using namespace constformer;
constexpr bert_config c{.layers = 1, .width = 8, .heads = 1, .feed_forward = 8, .vocabulary = 9};
auto chosen(const bert<c, f32, false>& body) { return dispatch(body); }
