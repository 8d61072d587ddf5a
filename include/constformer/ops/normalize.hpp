// normalize: layer norm and RMS norm over rows. Both may write where they read.
#pragma once

#include "constformer/core/tensor.hpp"
#include "constformer/ops/reduce.hpp"

#include <cmath>

namespace constformer::ops::inline CONSTFORMER_ISA {

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias over each of `count` rows of `width` values; variance about
// the mean, in a second pass, so that a large mean costs no precision. weight and bias are padded to whole panels, as a
// vector is. PyTorch: F.layer_norm. Ba et al. 2016.
[[gnu::noinline]] inline void layer_norm(const float* x, std::ptrdiff_t x_stride, float* y, std::ptrdiff_t y_stride,
                                         int count, int width, const float* weight, const float* bias, float epsilon) {
    for (int r = 0; r < count; ++r, x += x_stride, y += y_stride) {
        const float mean = detail::total(x, width, [](vec v) { return v; }) / float(width);
        const vec center = splat(mean);
        const float variance =
            detail::total(x, width, [=](vec v) { return (v - center) * (v - center); }) / float(width);
        const vec scale = splat(1.0f / std::sqrt(variance + epsilon));
        int i = 0;
        for (; i + lanes <= width; i += lanes)
            store(y + i, fma((load(x + i) - center) * scale, load(weight + i), load(bias + i)));
        if (i < width) {
            const int left = width - i;
            store_part(y + i, fma((load_part(x + i, left) - center) * scale, load(weight + i), load(bias + i)), left);
        }
    }
}

// y = x / sqrt(mean(x²) + epsilon) * weight, padded as above. PyTorch: F.rms_norm. Zhang and Sennrich 2019.
[[gnu::noinline]] inline void rms_norm(const float* x, std::ptrdiff_t x_stride, float* y, std::ptrdiff_t y_stride,
                                       int count, int width, const float* weight, float epsilon) {
    for (int r = 0; r < count; ++r, x += x_stride, y += y_stride) {
        const float square = detail::total(x, width, [](vec v) { return v * v; }) / float(width);
        const vec scale = splat(1.0f / std::sqrt(square + epsilon));
        int i = 0;
        for (; i + lanes <= width; i += lanes) store(y + i, load(x + i) * scale * load(weight + i));
        if (i < width) store_part(y + i, load_part(x + i, width - i) * scale * load(weight + i), width - i);
    }
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
