// added_tokens: tokens that are looked for in a text as they are written, before it is cut into words.
// Equal to the added vocabulary of the `tokenizers` package: the leftmost is found first, of several there the longest.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "constformer/text/unicode.hpp"

namespace constformer {

// One of them, as a checkpoint describes it. `tokenizers`: AddedToken.
struct added_token {
    std::string_view text{};
    bool special = true;      // left out where a text is decoded without special tokens
    bool normalized = false;  // looked for in the normalized text, and itself normalized
    bool strip_left = false;  // takes the white space before it along
    bool strip_right = false; // and that behind it
    bool single_word = false; // only where no letter, digit or underscore touches it
};

// What is looked for in a text, raw or normalized.
class added_tokens {
  public:
    // Adds a token: `text`, not empty, is what it is found by. Of two that are alike the first counts.
    void add(std::string_view text, int id, const added_token& token) {
        tokens_.push_back({static_cast<std::uint32_t>(all_text_.size()), static_cast<std::uint32_t>(text.size()), id,
                           token.strip_left, token.strip_right, token.single_word});
        all_text_ += text;
        const auto before = [&](const entry& a, const entry& b) {
            return first(a) != first(b) ? first(a) < first(b) : a.size > b.size;
        };
        for (auto i = tokens_.size() - 1; i != 0 && before(tokens_[i], tokens_[i - 1]); --i)
            std::swap(tokens_[i], tokens_[i - 1]);
        for (std::size_t c = static_cast<unsigned char>(text[0]); c < end_.size(); ++c) ++end_[c];
    }
    [[nodiscard]] bool empty() const noexcept { return tokens_.empty(); }

    // By what the token of an id is found; empty where it is none of these.
    [[nodiscard]] std::string_view text(int id) const noexcept {
        for (const auto& token : tokens_)
            if (token.id == id) return text_of(token);
        return {};
    }

    // A token in a text: its bytes, with the white space that it takes along.
    struct match {
        std::size_t begin, end;
        int id; // -1: there is none any more; begin and end are the end of the text
    };
    class finder;

  private:
    struct entry {
        std::uint32_t begin, size; // of its text
        int id;
        bool strip_left, strip_right, single_word;
    };
    std::string all_text_;
    std::vector<entry> tokens_;            // by their first byte, and of one first byte the longest first
    std::array<std::uint32_t, 256> end_{}; // where those of each first byte end

    [[nodiscard]] std::string_view text_of(const entry& token) const noexcept {
        return {all_text_.data() + token.begin, token.size};
    }
    [[nodiscard]] unsigned char first(const entry& token) const noexcept {
        return static_cast<unsigned char>(all_text_[token.begin]);
    }
    // The tokens that begin with a byte, first and end.
    [[nodiscard]] std::array<std::uint32_t, 2> of(unsigned char byte) const noexcept {
        return {byte == 0 ? 0 : end_[byte - 1u], end_[byte]};
    }
    // The first place from which on a token may begin; the end of the text where there is none.
    [[nodiscard]] std::size_t candidate(std::string_view text, std::size_t from) const noexcept {
        if (empty()) return text.size();
        if (first(tokens_.front()) == first(tokens_.back())) // as BERT's do
            return std::min(text.find(all_text_[0], from), text.size());
        for (; from != text.size(); ++from)
            if (const auto [begin, end] = of(static_cast<unsigned char>(text[from])); begin != end) break;
        return from;
    }
    [[nodiscard]] const entry* longest(std::string_view rest) const noexcept {
        for (auto [i, end] = of(static_cast<unsigned char>(rest[0])); i != end; ++i)
            if (rest.starts_with(text_of(tokens_[i]))) return &tokens_[i];
        return nullptr;
    }
};

// Goes through a text, which is valid UTF-8, from match to match.
class added_tokens::finder {
  public:
    finder(const added_tokens& tokens, std::string_view text) noexcept : tokens_(tokens), text_(text) {}

    // The next match. What lies between it and the one before is ordinary text; strip_right may have taken it already.
    [[nodiscard]] match next() noexcept {
        while ((at_ = tokens_.candidate(text_, at_)) != text_.size()) {
            const entry* const found = tokens_.longest(text_.substr(at_));
            if (!found) {
                ++at_;
                continue;
            }
            std::size_t begin = at_, end = at_ + found->size;
            at_ = end; // one that may not stand here hides the shorter ones within it
            const auto before = text_.substr(0, begin), behind = text_.substr(end);
            if (found->single_word && (unicode::ends_word(before) || unicode::begins_word(behind))) continue;
            if (found->strip_left)
                begin = taken_ >= begin ? taken_ : begin - unicode::space_at_end(before.substr(taken_));
            if (found->strip_right) end += unicode::space_at_begin(behind);
            taken_ = end;
            return {begin, end, found->id};
        }
        return {text_.size(), text_.size(), -1};
    }

  private:
    const added_tokens& tokens_;
    std::string_view text_;
    std::size_t at_ = 0, taken_ = 0; // where it looks on, and where the last match ended
};

} // namespace constformer
