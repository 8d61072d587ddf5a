// rules: what attention may see and what is added to its scores. A rule is a small value; rules compose with &. A new
// attention bias is a new rule, not a new kernel.
//   visible(query, keys) -> which keys the query sees; tiles of keys that no query sees are never computed
//   operator()(head, scores) -> may change a tile of already scaled scores
//   sentence(first, count) -> the rule for tokens [first, first + count) of a packed batch
// A rule that only limits what is visible says `using only_limits = void;`: its operator() is not called.
//
// attend() asks for a tile of scores at a time, not a row: it holds several queries side by side, so that a rule that
// hides a key writes one register, and one that adds a bias runs over consecutive numbers.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>

namespace constformer::ops {

// A hidden key's score. Large and negative rather than -inf: a row with no visible key must not become NaN.
inline constexpr float never = -1e30f;

// Keys [begin, end) of a sentence.
struct key_range {
    int begin, end;
    friend constexpr bool operator==(key_range, key_range) = default;
};

// The scores of queries [query, query + queries) for keys [key, key + keys).
struct score_tile {
    float* data;
    std::ptrdiff_t query_step, key_step; // one of them is 1
    int query, queries, key, keys;

    // Score of the q-th query and k-th key of the tile.
    [[nodiscard]] float& operator()(int q, int k) const { return data[q * query_step + k * key_step]; }
};

// Every query sees every key.
struct everything {
    using only_limits = void;
    key_range visible(int, int keys) const { return {0, keys}; }
    void operator()(int, const score_tile&) const {}
    everything sentence(int, int) const { return {}; }
};

// Query i stands at position past + i and sees no later key.
struct causal {
    using only_limits = void;
    int past = 0;
    key_range visible(int query, int keys) const { return {0, std::min(keys, past + query + 1)}; }
    void operator()(int, const score_tile&) const {}
    causal sentence(int, int) const { return *this; }
};

// Query i stands at position past + i and sees the last `size` keys up to itself (size >= 1). Mistral's sliding window.
struct sliding_window {
    using only_limits = void;
    int size, past = 0;
    key_range visible(int query, int keys) const {
        const int end = std::min(keys, past + query + 1);
        return {std::min(std::max(0, past + query + 1 - size), end), end};
    }
    void operator()(int, const score_tile&) const {}
    sliding_window sentence(int, int) const { return *this; }
};

// keep[j] == 0: nobody attends to key j. Empty: all are kept. Transformers' attention_mask.
struct padding {
    std::span<const int> keep{};
    key_range visible(int, int keys) const { return {0, keys}; }
    void operator()(int, const score_tile& s) const {
        if (keep.empty()) return;
        for (int k = 0; k < s.keys; ++k)
            if (keep[std::size_t(s.key + k)] == 0)
                for (int q = 0; q < s.queries; ++q) s(q, k) = never;
    }
    padding sentence(int first, int count) const {
        return keep.empty() ? padding{} : padding{keep.subspan(std::size_t(first), std::size_t(count))};
    }
};

// hidden[query · columns + key] != 0, or keep[key] == 0: the query does not see the key. Keys are counted behind `past`
// others, which all see. Query q stands at position seats[q] (empty: q); where `itself`, it sees that key all the same.
// Transformers: perm_mask and attention_mask. Both empty: nothing is hidden.
struct hidden_pairs {
    std::span<const int> hidden{}, keep{}, seats{};
    int columns = 0, past = 0;
    bool itself = true;
    key_range visible(int, int keys) const { return {0, keys}; }
    void operator()(int, const score_tile& s) const {
        if (hidden.empty() && keep.empty()) return;
        for (int q = 0; q < s.queries; ++q) {
            const int at = seats.empty() ? s.query + q : seats[std::size_t(s.query + q)];
            const int* const row = hidden.empty() ? nullptr : hidden.data() + std::ptrdiff_t(at) * columns;
            for (int k = std::max(0, past - s.key); k < s.keys; ++k) {
                const int key = s.key + k - past;
                if (itself && key == at) continue;
                if ((row && row[key] != 0) || (!keep.empty() && keep[std::size_t(key)] == 0)) s(q, k) = never;
            }
        }
    }
    // (a mask of pairs is of one sentence)
    hidden_pairs sentence(int first, int count) const {
        hidden_pairs other = *this;
        if (!keep.empty() && past == 0) other.keep = keep.subspan(std::size_t(first), std::size_t(count));
        return other;
    }
};

// Two numbers a query and head: what a key of the query's own segment gets, and one of another. Keys are counted
// behind `past` others, which lie in segment 0. No segments: nothing is added.
struct by_segment {
    const float* table; // (queries, 2 · heads)
    std::ptrdiff_t stride;
    std::span<const int> segments{}, seats{};
    int past = 0;
    key_range visible(int, int keys) const { return {0, keys}; }
    void operator()(int head, const score_tile& s) const {
        if (segments.empty()) return;
        for (int q = 0; q < s.queries; ++q) {
            const int i = s.query + q, at = seats.empty() ? i : seats[std::size_t(i)];
            const int own = segments[std::size_t(at)];
            const float* const two = table + i * stride + 2 * head;
            for (int k = 0; k < s.keys; ++k) {
                const int key = s.key + k - past;
                s(q, k) += two[(key < 0 ? 0 : segments[std::size_t(key)]) != own];
            }
        }
    }
    by_segment sentence(int first, int count) const {
        by_segment other = *this;
        other.table += first * stride;
        if (!segments.empty() && past == 0) other.segments = segments.subspan(std::size_t(first), std::size_t(count));
        return other;
    }
};

template <class R>
concept rule = requires(const R r, const score_tile scores) {
    { r.visible(0, 0) } -> std::same_as<key_range>;
    r(0, scores);
    { r.sentence(0, 0) } -> std::convertible_to<R>;
};
// Whether a rule may change scores.
template <class R> inline constexpr bool changes_scores = true;
template <class R>
    requires requires { typename R::only_limits; }
inline constexpr bool changes_scores<R> = false;

// Both rules: what both let see; scores pass through a, then b.
template <rule A, rule B> struct both {
    A a;
    B b;
    key_range visible(int query, int keys) const {
        const key_range one = a.visible(query, keys), other = b.visible(query, keys);
        const int end = std::min(one.end, other.end);
        return {std::min(std::max(one.begin, other.begin), end), end};
    }
    void operator()(int head, const score_tile& scores) const {
        if constexpr (changes_scores<A>) a(head, scores);
        if constexpr (changes_scores<B>) b(head, scores);
    }
    both sentence(int first, int count) const { return {a.sentence(first, count), b.sentence(first, count)}; }
};
template <rule A, rule B>
    requires(!changes_scores<A> && !changes_scores<B>)
inline constexpr bool changes_scores<both<A, B>> = false;
template <rule A, rule B> both<A, B> operator&(const A& a, const B& b) { return {a, b}; }

} // namespace constformer::ops
