// relative_attention: attention whose scores know distances and segments instead of positions. Dai et al. 2019 and Yang
// et al. 2019. Two streams may look at one memory: what stands there, and what is asked for.
#pragma once

#include "constformer/layers/attention.hpp"
#include "constformer/ops/pool.hpp"
#include "constformer/ops/relative_keys.hpp"

namespace constformer {

// Where the queries of a stream stand and what they may see.
struct relative_view {
    std::span<const int> each{};     // tokens of each sentence of a packed batch; empty: one sentence
    std::span<const int> segments{}; // of the tokens; empty: there are none
    std::span<const int> keep{};     // 0: nobody but itself sees the token; empty: all 1
    std::span<const int> hidden{};   // (tokens, tokens), 1: may not be seen; of one sentence; empty: all 0
    std::span<const int> seats{};    // the token that each query stands for; empty: each its own
    int tokens = 0, past = 0;        // the tokens now, and those remembered before
    bool itself = true;              // a query sees its own token whatever the masks say
};

inline namespace CONSTFORMER_ISA {

// softmax(((q + u) k' + (q + v) r' + (q + w) s') / sqrt(d)) V O', (n, width) -> (n, width): k of the keys, r of their
// distances, s of their segment, same or other; u, v and w are vectors. Transformers: XLNetRelativeAttention.
template <attention_shape s, element E = f32> struct relative_attention {
    static constexpr int width = s.width, inner = s.heads * s.head_width;
    using memory = key_values<inner>;

    linear<s.width, inner, false, E> query, key, value, position;
    linear<inner, s.width, false, E> output;
    vector<inner> content_bias, position_bias, segment_bias;
    table<2, inner> segments; // same, other

    static constexpr std::size_t remember_scratch(int n, int threads = 1) {
        return ops::prepare_room<E>(n, s.width, threads);
    }
    // Of attend(): n queries over `keys` tokens of the longest sentence.
    static constexpr std::size_t scratch(int n, int keys, int threads = 1) {
        return together(3 * room(std::size_t(n), inner), room(std::size_t(n), 2 * s.heads),
                        either(decltype(query)::scratch(n, threads), decltype(output)::scratch(n, threads),
                               ops::attend_scratch<E>(keys, s.head_width, threads)));
    }
    static constexpr double flops(lengths n) {
        return 4 * linear<s.width, inner>::flops(n.tokens) + linear<inner, s.width>::flops(n.tokens) +
               linear<s.width, inner>::flops(n.longest) + 6.0 * n.squares * inner;
    }

    // Appends the keys and values of `source`, (n, width) -> n more in `past`.
    void remember(const_rows<s.width> source, memory& past, workspace auto m) const {
        const auto once = ops::prepare<E>(source, m);
        const key_values<inner> to{past.keys.part(past.length, source.count),
                                   past.values.part(past.length, source.count)};
        past.length += source.count;
        ops::multiply<E>(m, {key.plan(once, to.keys), value.plan(once, to.values)});
    }

    // distances: (band, inner), the waves behind `position`; row `zero` is of a key at the query's own place.
    void attend(const_rows<s.width> x, const memory& past, const_rows<inner> distances, int zero,
                const relative_view& view, auto y, workspace auto m) const {
        rows<inner> q = m.take(x.count), asked = m.take(x.count), o = m.take(x.count);
        rows<2 * s.heads> kin = m.take(x.count);
        query.forward(x, q, m); // (n, width) -> (n, heads · head_width)
        const float scale = 1 / std::sqrt(float(s.head_width));
        for (int i = 0; i < x.count; ++i) {
            std::copy_n(q[i], inner, asked[i]);
            ops::detail::add_row(segment_bias.data, asked[i], inner);
            for (int h = 0; h < s.heads; ++h)
                for (int other : {0, 1})
                    kin[i][2 * h + other] =
                        scale * ops::dot(asked[i] + h * s.head_width, segments[other] + h * s.head_width, s.head_width);
            std::copy_n(q[i], inner, asked[i]);
            ops::detail::add_row(position_bias.data, asked[i], inner);
            ops::detail::add_row(content_bias.data, q[i], inner);
        }
        const ops::relative_keys<s.head_width> near{.x = asked.data,
                                                    .r = distances.data,
                                                    .x_stride = asked.stride,
                                                    .r_stride = distances.stride,
                                                    .zero = zero,
                                                    .past = view.past,
                                                    .scale = scale,
                                                    .seats = view.seats};
        const ops::by_segment same{kin.data, kin.stride, view.segments, view.seats, view.past};
        const ops::hidden_pairs mask{view.hidden, view.keep, view.seats, view.tokens, view.past, view.itself};
        ops::attend<s.heads, s.heads, s.head_width, E>(q, past.keys.part(0, past.length),
                                                       past.values.part(0, past.length), o, view.each, view.each, scale,
                                                       near & same & mask, m);
        output.forward(o, y, m); // (n, heads · head_width) -> (n, width)
    }
};

} // namespace CONSTFORMER_ISA
} // namespace constformer
