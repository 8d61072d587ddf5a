// prepare: what becomes of activations before a matrix of some element is multiplied by them: nothing for f32, pairs of
// bfloat16 where the instruction set multiplies those, bytes for i8, q8 and q4. Products that share their input prepare
// it once.
#pragma once

#include "constformer/core/simd_bf16.hpp"
#include "constformer/core/workspace.hpp"
#include "constformer/ops/quantize.hpp"
#include "constformer/ops/quantize_blocks.hpp"

namespace constformer::ops {

// The bytes that prepare() takes from a workspace, the same for every instruction set.
template <element E> constexpr std::size_t prepare_room(int n, int width, int threads = 1) {
    const auto rows = std::size_t(n), padded = std::size_t(hadamard::padded(width));
    if (E == bf16) return room<std::uint16_t>(rows, std::size_t(round_up(width, 2)));
    if (E == i8) return together(room<std::uint8_t>(rows, padded), 2 * room(rows), std::size_t(threads) * room(padded));
    if (in_blocks(E)) {
        const auto whole = std::size_t(round_up(width, block_size));
        return together(room<std::int8_t>(rows, whole), room<block_range>(rows, whole / block_size));
    }
    return 0;
}

inline namespace CONSTFORMER_ISA {

// Rows of bytes: x = low + scale · q, mixed.
template <int Width> struct byte_rows {
    static constexpr int width = Width, padded = hadamard::padded(Width);
    const std::uint8_t* data;
    const float *scale, *low; // a number a row
    int count;
};
// Rows for a bfloat16 matrix: bfloat16 themselves, an odd width padded with a zero; or floats, where those are
// multiplied.
template <int Width> struct bf16_rows {
    static constexpr int width = Width, padded = round_up(Width, 2);
#if defined(CONSTFORMER_DOT_BF16)
    const std::uint16_t* data;
#else
    const float* data;
#endif
    int count, stride;
};
// Rows of signed bytes, for q8 and q4 alike: x = scale · q, a scale for each block. All rows of a block lie together,
// so that a tile finds its rows one behind another.
template <int Width> struct block_rows {
    static constexpr int width = Width, padded = round_up(Width, block_size);
    const std::int8_t* data;
    const block_range* ranges;
    int count;
};

// x for a matrix of element E, (n, Width) -> (n, Width) in memory of m. What is prepared already stays as it is.
template <element E, int Width, class T> auto prepare(rows<Width, T> x, workspace auto& m) {
    if constexpr (E == i8) {
        constexpr int padded = byte_rows<Width>::padded;
        const auto n = std::size_t(x.count);
        auto* const bytes = m.template bytes<std::uint8_t>(room<std::uint8_t>(n, padded));
        auto* const scale = m.template bytes<float>(room(n));
        auto* const low = m.template bytes<float>(room(n));
        auto* const mixed = m.template bytes<float>(std::size_t(m.threads.size()) * room(padded));
        m.threads.split(x.count, [&](int begin, int end, int worker) {
            float* const line = mixed + std::size_t(worker) * room(padded) / sizeof(float);
            for (int r = begin; r < end; ++r) {
                const byte_range range = quantize_row(x[r], Width, line, bytes + std::size_t(r) * padded);
                scale[r] = range.scale, low[r] = range.low;
            }
        });
        return byte_rows<Width>{bytes, scale, low, x.count};
    } else if constexpr (in_blocks(E)) {
        using to = block_rows<Width>;
        const auto n = std::size_t(x.count);
        auto* const bytes = m.template bytes<std::int8_t>(room<std::int8_t>(n, to::padded));
        auto* const ranges = m.template bytes<block_range>(room<block_range>(n, to::padded / block_size));
        m.threads.split(x.count, [&](int begin, int end, int) {
            for (int r = begin; r < end; ++r)
                quantize_blocks(x[r], Width, bytes + std::size_t(r) * block_size, ranges + r, n);
        });
        return to{bytes, ranges, x.count};
    } else if constexpr (E == bf16) {
        constexpr int padded = bf16_rows<Width>::padded;
        [[maybe_unused]] auto* const pairs =
            m.template bytes<std::uint16_t>(room<std::uint16_t>(std::size_t(x.count), padded));
#if defined(CONSTFORMER_DOT_BF16)
        m.threads.split(x.count, [&](int begin, int end, int) {
            for (int r = begin; r < end; ++r) {
                std::uint16_t* const to = pairs + std::size_t(r) * padded;
                int i = 0;
                for (; i + lanes <= Width; i += lanes) store_bf16(to + i, load(x[r] + i));
                for (; i < padded; ++i) to[i] = i < Width ? to_bfloat16(x[r][i]) : std::uint16_t{0};
            }
        });
        return bf16_rows<Width>{pairs, x.count, padded};
#else
        return bf16_rows<Width>{x.data, x.count, x.stride};
#endif
    } else {
        return const_rows<Width>(x);
    }
}
template <element E, int Width> byte_rows<Width> prepare(const byte_rows<Width>& x, workspace auto&) { return x; }
template <element E, int Width> bf16_rows<Width> prepare(const bf16_rows<Width>& x, workspace auto&) { return x; }
template <element E, int Width>
    requires(in_blocks(E))
block_rows<Width> prepare(const block_rows<Width>& x, workspace auto&) {
    return x;
}

} // namespace CONSTFORMER_ISA
} // namespace constformer::ops
