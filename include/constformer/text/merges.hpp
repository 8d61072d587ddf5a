// merges: byte-pair encoding proper. The pair of neighbors that has the lowest rank becomes one symbol, of several the
// leftmost, until no pair has one. A word of n symbols takes O(n log n); short ones are scanned, which is faster there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "constformer/text/subword_work.hpp"
#include "constformer/text/token_file.hpp"

namespace constformer {

class merge_table {
  public:
    merge_table() = default;
    // Of two merges of a pair the last one counts, as in `tokenizers`.
    explicit merge_table(const std::vector<token_data::merge>& merges) {
        std::size_t slots = 16;
        while (slots < merges.size() * 2) slots *= 2; // at most half of them are taken
        slots_.resize(slots);
        for (std::size_t rank = 0; rank < merges.size(); ++rank) {
            const auto [left, right, result] = merges[rank];
            auto& s = slots_[place(left, right)];
            s = {left, right, static_cast<int>(rank), result};
        }
    }

    // The rank of the merge of two symbols and what it makes; -1 where there is none.
    struct merge {
        int rank = -1, result = -1;
    };
    [[nodiscard]] merge find(int left, int right) const noexcept {
        const auto& s = slots_[place(left, right)];
        return {s.rank, s.result};
    }

    // Merges the symbols of a word, whose ids and bytes are given, as far as it goes.
    void run(subword_work& work) const {
        if (work.symbols.size() <= longest_scanned)
            scan(work.symbols);
        else
            queue(work);
    }

    static constexpr std::size_t longest_scanned = 48; // symbols

  private:
    using symbol = subword_work::symbol;
    struct slot {
        int left = -1, right = -1, rank = -1, result = -1;
    };
    std::vector<slot> slots_ = std::vector<slot>(1);

    // Where a pair is, or would be.
    [[nodiscard]] std::size_t place(int left, int right) const noexcept {
        const std::size_t last = slots_.size() - 1;
        std::uint64_t h = std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
        h *= 0x9E3779B97F4A7C15u;
        std::size_t i = static_cast<std::size_t>(h ^ h >> 32) & last;
        while (slots_[i].rank >= 0 && (slots_[i].left != left || slots_[i].right != right)) i = (i + 1) & last;
        return i;
    }
    void pair(symbol& left, const symbol& right) const noexcept {
        const auto found = find(left.id, right.id);
        left.rank = found.rank;
        left.result = found.result;
    }

    void scan(std::vector<symbol>& s) const noexcept {
        std::size_t count = s.size();
        for (std::size_t i = 0; i + 1 < count; ++i) pair(s[i], s[i + 1]);
        while (count > 1) {
            std::size_t best = count;
            auto lowest = UINT32_MAX; // of ranks; that of none is the highest there is
            for (std::size_t i = 0; i + 1 < count; ++i)
                if (static_cast<std::uint32_t>(s[i].rank) < lowest)
                    lowest = static_cast<std::uint32_t>(s[best = i].rank);
            if (best == count) break;
            s[best].id = s[best].result;
            s[best].bytes += s[best + 1].bytes;
            --count;
            for (std::size_t i = best + 1; i < count; ++i) s[i] = s[i + 1];
            if (best + 1 < count) pair(s[best], s[best + 1]);
            if (best != 0) pair(s[best - 1], s[best]);
        }
        s.resize(count);
    }

    void queue(subword_work& work) const {
        auto& s = work.symbols;
        auto& waiting = work.waiting;
        const auto at = [&](int i) -> symbol& { return s[static_cast<std::size_t>(i)]; };
        const auto later = [](const subword_work::candidate& a, const subword_work::candidate& b) {
            return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
        };
        const auto meet = [&](int left) { // pairs a symbol with its new neighbor
            symbol& l = at(left);
            l.rank = -1;
            if (l.next < 0) return false;
            pair(l, at(l.next));
            if (l.rank >= 0) waiting.push_back({l.rank, left});
            return l.rank >= 0;
        };
        waiting.clear();
        const int count = static_cast<int>(s.size());
        for (int i = 0; i < count; ++i) at(i).previous = i - 1, at(i).next = i + 1 < count ? i + 1 : -1;
        for (int i = 0; i < count; ++i) meet(i);
        std::make_heap(waiting.begin(), waiting.end(), later);
        while (!waiting.empty()) {
            std::pop_heap(waiting.begin(), waiting.end(), later);
            const auto [rank, left] = waiting.back();
            waiting.pop_back();
            symbol& l = at(left);
            if (l.bytes < 0 || l.rank != rank) continue; // it is merged already, or has another neighbor now
            symbol& r = at(l.next);
            l.id = l.result;
            l.bytes += r.bytes;
            r.bytes = -1;
            l.next = r.next;
            if (l.next >= 0) at(l.next).previous = left;
            if (meet(left)) std::push_heap(waiting.begin(), waiting.end(), later);
            if (l.previous >= 0 && meet(l.previous)) std::push_heap(waiting.begin(), waiting.end(), later);
        }
        std::size_t kept = 0;
        for (int i = 0; i >= 0; i = at(i).next) s[kept++] = at(i); // what is overwritten lies before i
        s.resize(kept);
    }
};

} // namespace constformer
