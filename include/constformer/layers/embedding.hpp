// embedding: a row a token; also the tied head that reads the same table again.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/ops/gather.hpp"
#include "constformer/ops/matmul.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// N rows of Width: floats, or a matrix in blocks, whose rows become floats where they are looked up. PyTorch:
// nn.Embedding(N, Width). Ids must lie in [0, N): a family's check sees to it.
template <int N, int Width, element E = f32> struct embedding {
    static_assert(E == f32 || in_blocks(E), "embedding: a table holds f32, q8 or q4");
    std::conditional_t<E == f32, table<N, Width>, matrix<N, Width, E>> weight;

    // y = weight[ids]: (n) -> (n, Width)
    void look_up(std::span<const int> ids, rows<Width> y) const { ops::look_up(weight, ids, y); }

    // y += weight[ids]; no ids: row 0 for every token (BERT's segments when there is one text).
    void add(std::span<const int> ids, rows<Width> y) const {
        for (int i = 0; i < y.count; ++i) ops::add(weight, ids.empty() ? 0 : ids[std::size_t(i)], y[i]);
    }

    // y += weight[position], positions counted from `past` in each sentence of the packed batch.
    void add_positions(std::span<const int> lengths, rows<Width> y, int past = 0) const {
        int position = past, sentence = 0, end = lengths.empty() ? y.count : lengths[0];
        for (int i = 0; i < y.count; ++i, ++position) {
            if (i == end) end += lengths[std::size_t(++sentence)], position = past;
            ops::add(weight, position, y[i]);
        }
    }

    // The same where tokens that are `padding` have no place: they get row `padding`, and the others are counted from
    // the row behind it. RoBERTa's positions; Transformers: create_position_ids_from_input_ids.
    void add_positions_behind(int padding, std::span<const int> ids, std::span<const int> lengths,
                              rows<Width> y) const {
        int position = padding, sentence = 0, end = lengths.empty() ? y.count : lengths[0];
        for (int i = 0; i < y.count; ++i) {
            if (i == end) end += lengths[std::size_t(++sentence)], position = padding;
            const bool counts = ids[std::size_t(i)] != padding;
            position += counts;
            ops::add(weight, counts ? position : padding, y[i]);
        }
    }

    // The tied head: x weight' + bias, (n, Width) -> (n, N). `bias` is a vector<N> or absent.
    template <class Bias> void logits(const_rows<Width> x, const Bias& bias, rows<N> y, workspace auto m) const {
        if constexpr (E == f32)
            ops::multiply(weight, bias, x, y, m);
        else
            ops::multiply(weight, bias, ops::prepare<E>(x, m), y, m);
    }
    static constexpr std::size_t logits_scratch(int n, int threads = 1) {
        return ops::prepare_room<E>(n, Width, threads);
    }
    static constexpr double logits_flops(double n) { return 2.0 * n * Width * N; }
};

// An embedding whose head reads it as often as it is looked up: stored as the matrix that the head multiplies by, in
// the precision of E, from which the few rows that tokens need are gathered. A language model's whose head is tied.
template <int N, int Width, element E = f32> struct tied_embedding {
    matrix<N, Width, E> weight;

    // y = weight[ids]: (n) -> (n, Width)
    void look_up(std::span<const int> ids, rows<Width> y) const { ops::look_up(weight, ids, y); }
    // x weight' + bias, (n, Width) -> (n, N). `bias` is a vector<N> or absent.
    template <class Bias> void logits(const_rows<Width> x, const Bias& bias, rows<N> y, workspace auto m) const {
        ops::multiply(weight, bias, ops::prepare<E>(x, m), y, m);
    }
    void forward(const_rows<Width> x, rows<N> y, workspace auto m) const { logits(x, absent<void>{}, y, m); }
    static constexpr std::size_t scratch(int n, int threads = 1) { return ops::prepare_room<E>(n, Width, threads); }
    static constexpr double flops(double n) { return 2.0 * n * Width * N; }
};

} // namespace constformer::inline CONSTFORMER_ISA
