// subword_config: what a checkpoint fixes of a tokenizer of subwords, as its tokenizer.json says it; the tokens
// themselves are data (token_file). GPT-2's and Llama-2's:
//     inline constexpr subword_config gpt2{.split = &splits::gpt2, .bytes = true};
//     inline constexpr text_step llama2_steps[] = {{&text_steps::prepend, {}, splits::mark}, {&text_steps::replace, "
//     ", splits::mark}}; inline constexpr frame_part llama2_frame[] = {{1}, {frame_part::first}}; inline constexpr
//     subword_config llama2{.normal = llama2_steps, .single = llama2_frame, .unknown = 0,
//         .fuse_unknown = true, .byte_fallback = true, .decode = {.marks = true, .bytes = true, .first =
//         first_token::drop_space}};
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "constformer/text/normal_text.hpp"
#include "constformer/text/split.hpp"

namespace constformer {

// A part of what the model sees: a token, or one of the texts.
struct frame_part {
    static constexpr int first = -1, second = -2;
    int id;          // or first, second
    int segment = 0; // of its tokens
};
inline constexpr frame_part plain_frame[] = {{frame_part::first}, {frame_part::second, 1}};

// What decoding drops where a text begins.
enum class first_token : std::uint8_t {
    keep,       // nothing
    drop_space, // one space of the text (decoder Strip)
    drop_marks, // all marks of its first token (decoder Metaspace with a prefix)
};

struct subword_config {
    // The text: steps of "normalizer"; then what cuts it first and drops or isolates something (Digits,
    // WhitespaceSplit); steps of each such piece (the replacement and the prefix of Metaspace, add_prefix_space); then
    // what cuts it into words. Null: nothing is cut.
    std::span<const text_step> normal{};
    splitter apart = nullptr;
    std::span<const text_step> steps{};
    splitter split = nullptr;

    // What is put around one text and around two.
    std::span<const frame_part> single = std::span(plain_frame).first(1), pair = plain_frame;

    // The model.
    bool bytes = false;          // pieces are made of bytes (ByteLevel), else of characters
    int unknown = -1;            // the token of a character that cannot be spelled; -1: it is dropped
    bool fuse_unknown = false;   // neighbors become one such token
    bool byte_fallback = false;  // or it is spelled in the tokens <0x00> to <0xFF>
    bool ignore_merges = false;  // a word that is a token is that token, whatever merges would say
    std::string_view word_end{}; // ends the last piece of a word (GPT's "</w>")

    bool trim_offsets = false; // offsets leave out the spaces at both ends of a token
    bool keep_prefix = false;  // but not the one at the beginning of the text (add_prefix_space of the post-processor)

    // How tokens become text. Byte-level tokens are bytes of it, and a word_end is a space, whatever is said here.
    struct decoding {
        bool marks = false; // U+2581 is a space
        bool bytes = false; // <0x00> to <0xFF> are bytes
        first_token first = first_token::keep;
    };
    decoding decode{};
};

// The token that stands for a byte where byte_fallback is on.
[[nodiscard]] constexpr std::array<char, 6> byte_token(unsigned char byte) noexcept {
    constexpr char digits[] = "0123456789ABCDEF";
    return {'<', '0', 'x', digits[byte / 16], digits[byte % 16], '>'};
}
// The byte that a token stands for, in digits of any case; -1 where it stands for none.
[[nodiscard]] constexpr int byte_of_token(std::string_view token) noexcept {
    if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
    int byte = 0;
    for (const char c : token.substr(3, 2)) {
        const int digit = c >= '0' && c <= '9'                 ? c - '0'
                          : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                               : -1;
        if (digit < 0) return -1;
        byte = byte * 16 + digit;
    }
    return byte;
}

} // namespace constformer
