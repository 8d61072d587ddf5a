// trie: which of many tokens a text begins with, all of them in one pass over its bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace constformer {

// The children of a node lie side by side, in the order of their bytes, and the nodes of one depth too. It is made in
// one pass over the sorted tokens.
class trie {
  public:
    trie() = default;
    // Of texts that are not empty and not twice there; number i is found as ids[i].
    trie(const std::vector<std::string_view>& texts, const std::vector<int>& ids) {
        std::vector<std::uint32_t> order(texts.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
        std::sort(order.begin(), order.end(), [&](auto a, auto b) { return texts[a] < texts[b]; });
        struct range {
            std::uint32_t begin, end; // of the sorted texts
        };
        std::vector<range> now{{0, static_cast<std::uint32_t>(order.size())}}, next;
        std::size_t here = 0;
        for (std::size_t depth = 0; !now.empty(); ++depth) {
            next.clear();
            for (auto [begin, end] : now) {
                if (begin != end && texts[order[begin]].size() == depth) nodes_[here].id = ids[order[begin++]];
                nodes_[here].children = static_cast<std::uint32_t>(nodes_.size());
                while (begin != end) {
                    const char byte = texts[order[begin]][depth];
                    auto last = begin;
                    while (last != end && texts[order[last]][depth] == byte) ++last;
                    next.push_back({begin, last});
                    nodes_.push_back({0, 0, -1});
                    bytes_.push_back(static_cast<unsigned char>(byte));
                    ++nodes_[here].count;
                    begin = last;
                }
                ++here;
            }
            now.swap(next);
        }
        for (std::uint32_t i = 0; i < nodes_[0].count; ++i)
            first_[bytes_[nodes_[0].children + i]] = nodes_[0].children + i;
    }

    // found(id, bytes) for each token that a text begins with, the shortest first.
    template <class Found> void prefixes(std::string_view text, Found&& found) const {
        if (text.empty()) return;
        std::uint32_t at_node = first_[static_cast<unsigned char>(text[0])];
        for (std::size_t at = 1; at_node != 0; ++at) {
            const auto& n = nodes_[at_node];
            if (n.id >= 0) found(n.id, at);
            if (at == text.size() || n.count == 0) return;
            at_node = child(n, static_cast<unsigned char>(text[at]));
        }
    }

  private:
    struct node {
        std::uint32_t children, count;
        std::int32_t id; // of the token that ends here; -1: none does
    };
    std::vector<node> nodes_ = std::vector<node>(1, {0, 0, -1});       // the first one is the root
    std::vector<unsigned char> bytes_ = std::vector<unsigned char>(1); // by which each is reached
    std::array<std::uint32_t, 256> first_{};                           // the root's children; 0: none

    [[nodiscard]] std::uint32_t child(const node& n, unsigned char byte) const noexcept {
        const unsigned char* const begin = bytes_.data() + n.children;
        std::uint32_t count = n.count, at = 0;
        for (; count > 8; count -= count / 2)
            if (begin[at + count / 2] <= byte) at += count / 2;
        for (const std::uint32_t end = at + count; at != end; ++at)
            if (begin[at] == byte) return n.children + at;
        return 0;
    }
};

} // namespace constformer
