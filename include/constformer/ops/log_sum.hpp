// log_sum: ln Σ e^x over one row; x minus it is a logarithm of a probability.
#pragma once

#include "constformer/core/real.hpp"
#include "constformer/ops/activate.hpp"
#include "constformer/ops/reduce.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// Of `count` >= 1 finite values. PyTorch: torch.logsumexp(x, -1).
[[nodiscard]] inline float log_sum(const float* x, int count) {
    float most = x[0];
    for (int i = 1; i < count; ++i) most = x[i] > most ? x[i] : most;
    const vec top = splat(most);
    const float sum = detail::total(x, count, [&](vec v) { return exp(v - top); });
    return most + float(real::log(double(sum)));
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
