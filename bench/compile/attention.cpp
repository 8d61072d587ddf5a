// Multi-head attention alone as a WebAssembly module: what the smallest use of the library weighs. compile.py builds it
// and measures its bytes.
#include "constformer/layers/attention.hpp"

#define EXPORT(name) extern "C" __attribute__((export_name(name)))

using namespace constformer;
using layer = attention<{.width = 384, .heads = 12}>;

// Bytes of the parameters, which lie at a multiple of 64: query, key, value, output, each a packed matrix and a bias.
EXPORT("weights_bytes") std::size_t weights_bytes() { return sizeof(layer); }

// Bytes of the memory, at a multiple of 64, that attending `tokens` tokens needs.
EXPORT("scratch_bytes") std::size_t scratch_bytes(int tokens) { return layer::encode_scratch(tokens); }

// y = every token of x looking at all of them, (tokens, 384) -> (tokens, 384).
EXPORT("attend") void attend(const layer* weights, float* x, float* y, int tokens, std::byte* memory) {
    weights->encode(rows<layer::width>{x, tokens}, rows<layer::width>{y, tokens}, {}, ops::everything{},
                    basic_workspace<>::over({memory, layer::encode_scratch(tokens)}));
}
