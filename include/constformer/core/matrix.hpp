// matrix: a parameter that is multiplied: PyTorch's (Outputs, Inputs), stored for the kernels in panels of 16 outputs,
// the last one padded with zeros. Within a panel, a line of 64 bytes holds what one step of a sum needs of 16 outputs:
// one input of each as f32, two as bf16, four as i8. One layout thus serves every instruction set, and one kernel loop
// every element.
#pragma once

#include "constformer/core/bfloat16.hpp"
#include "constformer/core/hadamard.hpp"
#include "constformer/core/tensor.hpp"

#include <cmath>

namespace constformer {

template <int Outputs, int Inputs, element E = f32> struct matrix;

namespace detail {
// What the three have in common: extents, and where input c of output r lies.
template <int Outputs, int Inputs, element E, int Step, int Depth> struct panels_of {
    static_assert(Outputs > 0 && Inputs > 0, "matrix: both extents must be positive");
    static constexpr int leaf_rows = Outputs, leaf_columns = Inputs;
    static constexpr element leaf_element = E;
    static constexpr int panels = round_up(Outputs, panel) / panel;
    static constexpr int step = Step;   // inputs of a line
    static constexpr int depth = Depth; // inputs, rounded up
    static constexpr std::size_t stored = std::size_t(panels) * panel * Depth;
    static constexpr std::size_t place(int r, int c) {
        return (std::size_t(r / panel) * Depth + std::size_t(c / Step * Step)) * panel +
               std::size_t(r % panel * Step + c % Step);
    }
};
} // namespace detail

// The numbers themselves.
template <int Outputs, int Inputs>
struct alignas(64) matrix<Outputs, Inputs, f32> : detail::panels_of<Outputs, Inputs, f32, 1, Inputs> {
    float data[matrix::stored];

    [[nodiscard]] float at(int r, int c) const { return data[matrix::place(r, c)]; }
    void put(int r, const float* values) {
        for (int c = 0; c < Inputs; ++c) data[matrix::place(r, c)] = values[c];
    }
};

// Rounded to 8 bits of precision; an odd depth ends in a zero.
template <int Outputs, int Inputs>
struct alignas(64) matrix<Outputs, Inputs, bf16> : detail::panels_of<Outputs, Inputs, bf16, 2, round_up(Inputs, 2)> {
    std::uint16_t data[matrix::stored];

    [[nodiscard]] float at(int r, int c) const { return from_bfloat16(data[matrix::place(r, c)]); }
    void put(int r, const float* values) {
        for (int c = 0; c < Inputs; ++c) data[matrix::place(r, c)] = to_bfloat16(values[c]);
    }
};

// What four numbers of bytes may sum up to that meet in the 16 bits of a step of eight (core/simd_i8.hpp): times 127 it
// is below 2^15.
inline constexpr int fits_in_pairs = 258;

// Row r is scale[r] · data, mixed (core/hadamard.hpp). The scale is the least that keeps every number within ±127, and
// within fits_in_pairs the sum of each such four.
template <int Outputs, int Inputs>
struct alignas(64) matrix<Outputs, Inputs, i8> : detail::panels_of<Outputs, Inputs, i8, 4, hadamard::padded(Inputs)> {
    static_assert(Inputs <= 1 << 17, "matrix: an i8 sum over more than 131072 inputs may leave 32 bits");
    std::int8_t data[matrix::stored];
    float scale[std::size_t(matrix::panels) * panel];
    // Of scale · data over a row: what the inputs' offset is multiplied by.
    float sum[std::size_t(matrix::panels) * panel];

    // What the product multiplies by, up to rounding: row r as it was put.
    [[nodiscard]] float at(int r, int c) const {
        float row[matrix::depth];
        for (int i = 0; i < matrix::depth; ++i) row[i] = scale[r] * float(data[matrix::place(r, i)]);
        hadamard::mix(row, matrix::depth);
        return row[c];
    }
    void put(int r, const float* values) {
        float row[matrix::depth] = {};
        for (int c = 0; c < Inputs; ++c) row[c] = values[c];
        hadamard::mix(row, matrix::depth);
        hadamard::divide(row, matrix::depth);
        float most = 0, together = 0;
        for (int i = 0; i < matrix::depth; i += 8)
            for (int k = i; k < i + 4; k += 2) {
                const float four[] = {std::fabs(row[k]), std::fabs(row[k + 1]), std::fabs(row[k + 4]),
                                      std::fabs(row[k + 5])};
                for (float v : four) most = v > most ? v : most;
                const float sum = four[0] + four[1] + four[2] + four[3];
                together = sum > together ? sum : together;
            }
        // rounding may add a half to each of the four
        const float least = std::fmax(most / 127, together / float(fits_in_pairs - 2));
        scale[r] = least < 1e-36f ? 0 : least; // what is smaller has no whole float to be divided by
        int total = 0;
        for (int i = 0; i < matrix::depth; ++i) {
            const int q = scale[r] == 0 ? 0 : int(std::lrint(row[i] / scale[r]));
            data[matrix::place(r, i)] = std::int8_t(q);
            total += q;
        }
        sum[r] = scale[r] * float(total);
    }
};

} // namespace constformer
