// token_file: tokens, merges, scores and added tokens in the form that lies beside the weights. It is read without a
// JSON library and in one pass. All numbers are varints (7 bits a byte, low first).
//     file  = "CTOK", 1 (the version), bytes of a score (0, 4, 8), count of tokens, of merges, of added tokens, size of
//     the
//             charsmap; tokens, scores (one a token, IEEE little-endian, none where they have 0 bytes), merges, added
//             tokens, the charsmap
//     token = 2 * size + (1: a piece that text may be spelled with, 0: only looked for as an added token), bytes
//     merge = left id, right id, zigzag(id of both - 1 - that of the merge before, at first -1), from the first rank on
//     added = id, flags (1 special, 2 normalized, 4 strip_left, 8 strip_right, 16 single_word), size, bytes
// A token of byte-level BPE is in its own bytes, not in the letters that stand for them in tokenizer.json; where its
// letters stand for none, as in some added tokens, it is in UTF-8 as written.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "constformer/core/check.hpp"
#include "constformer/text/added_tokens.hpp"

namespace constformer {

// What such a file says. Texts lie in the file, or in what it is written from.
struct token_data {
    struct token {
        std::string_view text;
        bool piece = true;
    };
    struct merge {
        int left, right, result;
    };
    struct added {
        int id;
        added_token token;
    };
    std::vector<token> tokens;
    std::vector<double> scores; // as many as tokens, or none
    std::vector<merge> merges;  // by rank
    std::vector<added> added;
    std::string_view charsmap; // SentencePiece's "precompiled" one; may be empty
};

// The file of some data. Scores take four bytes where that loses nothing.
[[nodiscard]] inline std::string write_tokens(const token_data& data) {
    std::string out = "CTOK";
    const auto number = [&](std::uint64_t n) {
        for (; n >= 128; n >>= 7) out += static_cast<char>((n & 127) | 128);
        out += static_cast<char>(n);
    };
    const auto score = [&](auto value, auto bits) {
        std::memcpy(&bits, &value, sizeof bits);
        for (std::size_t i = 0; i < sizeof bits; ++i) out += static_cast<char>(bits >> 8 * i & 255);
    };
    bool single = true;
    for (const double s : data.scores) single &= static_cast<double>(static_cast<float>(s)) == s;
    number(1);
    number(data.scores.empty() ? 0 : single ? 4 : 8);
    for (const auto count : {data.tokens.size(), data.merges.size(), data.added.size(), data.charsmap.size()})
        number(count);
    for (const auto& token : data.tokens) number(2 * token.text.size() + token.piece), out += token.text;
    for (const double s : data.scores) {
        if (single)
            score(static_cast<float>(s), std::uint32_t{});
        else
            score(s, std::uint64_t{});
    }
    std::int64_t before = -1;
    for (const auto& merge : data.merges) {
        const std::int64_t change = merge.result - 1 - before;
        number(static_cast<std::uint64_t>(merge.left)), number(static_cast<std::uint64_t>(merge.right));
        number(static_cast<std::uint64_t>(change < 0 ? -2 * change - 1 : 2 * change));
        before = merge.result;
    }
    for (const auto& [id, token] : data.added) {
        number(static_cast<std::uint64_t>(id));
        number(token.special + 2u * token.normalized + 4u * token.strip_left + 8u * token.strip_right +
               16u * token.single_word);
        number(token.text.size()), out += token.text;
    }
    return out += data.charsmap;
}

// The data of a file, whose texts lie in it. Errors: another form or version, an end that comes too early, bytes left
// over, counts that cannot be, ids that are none of a token, scores that are no numbers.
[[nodiscard]] inline expected<token_data> read_tokens(std::string_view file) {
    constexpr std::uint64_t most = 0x7fffffff;
    const std::size_t all = file.size();
    bool ended = false; // too early
    const auto number = [&]() -> std::uint64_t {
        std::uint64_t n = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            if (file.empty()) break;
            const auto byte = static_cast<unsigned char>(file[0]);
            file.remove_prefix(1);
            n |= std::uint64_t{byte & 127u} << shift;
            if (byte < 128) return n;
        }
        ended = true;
        return 0;
    };
    const auto text = [&](std::uint64_t size) {
        if (size > file.size()) ended = true, size = 0;
        const auto part = file.substr(0, static_cast<std::size_t>(size));
        file.remove_prefix(part.size());
        return part;
    };
    const auto broken = [&](auto... what) { return error("tokens: ", what...); };
    if (text(4) != "CTOK") return broken("the file does not begin with CTOK, it is no file of tokens");
    if (const auto version = number(); version != 1) return broken("the file has version ", version, ", 1 is read");
    const auto score_bytes = number();
    if (score_bytes != 0 && score_bytes != 4 && score_bytes != 8)
        return broken("a score has ", score_bytes, " bytes, 0, 4 or 8 are read");
    const auto tokens = number(), merges = number(), added = number(), charsmap = number();
    // Each takes some bytes: what a file of this size cannot hold is not made room for.
    if (ended || tokens > file.size() || merges > file.size() / 3 || added > file.size() / 3 || charsmap > file.size())
        return broken(tokens, " tokens, ", merges, " merges, ", added, " added tokens and a charsmap of ", charsmap,
                      " bytes are more than the file's ", all, " bytes hold");
    if (tokens == 0 || tokens > most) return broken(tokens, " tokens, 1 to 2147483647 are needed");
    token_data data;
    data.tokens.reserve(static_cast<std::size_t>(tokens));
    for (std::uint64_t i = 0; i < tokens && !ended; ++i) {
        const auto head = number();
        data.tokens.push_back({text(head / 2), head % 2 != 0});
    }
    if (ended) return broken("the file ends within token ", data.tokens.size() - 1, " of ", tokens);
    if (score_bytes != 0) {
        const auto bytes = text(tokens * score_bytes);
        if (ended) return broken("the file ends within the scores of its ", tokens, " tokens");
        data.scores.reserve(static_cast<std::size_t>(tokens));
        for (std::size_t i = 0; i < bytes.size(); i += static_cast<std::size_t>(score_bytes)) {
            std::uint64_t bits = 0;
            for (std::size_t k = 0; k < score_bytes; ++k)
                bits |= std::uint64_t{static_cast<unsigned char>(bytes[i + k])} << 8 * k;
            const double score = score_bytes == 8 ? std::bit_cast<double>(bits)
                                                  : double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))};
            if (!(score >= -1e30 && score <= 1e30))
                return broken("the score of token ", i / score_bytes, " is no number of a usual size");
            data.scores.push_back(score);
        }
    }
    data.merges.reserve(static_cast<std::size_t>(merges));
    std::int64_t before = -1;
    for (std::uint64_t i = 0; i < merges; ++i) {
        const auto left = number(), right = number(), change = number();
        const std::int64_t half = static_cast<std::int64_t>(change >> 1),
                           result = before + 1 + (change & 1 ? -half - 1 : half);
        if (ended) return broken("the file ends within merge ", i, " of ", merges);
        if (left >= tokens || right >= tokens || result < 0 || result >= static_cast<std::int64_t>(tokens))
            return broken("merge ", i, " makes ", result, " of ", left, " and ", right, ", but there are ", tokens,
                          " tokens");
        data.merges.push_back({static_cast<int>(left), static_cast<int>(right), static_cast<int>(result)});
        before = result;
    }
    data.added.reserve(static_cast<std::size_t>(added));
    for (std::uint64_t i = 0; i < added; ++i) {
        const auto id = number(), flags = number(), size = number();
        const auto written = text(size);
        if (ended) return broken("the file ends within added token ", i, " of ", added);
        if (id >= tokens) return broken("added token ", i, " has the id ", id, ", but there are ", tokens, " tokens");
        if (flags > 31) return broken("added token ", i, " has the flags ", flags, ", at most 31 are known");
        if (written.empty() || unicode::valid_bytes(written) != written.size())
            return broken("added token ", i, " is empty or no UTF-8");
        data.added.push_back({static_cast<int>(id),
                              {.text = written,
                               .special = (flags & 1) != 0,
                               .normalized = (flags & 2) != 0,
                               .strip_left = (flags & 4) != 0,
                               .strip_right = (flags & 8) != 0,
                               .single_word = (flags & 16) != 0}});
    }
    data.charsmap = text(charsmap);
    if (ended) return broken("the file ends within the charsmap of ", charsmap, " bytes");
    if (!file.empty()) return broken(file.size(), " bytes are left over behind the last part");
    return data;
}

} // namespace constformer
