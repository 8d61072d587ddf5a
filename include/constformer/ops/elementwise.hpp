// elementwise: y *= x, y *= s, y = f(y, x) over rows.
#pragma once

#include "constformer/core/simd.hpp"
#include "constformer/core/tensor.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// y = f(y, x), (n, width) each; f(vec, vec) -> vec.
template <int Width, class F> void combine(const_rows<Width> x, rows<Width> y, F f) {
    for (int r = 0; r < y.count; ++r) {
        int i = 0;
        for (; i + lanes <= Width; i += lanes) store(y[r] + i, f(load(y[r] + i), load(x[r] + i)));
        if (i < Width)
            store_part(y[r] + i, f(load_part(y[r] + i, Width - i), load_part(x[r] + i, Width - i)), Width - i);
    }
}
// y *= x, (n, width) each.
template <int Width> void multiply_by(const_rows<Width> x, rows<Width> y) {
    combine(x, y, [](vec a, vec b) { return a * b; });
}

// y *= factor.
template <int Width> void scale(rows<Width> y, float factor) {
    for (int r = 0; r < y.count; ++r) map(y[r], y[r], Width, [by = splat(factor)](vec v) { return v * by; });
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
