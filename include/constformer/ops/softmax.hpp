// softmax: e^(x - max) / sum over one row.
#pragma once

#include "constformer/ops/activate.hpp"
#include "constformer/ops/reduce.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// In place over `count` >= 1 values. Every value may be the large negative number of a hidden key: the row then becomes
// uniform, never NaN. PyTorch: torch.softmax(x, -1).
[[gnu::noinline]] inline void softmax(float* x, int count) {
    const int whole = count / lanes * lanes;
    float most = x[0];
    if (whole != 0) {
        vec top = load(x);
        for (int i = lanes; i < whole; i += lanes) top = xsimd::max(top, load(x + i));
        most = reduce_max(top);
    }
    for (int i = whole; i < count; ++i) most = x[i] > most ? x[i] : most;

    const vec top = splat(most);
    running_sum<32> sums;
    each_part(sums, count, [&](vec& part, int at, int some) {
        if (some == lanes) {
            const vec e = exp(load(x + at) - top);
            store(x + at, e);
            part = part + e;
        } else { // the lanes behind the row read as 0, whose e^(0 - max) must not be counted
            const vec e = detail::only(exp(load_part(x + at, some) - top), some);
            store_part(x + at, e, some);
            part = part + e;
        }
    });
    const float sum = sums.total();
    map(x, x, count, [scale = splat(1.0f / sum)](vec v) { return v * scale; });
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
