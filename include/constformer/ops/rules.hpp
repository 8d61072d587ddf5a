// rules: what attention may see and what is added to its scores. A rule is a small value that attend() asks once a row;
// rules compose with &. A new attention bias is a new rule, not a new kernel.
//   visible(query, keys) -> how many keys, from the first on, the query sees; the others cost nothing
//   operator()(head, query, scores) -> may change the visible, already scaled scores of one row
//   sentence(first, count) -> the rule for tokens [first, first + count) of a packed batch
#pragma once

#include <algorithm>
#include <concepts>
#include <span>

namespace constformer::ops {

// A hidden key's score. Large and negative rather than -inf: a row with no visible key must not become NaN.
inline constexpr float never = -1e30f;

// Every query sees every key.
struct everything {
    int visible(int, int keys) const { return keys; }
    void operator()(int, int, std::span<float>) const {}
    everything sentence(int, int) const { return {}; }
};

// Query i stands at position past + i and sees no later key.
struct causal {
    int past = 0;
    int visible(int query, int keys) const { return std::min(keys, past + query + 1); }
    void operator()(int, int, std::span<float>) const {}
    causal sentence(int, int) const { return *this; }
};

// keep[j] == 0: nobody attends to key j. Empty: all are kept. Transformers' attention_mask.
struct padding {
    std::span<const int> keep{};
    int visible(int, int keys) const { return keys; }
    void operator()(int, int, std::span<float> scores) const {
        if (keep.empty()) return;
        for (std::size_t j = 0; j < scores.size(); ++j)
            if (keep[j] == 0) scores[j] = never;
    }
    padding sentence(int first, int count) const {
        return keep.empty() ? padding{} : padding{keep.subspan(std::size_t(first), std::size_t(count))};
    }
};

template <class R>
concept rule = requires(const R r, std::span<float> scores) {
    { r.visible(0, 0) } -> std::convertible_to<int>;
    r(0, 0, scores);
    { r.sentence(0, 0) } -> std::convertible_to<R>;
};

// Both rules: what both let see; scores pass through a, then b.
template <rule A, rule B> struct both {
    A a;
    B b;
    int visible(int query, int keys) const { return std::min(a.visible(query, keys), b.visible(query, keys)); }
    void operator()(int head, int query, std::span<float> scores) const {
        a(head, query, scores);
        b(head, query, scores);
    }
    both sentence(int first, int count) const { return {a.sentence(first, count), b.sentence(first, count)}; }
};
template <rule A, rule B> both<A, B> operator&(const A& a, const B& b) { return {a, b}; }

} // namespace constformer::ops
