// A user's program: the umbrella header, a type of the user's own, and a header that needs all other libraries.
#include <constformer/constformer.hpp>
#include <constformer/core/manifest.hpp>
#include <constformer/files/safetensors.hpp>
#include <constformer/layers/linear.hpp>

#include <cstdio>

struct scorer {
    constformer::linear<8, 4> hidden;
    constformer::linear<4, 1, false> score;
};
static_assert(constformer::parameters<scorer>() == 8 * 4 + 4 + 4);

int main() { std::printf("%zu parameters\n", constformer::parameters<scorer>()); }
