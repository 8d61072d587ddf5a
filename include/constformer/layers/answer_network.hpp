// answer_network: labels of a pair of texts by reasoning in steps: MT-DNN's answer module (Liu, Duh, Gao 2018,
// "Stochastic Answer Networks for Natural Language Inference"; what is stochastic there is its training).
#pragma once

#include "constformer/layers/gru.hpp"
#include "constformer/ops/reduce.hpp"
#include "constformer/ops/softmax.hpp"

#include <cmath>

namespace constformer::inline CONSTFORMER_ISA {

// H the tokens of the second text, P those of the first, [CLS] included; of a text alone both are all of it.
//     s₀ = Σ softmax(w·H) H
//     xₖ = Σ softmax(P (W sₖ + b)) P        sₖ₊₁ = GRU(xₖ, sₖ)
//     pₖ = softmax(V [xₖ; sₖ; |xₖ - sₖ|; xₖ sₖ] + v)
// y = log of the mean of p₀ … p of the last step, so that softmax(y) is that mean: (tokens, width) -> (sentences,
// labels). No class of PyTorch is this; tests/golden/make/multi_task.py has it.
template <int Width, int Labels, int Steps = 5, element E = f32> struct answer_network {
    static_assert(Labels > 1 && Steps > 0, "answer_network: at least 2 labels and 1 step are needed");
    vector<Width> question;                   // w
    linear<Width, Width, true, E> attend;     // W, b
    gru_cell<Width, Width, E> recur;          // GRU
    linear<4 * Width, Labels, true, E> score; // V, v

    static constexpr int outputs = Labels;
    static constexpr std::size_t scratch(lengths n, int threads = 1) {
        const auto sentences = std::size_t(n.sentences);
        return together(2 * room(sentences, Width), room(sentences, 4 * Width), room(sentences, Labels),
                        room(std::size_t(n.longest)),
                        either(decltype(attend)::scratch(n.sentences, threads),
                               decltype(recur)::scratch(n.sentences, threads),
                               decltype(score)::scratch(n.sentences, threads)));
    }
    static constexpr double flops(lengths n) {
        return Steps * (4.0 * n.tokens * Width + decltype(attend)::flops(n.sentences) +
                        decltype(recur)::flops(n.sentences) + decltype(score)::flops(n.sentences));
    }
    // segments: 0 for the first text, 1 for the second; empty: all 0. each: the tokens of each sentence.
    void forward(const_rows<Width> x, std::span<const int> segments, std::span<const int> each, rows<Labels> y,
                 workspace auto m) const {
        const int n = y.count;
        rows<Width> state = m.take(n), asked = m.take(n);
        rows<4 * Width> parts = m.take(n);
        rows<Labels> probable = m.take(n);
        rows<1> weights = m.take(longest(x.count, each));
        const rows<Width> found = parts.template columns<Width>(0), same = parts.template columns<Width>(Width),
                          apart = parts.template columns<Width>(2 * Width),
                          product = parts.template columns<Width>(3 * Width);
        for (int s = 0; s < n; ++s) std::copy_n(question.data, Width, asked[s]);
        weigh(x, segments, each, 1, asked, state, weights.data);
        for (int step = 0; step < Steps; ++step) {
            attend.forward(const_rows<Width>(state), asked, m); // (sentences, width) -> (sentences, width)
            weigh(x, segments, each, 0, asked, found, weights.data);
            for (const rows<Width> to : {same, apart, product})
                for (int s = 0; s < n; ++s) std::copy_n(state[s], Width, to[s]);
            for (int s = 0; s < n; ++s)
                for (int i = 0; i < Width; ++i) apart[s][i] = std::abs(apart[s][i] - found[s][i]);
            ops::multiply_by(const_rows<Width>(found), product);
            score.forward(const_rows<4 * Width>(parts), probable, m); // (sentences, 4 * width) -> (sentences, labels)
            for (int s = 0; s < n; ++s) {
                ops::softmax(probable[s], Labels);
                for (int i = 0; i < Labels; ++i) y[s][i] = (step == 0 ? 0.0f : y[s][i]) + probable[s][i];
            }
            if (step + 1 < Steps) recur.forward(found, state, m);
        }
        for (int s = 0; s < n; ++s)
            for (int i = 0; i < Labels; ++i) y[s][i] = std::log(y[s][i] / Steps);
    }

  private:
    static int longest(int tokens, std::span<const int> each) {
        int most = each.empty() ? tokens : 0;
        for (const int n : each) most = n > most ? n : most;
        return most;
    }
    // y[s] = Σ softmax(x·q[s]) x over the tokens of one text of sentence s, over all where it has but one.
    static void weigh(const_rows<Width> x, std::span<const int> segments, std::span<const int> each, int text,
                      const_rows<Width> q, rows<Width> y, float* weights) {
        for (int s = 0, begin = 0; s < y.count; ++s) {
            const int n = each.empty() ? x.count : each[std::size_t(s)];
            const auto of = [&](int i) { return segments.empty() ? 0 : segments[std::size_t(begin + i)]; };
            int seconds = 0, count = 0;
            for (int i = 0; i < n; ++i) seconds += of(i) == 1;
            const bool alone = seconds == 0 || seconds == n;
            for (int i = 0; i < n; ++i)
                if (alone || of(i) == text) weights[count++] = ops::dot(x[begin + i], q[s], Width);
            ops::softmax(weights, count);
            std::fill_n(y[s], Width, 0.0f);
            count = 0;
            for (int i = 0; i < n; ++i) {
                if (!alone && of(i) != text) continue;
                const float weight = weights[count++];
                for (int c = 0; c < Width; ++c) y[s][c] += weight * x[begin + i][c];
            }
            begin += n;
        }
    }
};

} // namespace constformer::inline CONSTFORMER_ISA
