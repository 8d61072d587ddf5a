// linear: y = x W' + b.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/ops/matmul.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// y = A(x W' + b), (n, In) -> (n, Out); added to y where the destination is onto(y). x and y must not overlap.
// PyTorch: nn.Linear(In, Out, bias=Bias), then A.
template <int In, int Out, bool Bias = true, element E = f32> struct linear {
    matrix<Out, In, E> weight;
    [[no_unique_address]] when<Bias, vector<Out>> bias;

    template <activation A = activation::none> void forward(const_rows<In> x, auto y, workspace auto m) const {
        ops::multiply<A>(weight, bias, x, y, m);
    }
    static constexpr double flops(double n) { return 2.0 * n * In * Out; }
};

} // namespace constformer::inline CONSTFORMER_ISA
