// pack: CHECKPOINT VOCABULARY OUT. Used where the program itself cannot do it: weights for a browser.
#include CONSTFORMER_HEADER
#include "pack.hpp"

#include <cstdio>

int main(int count, char** typed) {
    if (count != 4) return 2;
    const auto done = constformer::program::pack<CONSTFORMER_CHECKPOINT::model>(typed[1], typed[2], typed[3]);
    if (!done) std::fprintf(stderr, "%s\n", done.error().c_str());
    return done ? 0 : 1;
}
