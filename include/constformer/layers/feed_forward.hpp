// feed_forward: what happens to each token alone.
#pragma once

#include "constformer/layers/linear.hpp"
#include "constformer/ops/elementwise.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// A(x U' + b) D' + d, (n, Width) -> (n, Inner) -> (n, Width). Vaswani et al. 2017, equation 2 (with A = ReLU).
template <int Width, int Inner, activation A, bool Bias = true, element E = f32> struct feed_forward {
    linear<Width, Inner, Bias, E> up;
    linear<Inner, Width, Bias, E> down;

    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return together(room(std::size_t(n.tokens), Inner),
                        either(decltype(up)::scratch(n.tokens, threads), decltype(down)::scratch(n.tokens, threads)));
    }
    static constexpr double flops(lengths n) {
        return linear<Width, Inner>::flops(n.tokens) + linear<Inner, Width>::flops(n.tokens);
    }

    void forward(const_rows<Width> x, auto y, workspace auto m) const {
        m.watch.stage("feed forward");
        rows<Inner> h = m.take(x.count);
        up.template forward<A>(x, h, m); // (n, Width) -> (n, Inner)
        down.forward(h, y, m);           // (n, Inner) -> (n, Width)
    }
};

// (A(x G') · x U') D', (n, Width) -> (n, Inner) -> (n, Width). Shazeer 2020 (GEGLU, SwiGLU); T5 v1.1, Llama.
template <int Width, int Inner, activation A, bool Bias = false, element E = f32> struct gated_feed_forward {
    linear<Width, Inner, Bias, E> gate, up;
    linear<Inner, Width, Bias, E> down;

    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        return together(2 * room(std::size_t(n.tokens), Inner),
                        either(decltype(up)::scratch(n.tokens, threads), decltype(down)::scratch(n.tokens, threads)));
    }
    static constexpr double flops(lengths n) {
        return 2 * linear<Width, Inner>::flops(n.tokens) + linear<Inner, Width>::flops(n.tokens);
    }

    void forward(const_rows<Width> x, auto y, workspace auto m) const {
        m.watch.stage("feed forward");
        rows<Inner> g = m.take(x.count), u = m.take(x.count);
        auto rest = m; // what both read is free again behind them
        const auto once = ops::prepare<E>(x, rest);
        ops::multiply<E>(rest, {gate.template plan<A>(once, g), up.plan(once, u)}); // (n, Width) -> (n, Inner), twice
        m.threads.split(x.count, [&](int begin, int end, int) {
            ops::multiply_by(const_rows<Inner>(u.part(begin, end - begin)), g.part(begin, end - begin));
        });
        down.forward(g, y, m); // (n, Inner) -> (n, Width)
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
