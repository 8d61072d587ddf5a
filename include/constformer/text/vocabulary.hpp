// vocabulary: the tokens of a model and their ids, found by their text in one flat hash table.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "constformer/core/check.hpp"
#include "constformer/text/hash.hpp"
#include "constformer/text/unicode.hpp"

namespace constformer {

// A token is found by its whole text, and one that begins with the continuation mark ("##ing") also by what follows
// the mark: so the pieces of a word are looked up in place, with nothing put in front of them.
class vocabulary {
  public:
    // One token a line, numbered from 0, as in vocab.txt; white space at the end of a line is no part of it. An empty
    // line takes a number that no text has. Tokens from number `pieces` on are no pieces of words: id() finds them, and
    // find() does not. Errors: nothing there, a token twice, a line that is not UTF-8.
    [[nodiscard]] static expected<vocabulary> from_lines(std::string_view lines, std::string_view continuation,
                                                         int pieces = 0x7fffffff) {
        if (lines.empty()) return error("vocabulary: no line, at least one token is needed");
        if (lines.size() > 0x7fffffff)
            return error("vocabulary: ", lines.size(), " bytes, at most 2147483647 are read");
        vocabulary v;
        v.mark_ = static_cast<int>(continuation.size());
        v.pieces_ = pieces;
        v.text_.reserve(lines.size());
        v.begins_.push_back(0);
        std::size_t entries = 0;
        while (!lines.empty()) {
            const auto end = std::min(lines.find('\n'), lines.size());
            auto line = lines.substr(0, end);
            lines.remove_prefix(std::min(end + 1, lines.size()));
            line = line.substr(0, line.find_last_not_of(" \t\r\v\f") + 1);
            if (unicode::valid_bytes(line) != line.size())
                return error("vocabulary: line ", v.size() + 1, " is not UTF-8");
            v.text_ += line;
            v.begins_.push_back(static_cast<std::uint32_t>(v.text_.size()));
            entries += line.starts_with(continuation) ? 2 : 1;
        }
        std::size_t slots = 16;
        while (slots * 3 < entries * 4) slots *= 2; // at most three of four are taken
        v.slots_.resize(slots);
        for (int id = 0; id < v.size(); ++id) {
            const auto token = v.token(id);
            if (token.empty()) continue;
            if (const int other = v.id(token); other >= 0)
                return error("vocabulary: line ", id + 1, " repeats the token ", token, " of line ", other + 1);
            if (id >= pieces) {
                v.insert(hash(token.data(), token.size(), apart), id);
                continue;
            }
            v.insert(hash(token.data(), token.size(), whole), id);
            v.longest_[whole] = std::max(v.longest_[whole], static_cast<int>(token.size()));
            if (!token.starts_with(continuation) || token.size() == continuation.size()) continue;
            const auto rest = token.substr(continuation.size());
            v.insert(hash(rest.data(), rest.size(), continuing), id);
            v.longest_[continuing] = std::max(v.longest_[continuing], static_cast<int>(rest.size()));
        }
        return v;
    }

    [[nodiscard]] int size() const noexcept { return static_cast<int>(begins_.size()) - 1; }

    // The text of an id; empty for one that there is not.
    [[nodiscard]] std::string_view token(int id) const noexcept {
        if (id < 0 || id >= size()) return {};
        const auto i = static_cast<std::size_t>(id);
        return {text_.data() + begins_[i], begins_[i + 1] - begins_[i]};
    }

    // The id of a token; -1 where there is none.
    [[nodiscard]] int id(std::string_view token) const noexcept {
        if (token.empty()) return -1;
        const int piece = find(token.data(), token.size(), whole);
        return piece >= 0 ? piece : find(token.data(), token.size(), apart);
    }

    enum place { whole, continuing, apart };

    // The id of a piece at the beginning of a word, of one that continues a word, or of a token that is no piece; -1
    // where there is none.
    [[nodiscard]] int find(const char* piece, std::size_t size, place where) const noexcept {
        const auto h = hash(piece, size, where);
        const auto tag = static_cast<std::uint32_t>(h >> 32);
        const std::size_t last = slots_.size() - 1;
        for (std::size_t i = h & last;; i = (i + 1) & last) {
            const slot& s = slots_[i];
            if (s.id < 0) return -1;
            if (s.tag != tag || (s.id >= pieces_) != (where == apart)) continue;
            auto known = token(s.id);
            if (where == continuing) known.remove_prefix(std::min(static_cast<std::size_t>(mark_), known.size()));
            if (known.size() == size && std::memcmp(known.data(), piece, size) == 0) return s.id;
        }
    }

    // Bytes of the longest piece.
    [[nodiscard]] int longest(place where) const noexcept { return longest_[where]; }

  private:
    struct slot {
        std::uint32_t tag = 0;
        std::int32_t id = -1;
    };
    std::string text_;
    std::vector<std::uint32_t> begins_;
    std::vector<slot> slots_;
    int longest_[3] = {0, 0, 0};
    int pieces_ = 0; // tokens that are pieces
    int mark_ = 0;

    void insert(std::uint64_t h, int id) noexcept {
        const std::size_t last = slots_.size() - 1;
        std::size_t i = h & last;
        while (slots_[i].id >= 0) i = (i + 1) & last;
        slots_[i] = {static_cast<std::uint32_t>(h >> 32), id};
    }

    [[nodiscard]] static std::uint64_t hash(const char* p, std::size_t size, place where) noexcept {
        return hash_bytes(p, size, static_cast<std::size_t>(where));
    }
};

} // namespace constformer
