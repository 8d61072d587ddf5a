// attend: y = softmax(rule(scale · q k')) v, all heads of all sentences, fused. Vaswani et al. 2017, equation 1; the
// softmax over parts of the keys is Milakov and Gimelshein's (2018), as in FlashAttention (Dao et al. 2022).
//
// Queries pass in blocks that lie side by side in registers: a block is transposed once, and from then on a key, a
// value and a score are each one number times a register of queries. So keys and values are read where they lie, the
// maximum and the sum of the softmax are elementwise, and of the scores only a tile, (keys of a part, queries of a
// block), ever exists, in the first-level cache.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/ops/outer.hpp"
#include "constformer/ops/rules.hpp"
#include "constformer/ops/softmax.hpp"

#include <atomic>

namespace constformer::ops::inline CONSTFORMER_ISA {

inline constexpr int query_block = 2 * lanes; // queries side by side
inline constexpr int key_part = 128;          // keys between two corrections of the softmax; even
// The memory of a block, the same for every instruction set.
inline constexpr int widest_block = 32;
static_assert(query_block <= widest_block);

// Bytes of the scratch of one worker; `pairs`: for keys and values as pairs of bfloat16, too.
constexpr std::size_t attend_room(int keys, int head_width, bool pairs = false) {
    const auto n = std::size_t(keys), d = std::size_t(head_width);
    const std::size_t floats = together(room(d, widest_block), // queries, transposed
                                        room(d, widest_block), // values, transposed
                                        room(std::size_t(std::min(keys, key_part)), widest_block), // scores
                                        room(n)); // one query's probabilities
    return floats + (pairs ? together(room<std::uint32_t>(n, (d + 1) / 2),
                                      room<std::uint32_t>((n + 1) / 2, std::size_t(round_up(head_width, panel))))
                           : 0);
}
// Of attend() in the precision of E.
template <element E = f32> constexpr std::size_t attend_scratch(int keys, int head_width, int threads = 1) {
    return std::size_t(threads) * attend_room(keys, head_width, E != f32);
}

// One head of one sentence, as numbers.
struct head_view {
    const float* q;
    const float* k;
    const float* v;
    float* y;
    std::ptrdiff_t q_stride, kv_stride, v_stride, y_stride;
    int queries, keys, head_width;
    float scale;
};

namespace detail {

// What is hidden by a rule's visible() lies below what a rule hides by `never`: where all that a query sees is hidden,
// it averages what it sees.
inline constexpr float invisible = 2 * never;

// Keys and values as the products read them: where they lie, or as pairs, (keys, head_width / 2) and (keys / 2,
// head_width).
template <class Unit> struct sources {
    const Unit *k, *v;
    std::ptrdiff_t k_stride, v_stride;
    int depth; // of a key, in units
};
inline sources<float> as_they_lie(const head_view& h) { return {h.k, h.v, h.kv_stride, h.v_stride, h.head_width}; }

// The softmax so far of the queries of a block.
struct running {
    alignas(64) float most[query_block], sum[query_block], factor[query_block];
};
// Scores become e^(score - most), one number a key or one pair for two; `state` is brought to the new maximum.
template <class Unit, int Vecs> inline void exponentials(float* scores, int keys, bool first, running& state) {
    constexpr int wide = Vecs * lanes;
    for (int v = 0; v < Vecs; ++v) {
        float* const s = scores + v * lanes;
        vec top = first ? load(s) : xsimd::max(load(state.most + v * lanes), load(s));
        for (int k = 1; k < keys; ++k) top = xsimd::max(top, load(s + k * wide));
        // (subtracted before it is scaled: hidden scores are so large that nothing else gives exactly 0)
        const auto exponential = [&](const float* x) { return exp2_below((load(x) - top) * splat(1.44269504f)); };
        vec sum = splat(0.0f);
        if constexpr (std::same_as<Unit, float>) {
#pragma GCC unroll 2
            for (int k = 0; k < keys; ++k) {
                const vec e = exponential(s + k * wide);
                store(s + k * wide, e);
                sum = sum + e;
            }
        }
#if defined(CONSTFORMER_DOT_BF16)
        else
            for (int k = 0; k < keys; k += 2) { // a pair lies where its first score, or one before it, was
                const vec e = exponential(s + k * wide);
                const vec other = k + 1 < keys ? exponential(s + (k + 1) * wide) : splat(0.0f);
                store_pairs(s + k / 2 * wide, e, other);
                sum = sum + (e + other);
            }
#endif
        if (!first) {
            const vec factor = exponential(state.most + v * lanes);
            store(state.factor + v * lanes, factor);
            sum = fma(load(state.sum + v * lanes), factor, sum);
        }
        store(state.most + v * lanes, top);
        store(state.sum + v * lanes, sum);
    }
}

// Queries [first, first + count) of a head, count <= Vecs * lanes.
template <int Vecs, class Unit, rule Rule>
void attend_block(const head_view& h, const sources<Unit>& from, int head, int first, int count, const Rule& rule,
                  float* memory) {
    constexpr int wide = Vecs * lanes, together = std::same_as<Unit, float> ? 1 : 2; // keys in a unit
    const std::size_t square = room(std::size_t(h.head_width), widest_block) / sizeof(float);
    float *const q = memory, *const y = q + square,
                 *const scores = y + square; // (head_width, wide) twice, (keys, wide)
    transpose_rows(h.q + first * h.q_stride, h.q_stride, count, h.head_width, q, wide, true,
                   [scale = splat(h.scale)](vec v, int) { return v * scale; });
#if defined(CONSTFORMER_DOT_BF16)
    if constexpr (together == 2) pack_rows(q, h.head_width, wide);
#endif

    key_range sees[wide], some{h.keys, 0}, all{0, h.keys}; // what each, any and every query of the block sees
    for (int i = 0; i < count; ++i) {
        const key_range one = sees[i] = rule.visible(first + i, h.keys);
        if (one.begin >= one.end) continue;
        some = {std::min(some.begin, one.begin), std::max(some.end, one.end)};
        all = {std::max(all.begin, one.begin), std::min(all.end, one.end)};
    }
    float* const to = h.y + first * h.y_stride;
    if (some.begin >= some.end) {
        for (int i = 0; i < count; ++i) std::fill_n(to + i * h.y_stride, h.head_width, 0.0f);
        return;
    }
    some.begin -= some.begin % 2; // pairs begin at even keys

    running state;
    for (int key = some.begin; key < some.end; key += key_part) {
        const int keys = std::min(key_part, some.end - key);
        multiply_rows<Vecs>(outer<Unit>{.a = from.k + key * from.k_stride,
                                        .row = from.k_stride,
                                        .step = 1,
                                        .b = reinterpret_cast<const Unit*>(q),
                                        .c = scores,
                                        .wide = wide,
                                        .depth = from.depth,
                                        .factor = nullptr},
                            keys); // (keys, head_width) x (head_width, queries) -> (keys, queries)
        if constexpr (changes_scores<Rule>)
            rule(head, score_tile{.data = scores,
                                  .query_step = 1,
                                  .key_step = wide,
                                  .query = first,
                                  .queries = count,
                                  .key = key,
                                  .keys = keys});
        for (int k = 0; k < keys; ++k)
            if (key + k < all.begin || key + k >= all.end)
                for (int i = 0; i < count; ++i)
                    if (key + k < sees[i].begin || key + k >= sees[i].end) scores[k * wide + i] = invisible;
        exponentials<Unit, Vecs>(scores, keys, key == some.begin, state);
        multiply_rows<Vecs>(outer<Unit>{.a = from.v + key / together * from.v_stride,
                                        .row = 1,
                                        .step = from.v_stride,
                                        .b = reinterpret_cast<const Unit*>(scores),
                                        .c = y,
                                        .wide = wide,
                                        .depth = (keys + together - 1) / together,
                                        .factor = key == some.begin ? nullptr : state.factor},
                            h.head_width); // (head_width, keys) x (keys, queries) -> (head_width, queries)
    }
    for (int i = 0; i < wide; ++i) state.sum[i] = i < count && sees[i].begin < sees[i].end ? 1 / state.sum[i] : 0.0f;
    transpose_rows(y, wide, h.head_width, count, to, h.y_stride, false,
                   [&](vec v, int query) { return v * load(state.sum + query); });
}

// One query by itself, along the head's width: what decoding a token does, and what an observer sees.
template <rule Rule>
void attend_row(const head_view& h, int head, int query, const Rule& rule, float* scores) {
    const key_range sees = rule.visible(query, h.keys);
    const int count = sees.end - sees.begin;
    float* const to = h.y + query * h.y_stride;
    std::fill(scores, scores + sees.begin, 0.0f);
    std::fill(scores + sees.end, scores + h.keys, 0.0f);
    for (int k = sees.begin; k < sees.end; ++k)
        scores[k] = dot(h.q + query * h.q_stride, h.k + k * h.kv_stride, h.head_width) * h.scale;
    if constexpr (changes_scores<Rule>)
        rule(head, score_tile{.data = scores + sees.begin,
                              .query_step = h.keys,
                              .key_step = 1,
                              .query = query,
                              .queries = 1,
                              .key = sees.begin,
                              .keys = count});
    if (count > 0) softmax(scores + sees.begin, count);
    for (int d = 0; d < h.head_width; d += lanes) {
        const int left = h.head_width - d;
        const auto sum_of = [&](auto value) { // of even and of odd keys
            vec even = splat(0.0f), odd = even;
            int k = sees.begin;
            for (; k + 2 <= sees.end; k += 2) {
                even = fma(splat(scores[k]), value(k), even);
                odd = fma(splat(scores[k + 1]), value(k + 1), odd);
            }
            if (k < sees.end) even = fma(splat(scores[k]), value(k), even);
            return even + odd;
        };
        if (left >= lanes)
            store(to + d, sum_of([&](int k) { return load(h.v + k * h.v_stride + d); }));
        else
            store_part(to + d, sum_of([&](int k) { return load_part(h.v + k * h.v_stride + d, left); }), left);
    }
}
} // namespace detail

// One head of one sentence: (queries, width) x (keys, width) -> (queries, width), in the precision of E. `first` is the
// sentence's place in the packed batch (for the observer); `memory` has attend_room(keys, head_width, E != f32) bytes.
template <element E = f32, rule Rule>
void attend_head(const head_view& h, int head, int first, const Rule& rule, std::byte* memory, const auto& watch) {
    float* const floats = reinterpret_cast<float*>(memory);
    const std::size_t room_of_floats = attend_room(h.keys, h.head_width) / sizeof(float);
    if (h.queries <= 2 || watch.wants_attention()) { // too few to fill a register
        float* const scores = floats + room_of_floats - room(std::size_t(h.keys)) / sizeof(float);
        for (int i = 0; i < h.queries; ++i) {
            detail::attend_row(h, head, i, rule, scores);
            if (watch.wants_attention())
                watch.attention(head, first + i, std::span<const float>(scores, std::size_t(h.keys)));
        }
        return;
    }
    const auto blocks = [&](const auto& from) {
        for (int i = 0; i < h.queries; i += query_block) {
            const int count = std::min(query_block, h.queries - i);
            if (count <= lanes)
                detail::attend_block<1>(h, from, head, i, count, rule, floats);
            else
                detail::attend_block<2>(h, from, head, i, count, rule, floats);
        }
    };
#if defined(CONSTFORMER_DOT_BF16)
    if constexpr (E != f32) {
        pair* const k = reinterpret_cast<pair*>(floats + room_of_floats);
        const std::ptrdiff_t depth = (h.head_width + 1) / 2, width = round_up(h.head_width, panel);
        pair* const v = k + room<std::uint32_t>(std::size_t(h.keys), std::size_t(depth)) / sizeof(pair);
        detail::pack_along(h.k, h.kv_stride, h.keys, h.head_width, k);
        detail::pack_across(h.v, h.v_stride, h.keys, h.head_width, v, width);
        return blocks(detail::sources<pair>{k, v, depth, width, int(depth)});
    }
#endif
    blocks(detail::as_they_lie(h));
}

// All heads, side by side in the rows; KvHeads divides Heads (grouped queries). For an element E other than f32 the two
// products are of bfloat16 where the instruction set has them. Query tokens are packed as `queries`
// says (each sentence's count), their keys as `keys` says; both empty: one sentence. PyTorch:
// F.scaled_dot_product_attention(q, k, v, mask, scale=scale) a sentence.
template <int Heads, int KvHeads, int HeadWidth, element E = f32, rule Rule>
void attend(const_rows<Heads * HeadWidth> q, const_rows<KvHeads * HeadWidth> k, const_rows<KvHeads * HeadWidth> v,
            rows<Heads * HeadWidth> y, std::span<const int> queries, std::span<const int> keys, float scale,
            const Rule& rule, workspace auto m) {
    const int sentences = queries.empty() ? 1 : int(queries.size());
    int longest = k.count;
    if (!queries.empty()) longest = *std::max_element(keys.begin(), keys.end());
    const std::size_t each = attend_room(longest, HeadWidth, E != f32);
    std::byte* const memory = m.bytes(each * std::size_t(m.threads.size()));
    // Workers take one head of one sentence after another, so that long sentences do not wait for each other.
    std::atomic<int> next = 0;
    m.threads.split(m.threads.size(), [&](int, int, int worker) {
        int s = 0, first_query = 0, first_key = 0;
        for (int item; (item = next.fetch_add(1, std::memory_order_relaxed)) < sentences * Heads;) {
            for (; item / Heads > s; ++s) first_query += queries[std::size_t(s)], first_key += keys[std::size_t(s)];
            const int head = item % Heads, group = head / (Heads / KvHeads);
            const int of = queries.empty() ? k.count : keys[std::size_t(s)];
            const head_view h{.q = q[first_query] + head * HeadWidth,
                              .k = k[first_key] + group * HeadWidth,
                              .v = v[first_key] + group * HeadWidth,
                              .y = y[first_query] + head * HeadWidth,
                              .q_stride = q.stride,
                              .kv_stride = k.stride,
                              .v_stride = v.stride,
                              .y_stride = y.stride,
                              .queries = queries.empty() ? q.count : queries[std::size_t(s)],
                              .keys = of,
                              .head_width = HeadWidth,
                              .scale = scale};
            attend_head<E>(h, head, first_query, rule.sentence(first_key, of), memory + std::size_t(worker) * each,
                           m.watch);
        }
    });
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
