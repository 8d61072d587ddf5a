// attention: two verbs over a memory. remember() turns a source into keys and values; attend() looks at them. Where the
// memory lives decides what it is: workspace (an encoder), the caller's state (a cache), read once (cross-attention).
#pragma once

#include "constformer/layers/linear.hpp"
#include "constformer/ops/attend_one.hpp"
#include "constformer/ops/rotate.hpp"
#include "constformer/ops/rounded.hpp"

#include <cmath>

namespace constformer {

// The shape of one attention. `head_width` need not be width / heads (T5); `source` is the width of what is looked at.
struct attention_shape {
    int width, heads, kv_heads = heads, head_width = width / heads, source = width;
    bool bias = true, scaled = true, output_bias = bias;
};

// Keys and values: (capacity, Width) each, `length` of them filled; floats, or bfloat16 as its bits. A view; rewinding
// is length = n.
template <int Width, class T = float> struct key_values {
    rows<Width, T> keys, values;
    int length = 0;

    static constexpr std::size_t bytes(int capacity) { return 2 * room<T>(std::size_t(capacity), Width); }
    // Takes the memory for `capacity` tokens from a workspace.
    static key_values in(auto& m, int capacity) {
        rows<Width, T> keys = m.take(capacity), values = m.take(capacity);
        return {keys, values};
    }
    [[nodiscard]] int capacity() const { return keys.count; }
};

// What a decoder of element E keeps keys and values in: reading them is much of what a token costs behind a long text,
// and where weights are rounded, they may be.
template <element E> using kept_number = std::conditional_t<E == f32, float, std::uint16_t>;

inline namespace CONSTFORMER_ISA {

// softmax(rule(Q K' / sqrt(d))) V O', (n, width) -> (n, width), with Q = x Wq', K = source Wk', V = source Wv'.
// PyTorch: nn.MultiheadAttention(width, heads, kdim=source, vdim=source). Vaswani et al. 2017, section 3.2;
// kv_heads < heads: grouped queries, Ainslie et al. 2023. x and y must not overlap unless y is onto(x).
template <attention_shape s, element E = f32> struct attention {
    static_assert(s.heads > 0 && s.kv_heads > 0 && s.heads % s.kv_heads == 0,
                  "attention: .heads must be a multiple of .kv_heads");
    static constexpr int width = s.width, inner = s.heads * s.head_width, narrow = s.kv_heads * s.head_width;
    using memory = key_values<narrow>;
    using kept = key_values<narrow, kept_number<E>>; // between calls

    linear<s.width, inner, s.bias, E> query;
    linear<s.source, narrow, s.bias, E> key, value;
    linear<inner, s.width, s.output_bias, E> output;

    // Of remember(): n tokens of a source.
    static constexpr std::size_t remember_scratch(int n, int threads = 1) {
        return ops::prepare_room<E>(n, s.source, threads);
    }
    // Of attend(): n queries over `keys` remembered tokens.
    static constexpr std::size_t scratch(int n, int keys, int threads = 1) {
        return together(room(std::size_t(n), inner), room(std::size_t(n), inner),
                        either(decltype(query)::scratch(n, threads), decltype(output)::scratch(n, threads),
                               look_scratch(n, keys, threads)));
    }
    // Of encode(): a packed batch that looks at itself.
    static constexpr std::size_t encode_scratch(lengths n, int threads = 1) {
        return together(memory::bytes(n.tokens), remember_scratch(n.tokens, threads),
                        room(std::size_t(n.tokens), inner), room(std::size_t(n.tokens), inner),
                        either(decltype(output)::scratch(n.tokens, threads),
                               ops::attend_scratch<E>(n.longest, s.head_width, threads)));
    }
    // Of extend(): n tokens that see `keys`, themselves included.
    static constexpr std::size_t extend_scratch(int n, int keys, int threads = 1) {
        const std::size_t widened = std::same_as<kept, memory> ? 0 : memory::bytes(keys);
        return together(room(std::size_t(n), inner), widened,
                        either(remember_scratch(n, threads),
                               together(room(std::size_t(n), inner), either(decltype(output)::scratch(n, threads),
                                                                            look_scratch(n, keys, threads)))));
    }
    // Of n queries that look at `keys` remembered tokens, without the linear maps.
    static constexpr std::size_t look_scratch(int n, int keys, int threads = 1) {
        return n == 1 ? ops::attend_one_scratch<E>(keys, s.heads, s.head_width, threads)
                      : ops::attend_scratch<E>(keys, s.head_width, threads);
    }
    static constexpr double flops(lengths n) {
        return linear<s.width, inner>::flops(n.tokens) + 2 * linear<s.source, narrow>::flops(n.tokens) +
               linear<inner, s.width>::flops(n.tokens) + 4.0 * n.squares * inner;
    }

    // Of attend() alone.
    static constexpr double attend_flops(lengths n) {
        return linear<s.width, inner>::flops(n.tokens) + linear<inner, s.width>::flops(n.tokens) +
               4.0 * n.squares * inner;
    }

    // Appends the keys and values of `source`, (n, source) -> n more in `past`. The caller has seen to the capacity.
    void remember(const auto& source, memory& past, workspace auto m) const {
        m.watch.stage("attention");
        const auto once = ops::prepare<E>(source, m);
        const key_values<narrow> to = append(past, source.count);
        ops::multiply<E>(m, {key.plan(once, to.keys), value.plan(once, to.values)});
    }

    // Looks at everything remembered, (n, width) -> (n, width). `queries` and `keys` cut a packed batch into sentences.
    void attend(const auto& x, const memory& past, auto y, const ops::rule auto& rule, workspace auto m,
                std::span<const int> queries = {}, std::span<const int> keys = {}) const {
        m.watch.stage("attention");
        rows<inner> q = m.take(x.count);
        query.forward(x, q, m); // (n, width) -> (n, heads · head_width)
        look(q, past, y, rule, m, queries, keys);
    }

    // The two together, for an encoder: every sentence looks at itself, and the memory is scratch.
    void encode(const_rows<s.width> x, auto y, std::span<const int> each, const ops::rule auto& rule,
                workspace auto m) const {
        m.watch.stage("attention");
        auto now = memory::in(m, x.count);
        const auto once = ops::prepare<E>(x, m);
        rows<inner> q = m.take(x.count);
        const key_values<narrow> to = append(now, x.count);
        ops::multiply<E>(m, {query.plan(once, q), key.plan(once, to.keys), value.plan(once, to.values)});
        look<false>(q, now, y, rule, m, each, each);
    }

    // The two together, for a decoder: tokens that go on from what `past` holds look at it and at themselves. Keys are
    // turned before they are remembered, `turn` being ops::turned_by these tokens' places.
    template <class Turn = ops::unturned>
    void extend(const_rows<s.width> x, memory& past, auto y, const ops::rule auto& rule, workspace auto m,
                const Turn& turn = {}) const {
        m.watch.stage("attention");
        rows<inner> q = m.take(x.count);
        const key_values<narrow> to = append(past, x.count);
        {
            auto rest = m; // what the three read is free again behind them
            const auto once = ops::prepare<E>(x, rest);
            ops::multiply<E>(rest, {query.plan(once, q), key.plan(once, to.keys), value.plan(once, to.values)});
        }
        turn.forward(q, s.heads, m);
        turn.forward(to.keys, s.kv_heads, m);
        look(q, past, y, rule, m, {}, {});
    }
    // The same with a memory that rounds: what is new is rounded, too, before it is looked at, so that several tokens
    // at once see the same numbers as one after another. A single query reads the memory as it is, several have it
    // widened.
    template <class Turn = ops::unturned>
    void extend(const_rows<s.width> x, key_values<narrow, std::uint16_t>& past, auto y, const ops::rule auto& rule,
                workspace auto m, const Turn& turn = {}) const {
        m.watch.stage("attention");
        rows<inner> q = m.take(x.count);
        const auto to = append(past, x.count);
        auto all = memory::in(m, past.length);
        {
            const rows<narrow> k = all.keys.part(0, x.count), v = all.values.part(0, x.count);
            auto rest = m;
            const auto once = ops::prepare<E>(x, rest);
            ops::multiply<E>(rest, {query.plan(once, q), key.plan(once, k), value.plan(once, v)});
            turn.forward(q, s.heads, m);
            turn.forward(k, s.kv_heads, m);
            ops::to_bfloat16<narrow>(k, to.keys, m);
            ops::to_bfloat16<narrow>(v, to.values, m);
        }
        if (x.count == 1 && !m.watch.wants_attention()) return look(q, past, y, rule, m, {}, {});
        all.length = past.length;
        ops::from_bfloat16<narrow>(past.keys.part(0, past.length), all.keys, m);
        ops::from_bfloat16<narrow>(past.values.part(0, past.length), all.values, m);
        look<false>(q, all, y, rule, m, {}, {});
    }

    // The next n places of a memory.
    template <class T> static key_values<narrow, T> append(key_values<narrow, T>& past, int n) {
        if (past.length + n > past.capacity())
            refuse("attention: the memory is full; its capacity is the most tokens it can hold");
        const key_values<narrow, T> to{past.keys.part(past.length, n), past.values.part(past.length, n)};
        past.length += n;
        return to;
    }
    // attend() behind its queries. `One`: a single query takes the way of its own; encoders do without that code.
    template <bool One = true, class T>
    void look(const_rows<inner> q, const key_values<narrow, T>& past, auto y, const ops::rule auto& rule,
              workspace auto m, std::span<const int> queries, std::span<const int> keys) const {
        rows<inner> o = m.take(q.count);
        const rows<narrow, const T> k = past.keys.part(0, past.length), v = past.values.part(0, past.length);
        const float scale = s.scaled ? 1 / std::sqrt(float(s.head_width)) : 1.0f;
        if constexpr (One)
            if (q.count == 1 && queries.empty() && !m.watch.wants_attention()) {
                ops::attend_one<s.heads, s.kv_heads, s.head_width, E>(q, k, v, o, scale, rule, m);
                return output.forward(o, y, m); // (1, heads · head_width) -> (1, width)
            }
        if constexpr (std::same_as<T, float>) {
            ops::attend<s.heads, s.kv_heads, s.head_width, E>(q, k, v, o, queries, keys, scale, rule, m);
            output.forward(o, y, m); // (n, heads · head_width) -> (n, width)
        }
    }
};

} // namespace CONSTFORMER_ISA
} // namespace constformer
