// sinusoid: positions as waves, half of the columns sines and half cosines of the same angles, as Marian, T5X and XLNet
// lay them out: column j < ceil(Width / 2) is sin(p / 10000^(2j / Width)), the rest are its cosines.
#pragma once

#include "constformer/core/real.hpp"
#include "constformer/core/tensor.hpp"

namespace constformer {

// Calls put(i, column, value) for rows i of positions first, first + step, … A wave is turned by the angle between two
// positions instead of computed anew: in double, whose error stays below that of a float for any text.
template <int Width> void each_wave(int count, int first, int step, auto&& put) {
    constexpr int sines = (Width + 1) / 2;
    for (int j = 0; j < sines; ++j) {
        const double frequency = real::power(10000.0, -2.0 * j / Width);
        auto [sine, cosine] = real::turn(first * frequency);
        const auto by = real::turn(step * frequency);
        for (int i = 0; i < count; ++i) {
            put(i, j, float(sine));
            if (sines + j < Width) put(i, sines + j, float(cosine));
            const double turned = sine * by.cosine + cosine * by.sine;
            cosine = cosine * by.cosine - sine * by.sine;
            sine = turned;
        }
    }
}

// y[i] = the waves of position first + i · step, (n, Width). Transformers: XLNetModel.positional_embedding.
template <int Width> void sinusoid(rows<Width> y, int first, int step = 1) {
    each_wave<Width>(y.count, first, step, [&](int i, int column, float value) { y[i][column] = value; });
}
// The same, added. Vaswani et al. 2017, section 3.5; Transformers: MarianSinusoidalPositionalEmbedding.
template <int Width> void add_sinusoid(rows<Width> y, int first) {
    each_wave<Width>(y.count, first, 1, [&](int i, int column, float value) { y[i][column] += value; });
}

} // namespace constformer
