// matrix: a parameter that is multiplied: PyTorch's (Outputs, Inputs), stored for the kernels in panels of 16 outputs,
// the last one padded with zeros. Within a panel, a line of 64 bytes holds what one step of a sum needs of 16 outputs:
// one input of each as f32, two as bf16, four as i8 or q8, eight as q4. One layout thus serves every instruction set.
#pragma once

#include "constformer/core/bfloat16.hpp"
#include "constformer/core/blocks.hpp"
#include "constformer/core/hadamard.hpp"
#include "constformer/core/tensor.hpp"

#include <algorithm>
#include <cmath>

namespace constformer {

template <int Outputs, int Inputs, element E = f32> struct matrix;

namespace detail {
// What they have in common: extents, and where input c of output r lies.
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

namespace detail {
// What q8 and q4 have in common: whole blocks, and where the halves of block b of output r lie: `Kinds` for each of a
// panel's 16 outputs, the blocks of a panel one behind another, as the kernel walks them.
template <int Outputs, int Inputs, element E, int Depth, int Kinds>
struct blocks_of : panels_of<Outputs, Inputs, E, 4, Depth> {
    static constexpr int blocks = round_up(Inputs, block_size) / block_size; // of a row
    static constexpr std::size_t halves = std::size_t(blocks_of::panels) * panel * blocks * Kinds;
    static constexpr std::size_t half(int r, int b, int kind = 0) {
        return ((std::size_t(r / panel) * blocks + std::size_t(b)) * Kinds + std::size_t(kind)) * panel +
               std::size_t(r % panel);
    }
    // How many numbers block b of a row has.
    static constexpr int size_of(int b) { return std::min(block_size, Inputs - b * block_size); }
};
} // namespace detail

// Blocks of 32 inputs of an output, each scale · data: GGUF's Q8_0.
template <int Outputs, int Inputs>
struct alignas(64) matrix<Outputs, Inputs, q8>
    : detail::blocks_of<Outputs, Inputs, q8, round_up(Inputs, block_size), 1> {
    std::int8_t data[matrix::stored];
    std::uint16_t scale[matrix::halves];

    [[nodiscard]] float at(int r, int c) const {
        return from_float16(scale[matrix::half(r, c / block_size)]) * float(data[matrix::place(r, c)]);
    }
    void put(int r, const float* values) {
        for (int b = 0; b < matrix::blocks; ++b) put(r, b, to_bytes(values + b * block_size, matrix::size_of(b)));
    }
    // The numbers of block b of a row.
    void get(int r, int b, float* to) const {
        const float step = from_float16(scale[matrix::half(r, b)]);
        const std::int8_t* from = data + matrix::place(r, b * block_size);
        for (int i = 0; i < matrix::size_of(b); ++i) to[i] = step * float(from[i / 4 * 64 + i % 4]);
    }
    void put(int r, int b, const quantized_block& from) {
        scale[matrix::half(r, b)] = from.scale;
        for (int i = 0; i < matrix::size_of(b); ++i) data[matrix::place(r, b * block_size + i)] = from.q[i];
    }
};

// The same in 4 bits, each scale · data + least: GGUF's Q4_1, and its Q4_0, whose least is -8 · scale. A byte holds
// number i of a block's first 16 in its lower half, and number 16 + i in its upper one.
template <int Outputs, int Inputs>
struct alignas(64) matrix<Outputs, Inputs, q4>
    : detail::blocks_of<Outputs, Inputs, q4, round_up(Inputs, block_size) / 2, 2> {
    std::uint8_t data[matrix::stored];
    std::uint16_t scale[matrix::halves]; // of 16 outputs, and their leasts

    // Where number c lies, with its neighbor of the block's other half.
    static constexpr std::size_t place(int r, int c) {
        return detail::panels_of<Outputs, Inputs, q4, 4, matrix::depth>::place(r, c / block_size * 16 + c % 16);
    }
    [[nodiscard]] float at(int r, int c) const {
        const int q = data[place(r, c)] >> (c % block_size < 16 ? 0 : 4) & 15, b = c / block_size;
        return from_float16(scale[matrix::half(r, b)]) * float(q) + from_float16(scale[matrix::half(r, b, 1)]);
    }
    void put(int r, const float* values) {
        for (int b = 0; b < matrix::blocks; ++b) put(r, b, to_nibbles(values + b * block_size, matrix::size_of(b)));
    }
    void get(int r, int b, float* to) const {
        const float step = from_float16(scale[matrix::half(r, b)]), low = from_float16(scale[matrix::half(r, b, 1)]);
        const std::uint8_t* from = data + place(r, b * block_size);
        for (int i = 0; i < matrix::size_of(b); ++i)
            to[i] = step * float(from[i % 16 / 4 * 64 + i % 4] >> (i < 16 ? 0 : 4) & 15) + low;
    }
    void put(int r, int b, const quantized_block& from) {
        scale[matrix::half(r, b)] = from.scale, scale[matrix::half(r, b, 1)] = from.least;
        for (int i = 0; i < 16; ++i) // what is behind the row's end is zero
            data[place(r, b * block_size + i)] = std::uint8_t(from.q[i] | from.q[16 + i] << 4);
    }
};

} // namespace constformer
