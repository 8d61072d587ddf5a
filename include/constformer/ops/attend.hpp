// attend: y = softmax(rule(scale · q k')) v, all heads of all sentences. Vaswani et al. 2017, equation 1.
//
// For one head of one sentence, keys are laid out as a packed matrix is (panels of 16 keys) and values likewise, so
// both products run on the matmul's tiles; queries pass in blocks whose scores, (block, keys), stay in the first-level
// cache.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/ops/matmul.hpp"
#include "constformer/ops/rules.hpp"
#include "constformer/ops/softmax.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

inline constexpr int query_block = 8;

// Bytes of the scratch of one worker.
constexpr std::size_t attend_room(int keys, int head_width) {
    const int whole = round_up(keys, panel);
    return together(room(std::size_t(whole), std::size_t(head_width)),                 // keys in panels
                    room(std::size_t(keys), std::size_t(round_up(head_width, panel))), // values in panels
                    room(query_block, std::size_t(whole)));                            // scores of a block
}
constexpr std::size_t attend_scratch(int keys, int head_width, int threads = 1) {
    return std::size_t(threads) * attend_room(keys, head_width);
}

// One head of one sentence, as numbers. k and v are packed below.
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
// (keys, width) rows -> [keys / 16][width][16], scaled; lanes behind the last key are zero.
[[gnu::noinline]] inline void pack_keys(const head_view& h, float* to) {
    for (int j = 0; j < h.keys; j += panel) {
        const int count = h.keys - j < panel ? h.keys - j : panel;
        for (int d = 0; d < h.head_width; ++d, to += panel) {
            const float* const from = h.k + j * h.kv_stride + d;
            for (int i = 0; i < count; ++i) to[i] = from[i * h.kv_stride] * h.scale;
            for (int i = count; i < panel; ++i) to[i] = 0.0f;
        }
    }
}
// (keys, width) rows -> [width / 16][keys][16]; lanes behind the width are zero.
[[gnu::noinline]] inline void pack_values(const head_view& h, float* to) {
    for (int c = 0; c < h.head_width; c += panel) {
        const int count = h.head_width - c < panel ? h.head_width - c : panel;
        for (int j = 0; j < h.keys; ++j, to += panel) {
            const float* const from = h.v + j * h.v_stride + c;
            if (count == panel) {
                for (int i = 0; i < panel; i += lanes) store(to + i, load(from + i));
            } else {
                for (int i = 0; i < panel; ++i) to[i] = i < count ? from[i] : 0.0f;
            }
        }
    }
}
} // namespace detail

// One head of one sentence: (queries, width) x (keys, width) -> (queries, width). `first` is the sentence's place in
// the packed batch (for the observer); `memory` has attend_room(keys, head_width) bytes.
template <rule Rule>
void attend_head(const head_view& h, int head, int first, const Rule& rule, std::byte* memory, const auto& watch) {
    const int whole = round_up(h.keys, panel);
    float* const k = reinterpret_cast<float*>(memory);
    float* const v = reinterpret_cast<float*>(memory + room(std::size_t(whole), std::size_t(h.head_width)));
    float* const scores = v + room(std::size_t(h.keys), std::size_t(round_up(h.head_width, panel))) / sizeof(float);
    detail::pack_keys(h, k);
    detail::pack_values(h, v);
    for (int i = 0; i < h.queries; i += query_block) {
        const int count = h.queries - i < query_block ? h.queries - i : query_block;
        int most = 0;
        for (int r = 0; r < count; ++r) most = std::max(most, rule.visible(i + r, h.keys));
        const product qk{.x = h.q + i * h.q_stride,
                         .x_stride = h.q_stride,
                         .b = k,
                         .panel_stride = std::ptrdiff_t(h.head_width) * panel,
                         .k_stride = panel,
                         .bias = nullptr,
                         .y = scores,
                         .y_stride = whole,
                         .rows = count,
                         .depth = h.head_width,
                         .columns = most};
        multiply_panels(qk, 0, round_up(most, panel) / panel); // (block, width) x (keys, width) -> (block, keys)
        for (int r = 0; r < count; ++r) {
            const int seen = rule.visible(i + r, h.keys);
            float* const row = scores + std::ptrdiff_t(r) * whole;
            rule(head, i + r, std::span<float>(row, std::size_t(seen)));
            if (seen > 0) softmax(row, seen);
            std::fill(row + seen, row + most, 0.0f);
            watch.attention(head, first + i + r, std::span<const float>(row, std::size_t(most)));
        }
        const product pv{.x = scores,
                         .x_stride = whole,
                         .b = v,
                         .panel_stride = std::ptrdiff_t(h.keys) * panel,
                         .k_stride = panel,
                         .bias = nullptr,
                         .y = h.y + i * h.y_stride,
                         .y_stride = h.y_stride,
                         .rows = count,
                         .depth = most,
                         .columns = h.head_width};
        multiply_panels(pv, 0,
                        round_up(h.head_width, panel) / panel); // (block, keys) x (keys, width) -> (block, width)
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
