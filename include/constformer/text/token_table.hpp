// token_table: the tokens of a model in one block of bytes, found by their text in a flat hash table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "constformer/core/check.hpp"
#include "constformer/text/hash.hpp"
#include "constformer/text/token_file.hpp"

namespace constformer {

class token_table {
  public:
    // Errors: pieces that are alike, more bytes than 2^31 - 1.
    [[nodiscard]] static expected<token_table> from(const token_data& data) {
        token_table t;
        std::size_t bytes = 0, pieces = 0;
        for (const auto& token : data.tokens) bytes += token.text.size(), pieces += token.piece;
        if (bytes > 0x7fffffff) return error("tokens: ", bytes, " bytes of text, at most 2147483647 are read");
        t.text_.reserve(bytes);
        t.begins_.reserve(data.tokens.size() + 1);
        t.begins_.push_back(0);
        std::size_t slots = 16;
        while (slots < pieces * 2) slots *= 2; // at most half of them are taken
        t.slots_.resize(slots);
        for (std::size_t id = 0; id < data.tokens.size(); ++id) {
            const auto& [text, piece] = data.tokens[id];
            t.text_ += text;
            t.begins_.push_back(static_cast<std::uint32_t>(t.text_.size()));
            if (!piece || text.empty()) continue; // an empty one takes a number that no text has
            if (const int other = t.find(text); other >= 0)
                return error("tokens: token ", id, " repeats the text of token ", other);
            const auto h = hash_bytes(text.data(), text.size(), 0);
            std::size_t i = h & (slots - 1);
            while (t.slots_[i].id >= 0) i = (i + 1) & (slots - 1);
            t.slots_[i] = {static_cast<std::uint32_t>(h >> 32), static_cast<int>(id)};
        }
        return t;
    }

    [[nodiscard]] int size() const noexcept { return static_cast<int>(begins_.size()) - 1; }

    // The bytes of an id; empty for one that there is not.
    [[nodiscard]] std::string_view token(int id) const noexcept {
        if (id < 0 || id >= size()) return {};
        const auto i = static_cast<std::size_t>(id);
        return {text_.data() + begins_[i], begins_[i + 1] - begins_[i]};
    }

    // The id of a piece; -1 where there is none.
    [[nodiscard]] int find(std::string_view piece) const noexcept {
        const auto h = hash_bytes(piece.data(), piece.size(), 0);
        const auto tag = static_cast<std::uint32_t>(h >> 32);
        const std::size_t last = slots_.size() - 1;
        for (std::size_t i = h & last;; i = (i + 1) & last) {
            if (slots_[i].id < 0) return -1;
            if (slots_[i].tag == tag && token(slots_[i].id) == piece) return slots_[i].id;
        }
    }

  private:
    struct slot {
        std::uint32_t tag = 0;
        std::int32_t id = -1;
    };
    std::string text_;
    std::vector<std::uint32_t> begins_;
    std::vector<slot> slots_;
};

} // namespace constformer
