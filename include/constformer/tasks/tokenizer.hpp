// tokenizer: what a task needs of one, whichever it is: WordPiece, BPE, unigram.
#pragma once

#include "constformer/text/bpe.hpp"
#include "constformer/text/unigram.hpp"
#include "constformer/text/wordpiece.hpp"

#include <array>
#include <concepts>
#include <deque>
#include <span>
#include <string>
#include <string_view>

namespace constformer {

template <class T>
concept tokenizer = requires(const T& words, std::string_view text, encoding& out, encode_options options, int id) {
    { words.encode(text, out, options) } -> std::same_as<status>;
    { words.encode(text, text, out, options) } -> std::same_as<status>;
    { words.token(id) } -> std::convertible_to<std::string_view>;
    { words.id(text) } -> std::same_as<int>;
    { words.size() } -> std::same_as<int>;
};

// A tokenizer from the text that lies beside packed weights: vocab.txt, or a token file.
// Errors: those of wordpiece::from_vocabulary and subword::from_tokens.
template <tokenizer Words, class Config>
[[nodiscard]] expected<Words> read_tokenizer(std::string_view text, const Config& config) {
    if constexpr (std::is_same_v<Config, wordpiece_config>)
        return Words::from_vocabulary(text, config);
    else
        return Words::from_tokens(text, config);
}

// What is put around a pair of texts.
struct pair_parts {
    std::array<frame_part, 6> all;
    std::size_t count;
    [[nodiscard]] std::size_t size() const { return count; }
    [[nodiscard]] const frame_part* begin() const { return all.data(); }
    [[nodiscard]] const frame_part* end() const { return all.data() + count; }
};
[[nodiscard]] inline pair_parts pair_frame(const wordpiece& words) {
    const frame_part classify{words.classify()}, separate{words.separate()}, second{frame_part::second, 1},
        last{words.separate(), 1};
    if (words.twice()) return {{{classify, {frame_part::first}, separate, separate, second, last}}, 6};
    return {{{classify, {frame_part::first}, separate, second, last}}, 5};
}
template <class Model> [[nodiscard]] std::span<const frame_part> pair_frame(const subword<Model>& words) {
    return words.config().pair;
}

// The token that a masked language model fills; -1: there is none. Tokenizers of subwords call it <mask>, or [MASK].
[[nodiscard]] inline int mask_of(const wordpiece& words) { return words.mask(); }
template <class Model> [[nodiscard]] int mask_of(const subword<Model>& words) {
    const int id = words.id("<mask>");
    return id >= 0 ? id : words.id("[MASK]");
}

// Tokens as a reader wants them: a piece of WordPiece as it is, a subword decoded, so that bytes are characters again
// and marks are spaces. Transformers: tokenizer.decode([id]). A text lives until clear().
template <tokenizer Words> class shown_tokens {
  public:
    [[nodiscard]] std::string_view text(const Words& words, int id) {
        if constexpr (std::is_same_v<Words, wordpiece>)
            return words.token(id);
        else
            return texts_.emplace_back(words.decode(std::span(&id, 1), false));
    }
    void clear() { texts_.clear(); }

  private:
    std::deque<std::string> texts_;
};

} // namespace constformer
