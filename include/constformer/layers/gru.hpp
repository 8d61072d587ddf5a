// gru: a state that a gate lets through and another one lets forget (Cho et al. 2014).
#pragma once

#include "constformer/layers/linear.hpp"
#include "constformer/ops/activate.hpp"
#include "constformer/ops/elementwise.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// h = (1 - z) n + z h, with r, z = σ(x Wᵣ' + h Uᵣ' + …), n = tanh(x Wₙ' + r (h Uₙ' + b)): x (n, In), h (n, Width).
// The three outputs of each linear map lie side by side: r, z, n. PyTorch: nn.GRUCell(In, Width), whose weight_ih is
// input.weight and weight_hh past.weight.
template <int In, int Width, element E = f32> struct gru_cell {
    linear<In, 3 * Width, true, E> input;
    linear<Width, 3 * Width, true, E> past;

    static constexpr std::size_t scratch(int n, int threads = 1) {
        return together(2 * room(std::size_t(n), 3 * Width),
                        either(decltype(input)::scratch(n, threads), decltype(past)::scratch(n, threads)));
    }
    static constexpr double flops(double n) { return decltype(input)::flops(n) + decltype(past)::flops(n); }
    void forward(const_rows<In> x, rows<Width> h, workspace auto m) const {
        rows<3 * Width> of_x = m.take(h.count), of_h = m.take(h.count);
        input.forward(x, of_x, m); // (n, in) -> (n, 3 * width)
        past.forward(h, of_h, m);  // (n, width) -> (n, 3 * width)
        const auto gates = of_h.template columns<2 * Width>(0);
        ops::combine(const_rows<2 * Width>(of_x.template columns<2 * Width>(0)), gates, [](vec a, vec b) {
            return splat(0.5f) * ops::tanh(splat(0.5f) * (a + b)) + splat(0.5f); // σ(a + b)
        });
        const rows<Width> reset = of_h.template columns<Width>(0), keep = of_h.template columns<Width>(Width),
                          next = of_h.template columns<Width>(2 * Width), own = of_x.template columns<Width>(2 * Width);
        ops::multiply_by(const_rows<Width>(reset), next);
        ops::combine(const_rows<Width>(own), next, [](vec a, vec b) { return ops::tanh(a + b); });
        ops::combine(const_rows<Width>(next), h, [](vec a, vec b) { return a - b; });
        ops::multiply_by(const_rows<Width>(keep), h); // z (h - n) + n
        ops::combine(const_rows<Width>(next), h, [](vec a, vec b) { return a + b; });
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
