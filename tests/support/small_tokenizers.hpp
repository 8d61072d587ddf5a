// small_tokenizers: tokenizers for tests of what becomes of ids, whatever text they stand for.
#pragma once

#include "constformer/tasks/tokenizer.hpp"
#include "tests/support/golden.hpp"

#include <cstdlib>

namespace constformer::test {

// A tokenizer whose text is numbers with spaces between them: what is asked here is what becomes of the ids.
struct numbers_as_text {
    status encode(std::string_view text, encoding& out, encode_options options) const {
        out.clear();
        for (std::size_t at = 0; at < text.size();
             at = text.find(' ', at) == text.npos ? text.size() : text.find(' ', at) + 1)
            out.append(std::atoi(text.data() + at), 0, {}, 0);
        if (options.most_tokens > 0 && out.size() > options.most_tokens) {
            if (!options.truncate) return error("tokenizer: ", out.size(), " tokens, at most ", options.most_tokens);
            out.erase(options.most_tokens, out.size());
        }
        return {};
    }
    status encode(std::string_view first, std::string_view second, encoding& out, encode_options options) const {
        return encode(std::string(first).append(first.empty() || second.empty() ? "" : " ").append(second), out,
                      options);
    }
    std::string_view token(int) const { return {}; }
    int id(std::string_view) const { return 0; }
    int size() const { return 1000; }
    std::string decode(std::span<const int> ids) const {
        std::string text;
        for (const int id : ids) (text += text.empty() ? "" : " ") += std::to_string(id);
        return text;
    }
};
static_assert(tokenizer<numbers_as_text>);

// A tokenizer whose ids are letters: `count` of them, 2 is '#'; 0 is the first byte of a character of which 1 is the
// second.
inline bpe letters(int count) {
    std::vector<std::string> texts{"\xC3", "\xA9"};
    while (int(texts.size()) < count) texts.emplace_back(1, char('!' + int(texts.size())));
    token_data data;
    for (const auto& text : texts) data.tokens.push_back({text});
    auto made = bpe::from_data(data, {.bytes = true});
    BOOST_REQUIRE_MESSAGE(made, why(made));
    return std::move(*made);
}

} // namespace constformer::test
