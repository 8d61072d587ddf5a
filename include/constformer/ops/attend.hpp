// attend: y = softmax(rule(scale · q k')) v, all heads of all sentences, fused. Vaswani et al. 2017, equation 1; the
// softmax over parts of the keys is Milakov and Gimelshein's (2018), as in FlashAttention (Dao et al. 2022).
//
// Queries pass in blocks that lie side by side in registers: a block is transposed once, and from then on a key, a
// value and a score are each one number times a register of queries. So keys and values are read where they lie, the
// maximum and the sum of the softmax are elementwise, and of the scores only a tile, (keys of a part, queries of a
// block), ever exists, in the first-level cache.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/ops/rules.hpp"
#include "constformer/ops/softmax.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

inline constexpr int query_block = 2 * lanes; // queries side by side
inline constexpr int key_part = 128;          // keys between two corrections of the softmax
// The memory of a block, the same for every instruction set.
inline constexpr int widest_block = 32;
static_assert(query_block <= widest_block);

// Bytes of the scratch of one worker.
constexpr std::size_t attend_room(int keys, int head_width) {
    return together(room(std::size_t(head_width), widest_block),                        // queries, transposed
                    room(std::size_t(head_width), widest_block),                        // sums of values, transposed
                    room(std::size_t(keys < key_part ? keys : key_part), widest_block), // scores
                    room(std::size_t(keys)));                                           // one query's probabilities
}
constexpr std::size_t attend_scratch(int keys, int head_width, int threads = 1) {
    return std::size_t(threads) * attend_room(keys, head_width);
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

// c = a b, or factor · c + a b: (Rows, depth) x (depth, Vecs registers). a[r * row + k * step] is one number; b and c
// have `wide` columns.
struct outer {
    const float* a;
    std::ptrdiff_t row, step;
    const float* b;
    float* c;
    int wide, depth;
    const float* factor; // a number a column; or null
};
template <int Rows, int Vecs> [[gnu::noinline]] void multiply_outer(const outer& m) {
    vec sums[Rows][Vecs];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < Vecs; ++v) sums[r][v] = splat(0.0f);
    const float *a = m.a, *b = m.b;
    for (int k = 0; k < m.depth; ++k, a += m.step, b += m.wide) {
        vec column[Vecs];
        for (int v = 0; v < Vecs; ++v) column[v] = load(b + v * lanes);
        for (int r = 0; r < Rows; ++r) {
            const vec value = splat(a[r * m.row]);
            for (int v = 0; v < Vecs; ++v) sums[r][v] = fma(value, column[v], sums[r][v]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < Vecs; ++v) {
            float* const c = m.c + r * m.wide + v * lanes;
            if (m.factor) sums[r][v] = fma(load(c), load(m.factor + v * lanes), sums[r][v]);
            store(c, sums[r][v]);
        }
}
// All `rows`, in tiles of as many sums as fit into the registers.
template <int Vecs> inline void multiply_rows(outer m, int rows) {
#if defined(__AVX512F__) || defined(__aarch64__)
    constexpr int most = 8; // of 32 registers
#else
    constexpr int most = 4; // of 16
#endif
    const auto tile = [&]<int Rows>() {
        for (; rows >= Rows; rows -= Rows, m.a += Rows * m.row, m.c += Rows * m.wide) multiply_outer<Rows, Vecs>(m);
    };
    tile.template operator()<most>();
    tile.template operator()<most / 2>();
    if constexpr (most > 4) tile.template operator()<2>();
    tile.template operator()<1>();
}

// (rows, columns) -> (columns, rows), each register f(its numbers, their first column) on the way. With `padded` a row
// of `to` is written up to whole registers, zeros behind the end.
template <class F>
[[gnu::noinline]] void transpose_rows(const float* from, std::ptrdiff_t from_stride, int rows, int columns, float* to,
                                      std::ptrdiff_t to_stride, bool padded, F f) {
    for (int r = 0; r < rows; r += lanes)
        for (int c = 0; c < columns; c += lanes) {
            const float* const source = from + r * from_stride + c;
            float* const target = to + c * to_stride + r;
            const int high = std::min(lanes, rows - r), wide = std::min(lanes, columns - c);
            vec square[lanes];
            if (high == lanes && wide == lanes) {
                for (int i = 0; i < lanes; ++i) square[i] = f(load(source + i * from_stride), c);
                transpose(square);
                for (int i = 0; i < lanes; ++i) store(target + i * to_stride, square[i]);
                continue;
            }
            for (int i = 0; i < lanes; ++i) {
                const float* const line = source + i * from_stride;
                square[i] = i >= high ? splat(0.0f) : f(wide == lanes ? load(line) : load_part(line, wide), c);
            }
            transpose(square);
            for (int i = 0; i < wide; ++i) {
                float* const line = target + i * to_stride;
                if (padded || high == lanes)
                    store(line, square[i]);
                else
                    store_part(line, square[i], high);
            }
        }
}

// What is hidden by a rule's visible() lies below what a rule hides by `never`: where all that a query sees is hidden,
// it averages what it sees.
inline constexpr float invisible = 2 * never;

// The softmax so far of the queries of a block.
struct running {
    alignas(64) float most[query_block], sum[query_block], factor[query_block];
};
// Scores become e^(score - most); `state` is brought to the new maximum.
template <int Vecs> inline void exponentials(float* scores, int keys, bool first, running& state) {
    constexpr int wide = Vecs * lanes;
    for (int v = 0; v < Vecs; ++v) {
        float* const s = scores + v * lanes;
        vec top = first ? load(s) : xsimd::max(load(state.most + v * lanes), load(s));
        for (int k = 1; k < keys; ++k) top = xsimd::max(top, load(s + k * wide));
        vec sum = splat(0.0f);
        for (int k = 0; k < keys; ++k) {
            const vec e = exp_below(load(s + k * wide) - top);
            store(s + k * wide, e);
            sum = sum + e;
        }
        if (!first) {
            const vec factor = exp_below(load(state.most + v * lanes) - top);
            store(state.factor + v * lanes, factor);
            sum = fma(load(state.sum + v * lanes), factor, sum);
        }
        store(state.most + v * lanes, top);
        store(state.sum + v * lanes, sum);
    }
}

// Queries [first, first + count) of a head, count <= Vecs * lanes.
template <int Vecs, rule Rule>
void attend_block(const head_view& h, int head, int first, int count, const Rule& rule, float* memory) {
    constexpr int wide = Vecs * lanes;
    float* const q = memory; // (head_width, wide)
    float* const y = q + room(std::size_t(h.head_width), widest_block) / sizeof(float);
    float* const scores = y + room(std::size_t(h.head_width), widest_block) / sizeof(float); // (keys, wide)
    transpose_rows(h.q + first * h.q_stride, h.q_stride, count, h.head_width, q, wide, true,
                   [scale = splat(h.scale)](vec v, int) { return v * scale; });

    key_range sees[wide], some{h.keys, 0}, all{0, h.keys}; // what each, any and every query of the block sees
    for (int i = 0; i < count; ++i) {
        const key_range one = sees[i] = rule.visible(first + i, h.keys);
        if (one.begin >= one.end) continue;
        some = {std::min(some.begin, one.begin), std::max(some.end, one.end)};
        all = {std::max(all.begin, one.begin), std::min(all.end, one.end)};
    }

    running state;
    for (int key = some.begin; key < some.end; key += key_part) {
        const int keys = std::min(key_part, some.end - key);
        multiply_rows<Vecs>({.a = h.k + key * h.kv_stride,
                             .row = h.kv_stride,
                             .step = 1,
                             .b = q,
                             .c = scores,
                             .wide = wide,
                             .depth = h.head_width,
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
        exponentials<Vecs>(scores, keys, key == some.begin, state);
        multiply_rows<Vecs>({.a = h.v + key * h.v_stride,
                             .row = 1,
                             .step = h.v_stride,
                             .b = scores,
                             .c = y,
                             .wide = wide,
                             .depth = keys,
                             .factor = key == some.begin ? nullptr : state.factor},
                            h.head_width); // (head_width, keys) x (keys, queries) -> (head_width, queries)
    }
    float* const to = h.y + first * h.y_stride;
    if (some.begin >= some.end) {
        for (int i = 0; i < count; ++i) std::fill_n(to + i * h.y_stride, h.head_width, 0.0f);
        return;
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
        vec sum = splat(0.0f), other = splat(0.0f);
        int k = sees.begin;
        if (left >= lanes) {
            for (; k + 2 <= sees.end; k += 2) {
                sum = fma(splat(scores[k]), load(h.v + k * h.v_stride + d), sum);
                other = fma(splat(scores[k + 1]), load(h.v + (k + 1) * h.v_stride + d), other);
            }
            if (k < sees.end) sum = fma(splat(scores[k]), load(h.v + k * h.v_stride + d), sum);
            store(to + d, sum + other);
        } else {
            for (; k < sees.end; ++k) sum = fma(splat(scores[k]), load_part(h.v + k * h.v_stride + d, left), sum);
            store_part(to + d, sum, left);
        }
    }
}
} // namespace detail

// One head of one sentence: (queries, width) x (keys, width) -> (queries, width). `first` is the sentence's place in
// the packed batch (for the observer); `memory` has attend_room(keys, head_width) bytes.
template <rule Rule>
void attend_head(const head_view& h, int head, int first, const Rule& rule, std::byte* memory, const auto& watch) {
    float* const floats = reinterpret_cast<float*>(memory);
    if (h.queries <= 2 || watch.wants_attention()) { // too few to fill a register
        float* const scores = floats + (attend_room(h.keys, h.head_width) - room(std::size_t(h.keys))) / sizeof(float);
        for (int i = 0; i < h.queries; ++i) {
            detail::attend_row(h, head, i, rule, scores);
            watch.attention(head, first + i, std::span<const float>(scores, std::size_t(h.keys)));
        }
        return;
    }
    for (int i = 0; i < h.queries; i += query_block) {
        const int count = std::min(query_block, h.queries - i);
        if (count <= lanes)
            detail::attend_block<1>(h, head, i, count, rule, floats);
        else
            detail::attend_block<2>(h, head, i, count, rule, floats);
    }
}

// All heads, side by side in the rows; KvHeads divides Heads (grouped queries). Query tokens are packed as `queries`
// says (each sentence's count), their keys as `keys` says; both empty: one sentence. PyTorch:
// F.scaled_dot_product_attention(q, k, v, mask, scale=scale) a sentence.
template <int Heads, int KvHeads, int HeadWidth, rule Rule>
void attend(const_rows<Heads * HeadWidth> q, const_rows<KvHeads * HeadWidth> k, const_rows<KvHeads * HeadWidth> v,
            rows<Heads * HeadWidth> y, std::span<const int> queries, std::span<const int> keys, float scale,
            const Rule& rule, workspace auto m) {
    const int sentences = queries.empty() ? 1 : int(queries.size());
    int longest = k.count;
    if (!queries.empty()) longest = *std::max_element(keys.begin(), keys.end());
    const std::size_t each = attend_room(longest, HeadWidth);
    std::byte* const memory = m.bytes(each * std::size_t(m.threads.size()));
    int first_query = 0, first_key = 0;
    for (int s = 0; s < sentences; ++s) {
        const int n = queries.empty() ? q.count : queries[std::size_t(s)];
        const int of = queries.empty() ? k.count : keys[std::size_t(s)];
        const auto local = rule.sentence(first_key, of);
        m.threads.split(Heads, [&](int begin, int end, int worker) {
            for (int head = begin; head < end; ++head) {
                const int group = head / (Heads / KvHeads);
                const head_view h{.q = q[first_query] + head * HeadWidth,
                                  .k = k[first_key] + group * HeadWidth,
                                  .v = v[first_key] + group * HeadWidth,
                                  .y = y[first_query] + head * HeadWidth,
                                  .q_stride = q.stride,
                                  .kv_stride = k.stride,
                                  .v_stride = v.stride,
                                  .y_stride = y.stride,
                                  .queries = n,
                                  .keys = of,
                                  .head_width = HeadWidth,
                                  .scale = scale};
                attend_head(h, head, first_query, local, memory + std::size_t(worker) * each, m.watch);
            }
        });
        first_query += n, first_key += of;
    }
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
