// norm: layer norm and RMS norm. Elementwise: y may be x.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/ops/normalize.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// (x - mean) / sqrt(variance + ε) · weight + bias, (n, Width) -> (n, Width). PyTorch: nn.LayerNorm(Width, eps=ε).
// Ba, Kiros, Hinton 2016.
template <int Width, float Epsilon> struct layer_norm {
    vector<Width> weight, bias;

    void forward(const_rows<Width> x, rows<Width> y, workspace auto m) const {
        m.threads.split(x.count, [&](int begin, int end, int) {
            ops::layer_norm(x[begin], x.stride, y[begin], y.stride, end - begin, Width, weight.data, bias.data,
                            Epsilon);
        });
    }
};

// x / sqrt(mean(x²) + ε) · weight, (n, Width) -> (n, Width). PyTorch: nn.RMSNorm(Width, eps=ε).
// Zhang, Sennrich 2019; T5's norm.
template <int Width, float Epsilon> struct rms_norm {
    vector<Width> weight;

    void forward(const_rows<Width> x, rows<Width> y, workspace auto m) const {
        m.threads.split(x.count, [&](int begin, int end, int) {
            ops::rms_norm(x[begin], x.stride, y[begin], y.stride, end - begin, Width, weight.data, Epsilon);
        });
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
