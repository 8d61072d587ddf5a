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
    std::string_view text;
    bool special = true;      // left out where a text is decoded without special tokens
    bool normalized = false;  // looked for in the normalized text, and itself normalized
    bool strip_left = false;  // takes the white space before it along
    bool strip_right = false; // and that behind it
    bool single_word = false; // only where no letter, digit or underscore touches it
};

// What is looked for in a text, raw or normalized.
class added_tokens {
  public:
    struct wanted {
        std::string text; // not empty; of two that are alike the first counts
        int id;
        bool strip_left, strip_right, single_word;
    };
    // A token in a text: its bytes, with the white space that it takes along.
    struct match {
        std::size_t begin, end;
        int id; // -1: there is none any more; begin and end are the end of the text
    };
    class finder;

    added_tokens() = default;
    explicit added_tokens(std::vector<wanted> tokens) : tokens_(std::move(tokens)) {
        std::stable_sort(tokens_.begin(), tokens_.end(), [](const wanted& a, const wanted& b) {
            return first(a) != first(b) ? first(a) < first(b) : a.text.size() > b.text.size();
        });
        for (const auto& token : tokens_) ++end_[first(token)];
        for (std::size_t c = 1; c < end_.size(); ++c) end_[c] += end_[c - 1];
        one_first_ = !tokens_.empty() && first(tokens_.front()) == first(tokens_.back());
    }
    [[nodiscard]] bool empty() const noexcept { return tokens_.empty(); }

  private:
    std::vector<wanted> tokens_;           // by their first byte, and of one first byte the longest first
    std::array<std::uint32_t, 256> end_{}; // where those of each first byte end
    bool one_first_ = false;               // they all begin with the same byte

    [[nodiscard]] static unsigned char first(const wanted& token) { return static_cast<unsigned char>(token.text[0]); }

    // The first place from which on a token may begin; the end of the text where there is none.
    [[nodiscard]] std::size_t candidate(std::string_view text, std::size_t from) const noexcept {
        if (one_first_) return std::min(text.find(tokens_[0].text[0], from), text.size());
        while (from != text.size() && of(text[from]).first == of(text[from]).second) ++from;
        return from;
    }
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> of(char byte) const noexcept {
        const auto c = static_cast<unsigned char>(byte);
        return {c == 0 ? 0 : end_[c - 1u], end_[c]};
    }
    [[nodiscard]] const wanted* longest(std::string_view rest) const noexcept {
        for (auto [i, end] = of(rest[0]); i != end; ++i)
            if (rest.starts_with(tokens_[i].text)) return &tokens_[i];
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
            const wanted* const found = tokens_.longest(text_.substr(at_));
            if (!found) {
                ++at_;
                continue;
            }
            std::size_t begin = at_, end = at_ + found->text.size();
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
