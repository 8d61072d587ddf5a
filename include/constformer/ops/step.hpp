// step: what one line of 64 bytes of a packed matrix adds to a tile of sums, for each element.
#pragma once

#include "constformer/core/matrix.hpp"
#include "constformer/core/simd_bf16.hpp"
#include "constformer/core/simd_blocks.hpp"
#include "constformer/core/simd_i8.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// source: how inputs are stored; weight: how the matrix is; inputs: how many a step takes of each output, `beside` of
// them side by side in a line. A register of weights is `loaded` once a step and multiplied by the inputs of each row,
// which `spread` makes.
template <element E> struct step;

template <> struct step<f32> {
    using source = float;
    using weight = float;
    using sum = vec;
    static constexpr int inputs = 1, beside = 1;
    [[gnu::always_inline]] static sum zero() { return splat(0.0f); }
    [[gnu::always_inline]] static vec loaded(const float* w) { return load(w); }
    [[gnu::always_inline]] static vec spread(const float* x) { return splat(*x); }
    [[gnu::always_inline]] static void add(sum& s, vec x, vec w) { s = fma(x, w, s); }
};

template <> struct step<i8> {
    using source = std::uint8_t;
    using weight = std::int8_t;
    using sum = ivec;
    static constexpr int inputs = 8, beside = 4; // two lines
    struct two {
        ivec first, second;
    };
    [[gnu::always_inline]] static sum zero() { return ivec(0); }
    [[gnu::always_inline]] static two loaded(const std::int8_t* w) {
        return {load_bytes(w), load_bytes(w + 4 * panel)};
    }
    [[gnu::always_inline]] static two spread(const std::uint8_t* x) { return {splat_bytes(x), splat_bytes(x + 4)}; }
    [[gnu::always_inline]] static void add(sum& s, two x, two w) {
        s = dot_i8(s, x.first, w.first, x.second, w.second);
    }
};
#if defined(__wasm_relaxed_simd__)
// For engines on processors that sum four products at once.
struct step_in_fours : step<i8> {
    [[gnu::always_inline]] static void add(sum& s, two x, two w) {
        s = dot_i8<summed::in_fours>(s, x.first, w.first, x.second, w.second);
    }
};
#endif

#if defined(CONSTFORMER_DOT_BF16)
template <> struct step<bf16> {
    using source = std::uint16_t;
    using weight = std::uint16_t;
    using sum = vec;
    static constexpr int inputs = 2, beside = 2;
    [[gnu::always_inline]] static sum zero() { return splat(0.0f); }
    [[gnu::always_inline]] static ivec loaded(const std::uint16_t* w) { return load_pairs(w); }
    [[gnu::always_inline]] static ivec spread(const std::uint16_t* x) { return splat_pair(x); }
    [[gnu::always_inline]] static void add(sum& s, ivec x, ivec w) { s = dot_bf16(s, x, w); }
};
#else
template <> struct step<bf16> {
    using source = float;
    using weight = std::uint16_t;
    using sum = vec;
    static constexpr int inputs = 2, beside = 2;
    struct two {
        vec first, second;
    };
    [[gnu::always_inline]] static sum zero() { return splat(0.0f); }
    [[gnu::always_inline]] static two loaded(const std::uint16_t* w) {
        const ivec pairs = load_pairs(w);
        return {firsts(pairs), seconds(pairs)};
    }
    [[gnu::always_inline]] static two spread(const float* x) { return {splat(x[0]), splat(x[1])}; }
    [[gnu::always_inline]] static void add(sum& s, two x, two w) {
        s = fma(x.second, w.second, fma(x.first, w.first, s));
    }
    // The last input of an odd depth: there is no second one to read.
    [[gnu::always_inline]] static two spread_last(const float* x) { return {splat(x[0]), splat(0.0f)}; }
};
#endif

// Elements in blocks: their sums are floats, to which each block adds what its integers mean (ops/product.hpp). A
// line holds the inputs k … k + 3 of a block, or, where `halved`, those and 16 + k … 19 + k.
template <> struct step<q8> {
    using source = std::int8_t;
    using weight = std::int8_t;
    using sum = vec;
    using products = byte_products;
    static constexpr int inputs = 4, beside = 4, lines = 8;
    static constexpr bool halved = false;
    [[gnu::always_inline]] static sum zero() { return splat(0.0f); }
};
template <> struct step<q4> {
    using source = std::int8_t;
    using weight = std::uint8_t;
    using sum = vec;
    using products = nibble_products;
    static constexpr int inputs = 4, beside = 4, lines = 4;
    static constexpr bool halved = true;
    [[gnu::always_inline]] static sum zero() { return splat(0.0f); }
};

// A tile's sums: rows times registers of outputs (a part of a panel, or whole panels).
struct tile {
    int rows, registers;
};
// The tile that each instruction set runs fastest, measured by bench/ops: as many sums as fit into its registers beside
// one row's value and the weights. Compilers differ in what they spill.
#if defined(__AVX512F__) && defined(__clang__)
template <element E> inline constexpr tile best_tile{4, 4}; // 16 sums of 16
template <element E> inline constexpr tile few_rows_tile{4, 4};
#elif defined(__AVX512F__)
template <element E> inline constexpr tile best_tile{8, 2};
template <element E> inline constexpr tile few_rows_tile{4, 4};
#elif defined(__AVX2__)
template <element E> inline constexpr tile best_tile{6, 2}; // 12 sums of 8
template <element E> inline constexpr tile few_rows_tile{6, 2};
template <> inline constexpr tile best_tile<bf16>{4, 2}; // 8, beside 4 registers of widened weights
template <> inline constexpr tile few_rows_tile<bf16>{4, 2};
template <> inline constexpr tile best_tile<i8>{4, 2};
template <> inline constexpr tile few_rows_tile<i8>{4, 2};
#elif defined(__aarch64__)
template <element E> inline constexpr tile best_tile{4, 4}; // 16 sums of 4, of 32 registers
template <element E> inline constexpr tile few_rows_tile{4, 4};
#else
template <element E> inline constexpr tile best_tile{4, 2}; // 8 sums of 4, of 16 registers
template <element E> inline constexpr tile few_rows_tile{4, 2};
#if defined(__wasm_relaxed_simd__) // fused: no register for a product
template <> inline constexpr tile best_tile<f32>{6, 2};
#elif defined(__SSE2__)
template <> inline constexpr tile best_tile<i8>{6, 2};
#endif
#endif

// Elements in blocks have two sums, of floats and of a block's integers. Where 32 registers of 64 bytes hold a block's
// weights, those stay while the rows pass, one after another; elsewhere the sums do while the lines pass. One row takes
// a whole panel at once, so that memory is read in its order.
#if defined(__AVX512F__)
inline constexpr bool weights_stay = true;
template <element E>
    requires(in_blocks(E))
inline constexpr tile best_tile<E>{12, 1};
template <element E>
    requires(in_blocks(E))
inline constexpr tile few_rows_tile<E>{1, 1};
#elif defined(__AVX2__)
inline constexpr bool weights_stay = false;
template <element E>
    requires(in_blocks(E))
inline constexpr tile best_tile<E>{4, 2};
template <element E>
    requires(in_blocks(E))
inline constexpr tile few_rows_tile<E>{1, 2};
#else
inline constexpr bool weights_stay = false;
template <element E>
    requires(in_blocks(E))
inline constexpr tile best_tile<E>{8, 1};
template <element E>
    requires(in_blocks(E))
inline constexpr tile few_rows_tile<E>{1, 4};
#endif

} // namespace constformer::ops::inline CONSTFORMER_ISA
