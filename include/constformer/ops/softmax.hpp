// softmax: e^(x - max) / sum over one row.
#pragma once

#include "constformer/ops/activate.hpp"
#include "constformer/ops/reduce.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// In place over `count` >= 1 values. Every value may be the large negative number of a hidden key: the row then becomes
// uniform, never NaN. PyTorch: torch.softmax(x, -1).
[[gnu::noinline]] inline void softmax(float* x, int count) {
    const int whole = count / lanes * lanes, left = count - whole;
    float most = x[0];
    if (whole != 0) {
        vec top = load(x);
        for (int i = lanes; i < whole; i += lanes) top = xsimd::max(top, load(x + i));
        most = reduce_max(top);
    }
    for (int i = whole; i < count; ++i) most = x[i] > most ? x[i] : most;

    vec sums = splat(0.0f);
    for (int i = 0; i < whole; i += lanes) {
        const vec e = exp(load(x + i) - splat(most));
        store(x + i, e);
        sums = sums + e;
    }
    float sum = reduce_add(sums);
    if (left != 0) { // the lanes behind the row read as 0, whose e^(0 - max) must not be counted
        store_part(x + whole, exp(load_part(x + whole, left) - splat(most)), left);
        for (int i = whole; i < count; ++i) sum += x[i];
    }
    map(x, x, count, [scale = splat(1.0f / sum)](vec v) { return v * scale; });
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
