// attend_one: attention of one query a head over a long memory: what decoding a token does. Reading keys and values,
// floats or bfloat16, is most of its cost, so they are read once, as they lie, for all heads, and the keys are cut into
// parts of which each is a softmax of its own: parts are shared out among threads and joined at the end (Dao et al.
// 2023, "Flash-Decoding"). Parts do not depend on the number of threads, so neither do results.
#pragma once

#include "constformer/core/simd_bf16.hpp"
#include "constformer/ops/attend.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// Bytes of attend_one()'s scratch: as many as attend() needs, where those are more, for an observer watches that.
template <element E = f32>
constexpr std::size_t attend_one_scratch(int keys, int heads, int head_width, int threads = 1) {
    const auto parts = std::size_t((keys + key_part - 1) / key_part) + 1; // they begin where multiples of it do
    return either(attend_scratch<E>(keys, head_width, threads),
                  together(std::size_t(threads) * room(std::size_t(heads), key_part),
                           room(parts * std::size_t(heads), std::size_t(head_width + 2))));
}

namespace detail {

// All heads and some keys, as numbers: queries lie head_width apart, scores key_part. Group: heads that share keys.
template <int Group, class T> struct all_heads {
    const float* q;
    const T *k, *v;
    std::ptrdiff_t k_stride, v_stride;
    int kv_heads, keys, head_width;
    float scale;
};
// How many sums fit beside each other.
inline constexpr int keys_at_once = lanes == 16  ? 4
                                    : lanes == 8 ? 2
                                                 : 1,
                     values_at_once = lanes == 4 ? 2 : 4, heads_at_once = 4,
                     keys_near = 16; // so many keys' values stay in the first-level cache

inline constexpr int keys_ahead = 16; // rows that are on their way while others are multiplied
template <class T> [[gnu::always_inline]] inline void fetch_row(const T* row, int width) {
    for (int i = 0; i < width; i += int(64 / sizeof(T))) __builtin_prefetch(row + i);
}

// Calls f<count>(first) for parts of up to Most of All.
template <int Most, int All, class F> [[gnu::always_inline]] inline void each_of(F&& f) {
    constexpr int rest = All % Most;
    if constexpr (All >= Most)
        for (int i = 0; i + Most <= All; i += Most) f.template operator()<Most>(i);
    if constexpr (rest != 0) f.template operator()<rest>(All - rest);
}

// scores[r][j] = scale · q[r] k[j], Heads x Keys of them. A sum's order does not depend on the width of a register.
template <int Heads, int Keys, int Group, class T>
[[gnu::always_inline]] inline void score_tile_of(const all_heads<Group, T>& h, const float* q, const T* k,
                                                 float* scores) {
    running_sum<16> sums[Heads][Keys];
    int i = 0;
    const auto add = [&](int part, auto read) {
        vec key[Keys];
#pragma GCC unroll 4
        for (int j = 0; j < Keys; ++j) key[j] = read(k + j * h.k_stride + i);
#pragma GCC unroll 4
        for (int r = 0; r < Heads; ++r) {
            const vec query = read(q + r * h.head_width + i);
#pragma GCC unroll 4
            for (int j = 0; j < Keys; ++j) sums[r][j].part[part] = fma(query, key[j], sums[r][j].part[part]);
        }
        i += lanes;
    };
    while (i + 16 <= h.head_width)
#pragma GCC unroll 4
        for (int part = 0; part < 16 / lanes; ++part) add(part, [](const auto* from) { return load(from); });
#pragma GCC unroll 4
    for (int part = 0; i < h.head_width; ++part)
        if (const int left = h.head_width - i; left >= lanes)
            add(part, [](const auto* from) { return load(from); });
        else
            add(part, [left](const auto* from) { return load_part(from, left); });
#pragma GCC unroll 4
    for (int r = 0; r < Heads; ++r)
#pragma GCC unroll 4
        for (int j = 0; j < Keys; ++j) scores[r * key_part + j] = sums[r][j].total() * h.scale;
}
template <int Group, class T> [[gnu::noinline]] void score_heads(const all_heads<Group, T>& h, float* scores) {
    const auto some_keys = [&]<int Keys>(int key) {
        for (int j = 0; j < Keys; ++j) // what comes next, and behind the last key the values
            fetch_row(key + j + keys_ahead < h.keys ? h.k + (key + j + keys_ahead) * h.k_stride
                                                    : h.v + (key + j + keys_ahead - h.keys) * h.v_stride,
                      h.kv_heads * h.head_width);
        for (int kv = 0; kv < h.kv_heads; ++kv)
            each_of<heads_at_once, Group>([&]<int Heads>(int some) {
                const int head = kv * Group + some;
                score_tile_of<Heads, Keys>(h, h.q + head * h.head_width, h.k + key * h.k_stride + kv * h.head_width,
                                           scores + head * key_part + key);
            });
    };
    int key = 0;
    for (; key + keys_at_once <= h.keys; key += keys_at_once) some_keys.template operator()<keys_at_once>(key);
    if constexpr (keys_at_once > 1)
        for (; key < h.keys; ++key) some_keys.template operator()<1>(key);
}

// y[r] += Σ p[r][j] v[j] over `keys` keys; results lie `apart`.
template <int Heads, int Group, class T>
[[gnu::always_inline]] inline void weigh_tile(const all_heads<Group, T>& h, const float* p, const T* v, int keys,
                                              float* y, int apart) {
    const auto some = [&]<int Registers>(int from, auto read, auto write) {
        vec sums[Heads][Registers];
#pragma GCC unroll 4
        for (int r = 0; r < Heads; ++r)
#pragma GCC unroll 4
            for (int i = 0; i < Registers; ++i) sums[r][i] = read(y + r * apart + from + i * lanes);
        for (int j = 0; j < keys; ++j) {
            vec value[Registers];
#pragma GCC unroll 4
            for (int i = 0; i < Registers; ++i) value[i] = read(v + j * h.v_stride + from + i * lanes);
#pragma GCC unroll 4
            for (int r = 0; r < Heads; ++r) {
                const vec weight = splat(p[r * key_part + j]);
#pragma GCC unroll 4
                for (int i = 0; i < Registers; ++i) sums[r][i] = fma(weight, value[i], sums[r][i]);
            }
        }
#pragma GCC unroll 4
        for (int r = 0; r < Heads; ++r)
#pragma GCC unroll 4
            for (int i = 0; i < Registers; ++i) write(y + r * apart + from + i * lanes, sums[r][i]);
    };
    const auto whole = [](const auto* from) { return load(from); };
    const auto put = [](float* to, vec x) { store(to, x); };
    int i = 0;
    for (; i + values_at_once * lanes <= h.head_width; i += values_at_once * lanes)
        some.template operator()<values_at_once>(i, whole, put);
    for (; i + lanes <= h.head_width; i += lanes) some.template operator()<1>(i, whole, put);
    if (const int left = h.head_width - i; left > 0)
        some.template operator()<1>(
            i, [left](const auto* from) { return load_part(from, left); },
            [left](float* to, vec x) { store_part(to, x, left); });
}
template <int Group, class T> [[gnu::noinline]] void weigh_heads(const all_heads<Group, T>& h, const float* p, float* y,
                                                                 int apart) {
    for (int key = 0; key < h.keys; key += keys_near) {
        for (int j = key; j < key + keys_near && j + keys_ahead < h.keys; ++j)
            fetch_row(h.v + (j + keys_ahead) * h.v_stride, h.kv_heads * h.head_width);
        for (int kv = 0; kv < h.kv_heads; ++kv)
            each_of<heads_at_once, Group>([&]<int Heads>(int some) {
                const int head = kv * Group + some;
                weigh_tile<Heads>(h, p + head * key_part + key, h.v + key * h.v_stride + kv * h.head_width,
                                  std::min(keys_near, h.keys - key), y + head * apart, apart);
            });
    }
}

// e^(score - most) over a row; returns their sum.
inline float exponentials_of(float* scores, int keys, float most) {
    const auto e = [top = splat(most)](vec s) { return exp2_below((s - top) * splat(1.44269504f)); };
    running_sum<32> sum;
    each_part(sum, keys, [&](vec& part, int at, int some) {
        if (some == lanes) {
            const vec one = e(load(scores + at));
            store(scores + at, one);
            part = part + one;
        } else {
            const vec one = only(e(load_part(scores + at, some)), some);
            store_part(scores + at, one, some);
            part = part + one;
        }
    });
    return sum.total();
}
// y += factor · x
inline void add_scaled(const float* x, float factor, float* y, int count) {
    int i = 0;
    for (; i + lanes <= count; i += lanes) store(y + i, fma(splat(factor), load(x + i), load(y + i)));
    if (const int left = count - i; left > 0)
        store_part(y + i, fma(splat(factor), load_part(x + i, left), load_part(y + i, left)), left);
}

} // namespace detail

// One query of every head, side by side in q: (1, Heads · HeadWidth) x (keys, KvHeads · HeadWidth) -> (1, …); KvHeads
// divides Heads. Keys and values are floats, or bfloat16 as its bits. PyTorch: F.scaled_dot_product_attention(q, k, v,
// mask, scale=scale, enable_gqa=True).
template <int Heads, int KvHeads, int HeadWidth, element E = f32, class Number, rule Rule>
void attend_one(const_rows<Heads * HeadWidth> q, rows<KvHeads * HeadWidth, Number> k,
                rows<KvHeads * HeadWidth, Number> v, rows<Heads * HeadWidth> y, float scale, const Rule& rule,
                workspace auto m) {
    constexpr int apart = HeadWidth + 2;
    constexpr std::size_t each = room(Heads, key_part);
    float* const memory = m.template bytes<float>(attend_one_scratch<E>(k.count, Heads, HeadWidth, m.threads.size()));
    // Of each part and head: what it would be alone and undivided, its largest score, and the sum to divide by.
    float* const alone = memory + std::size_t(m.threads.size()) * each / sizeof(float);
    const Rule here = rule.sentence(0, k.count);
    const key_range sees = here.visible(0, k.count);
    const int first = sees.begin / key_part;
    const int parts = sees.end > sees.begin ? (sees.end + key_part - 1) / key_part - first : 0;
    m.threads.split(parts, [&](int begin, int end, int worker) {
        float* const scores = memory + std::size_t(worker) * each / sizeof(float);
        for (int part = begin; part < end; ++part) {
            const int key = std::max((first + part) * key_part, sees.begin),
                      keys = std::min((first + part + 1) * key_part, sees.end) - key;
            const detail::all_heads<Heads / KvHeads, std::remove_const_t<Number>> h{.q = q.data,
                                                                                    .k = k[key],
                                                                                    .v = v[key],
                                                                                    .k_stride = k.stride,
                                                                                    .v_stride = v.stride,
                                                                                    .kv_heads = KvHeads,
                                                                                    .keys = keys,
                                                                                    .head_width = HeadWidth,
                                                                                    .scale = scale};
            detail::score_heads(h, scores);
            float* const to = alone + part * Heads * apart;
            std::fill_n(to, Heads * apart, 0.0f);
            for (int head = 0; head < Heads; ++head) {
                float* const row = scores + head * key_part;
                if constexpr (changes_scores<Rule>)
                    here(head, score_tile{.data = row,
                                          .query_step = key_part,
                                          .key_step = 1,
                                          .query = 0,
                                          .queries = 1,
                                          .key = key,
                                          .keys = keys});
                const float most = *std::max_element(row, row + keys);
                to[head * apart + HeadWidth] = most;
                to[head * apart + HeadWidth + 1] = detail::exponentials_of(row, keys, most);
            }
            detail::weigh_heads(h, scores, to, apart);
        }
    });
    for (int head = 0; head < Heads; ++head) {
        const float* const one = alone + head * apart;
        float* const to = y.data + head * HeadWidth;
        std::fill_n(to, HeadWidth, 0.0f);
        float most = -3e38f, sum = 0;
        for (int part = 0; part < parts; ++part) most = std::max(most, one[part * Heads * apart + HeadWidth]);
        for (int part = 0; part < parts; ++part) {
            const float* const some = one + part * Heads * apart;
            float factor = some[HeadWidth];
            detail::exponentials_of(&factor, 1, most);
            sum += factor * some[HeadWidth + 1];
            detail::add_scaled(some, factor, to, HeadWidth);
        }
        if (parts > 0) map(to, to, HeadWidth, [by = splat(1 / sum)](vec x) { return x * by; });
    }
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
