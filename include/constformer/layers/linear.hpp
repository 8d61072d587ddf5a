// linear: y = x W' + b.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/ops/matmul.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// y = A(x W' + b), (n, In) -> (n, Out); added to y where the destination is onto(y). x and y must not overlap. x may be
// rows, or what ops::prepare<E>() made of them for several layers.
// PyTorch: nn.Linear(In, Out, bias=Bias), then A.
template <int In, int Out, bool Bias = true, element E = f32> struct linear {
    matrix<Out, In, E> weight;
    [[no_unique_address]] when<Bias, vector<Out>> bias;

    static constexpr std::size_t scratch(int n, int threads = 1) { return ops::prepare_room<E>(n, In, threads); }

    template <activation A = activation::none> void forward(const auto& x, auto y, workspace auto m) const {
        ops::multiply<A>(weight, bias, ops::prepare<E>(x, m), y, m);
    }
    // The same as a product that runs beside others: ops::multiply<E>(m, {query.plan(x, q), key.plan(x, k)}).
    template <activation A = activation::none>
    [[nodiscard]] ops::planned<E> plan(const auto& prepared, auto y) const {
        return ops::plan<A>(weight, bias, prepared, y);
    }
    static constexpr double flops(double n) { return 2.0 * n * In * Out; }
};

} // namespace constformer::inline CONSTFORMER_ISA
