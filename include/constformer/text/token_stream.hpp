// token_stream: ids into text, one after another, in complete characters of UTF-8.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "constformer/text/split.hpp"
#include "constformer/text/subword_config.hpp"
#include "constformer/text/unicode.hpp"

namespace constformer {

struct stream_options {
    bool skip_special = true; // leave special tokens out
    bool continues = false;   // the text goes on from an earlier one: no space is dropped at its beginning
};

namespace detail {
// Moves what is complete from the front of `bytes` to `out`. A part that cannot become a character is replaced by
// U+FFFD as a whole, as Rust's from_utf8_lossy does; what may still become one stays, unless this is the end.
inline void take_characters(std::string& bytes, std::string& out, bool end) {
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const auto good = unicode::valid_bytes(rest);
        out += rest.substr(0, good);
        rest.remove_prefix(good);
        if (rest.empty()) break;
        const auto at = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
        const unsigned lead = at(0);
        const std::size_t needed = lead < 0xC2 || lead > 0xF4 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        std::size_t part = 1; // bytes that may begin a character
        if (needed > 1 && rest.size() > 1 && at(1) >= low && at(1) <= high)
            for (part = 2; part < needed && part < rest.size() && (at(part) & 0xC0) == 0x80;) ++part;
        if (!end && part == rest.size() && part < needed) break; // more may come
        out += "\xEF\xBF\xBD";
        rest.remove_prefix(part);
    }
    bytes.erase(0, bytes.size() - rest.size());
}
} // namespace detail

// What decoding does with each token; `whole_runs`: the tokens of bytes that follow each other become text together,
// or, where that is no UTF-8, a U+FFFD each, as the decoder ByteFallback says. (Their text is not known before the next
// token then.)
template <class Tokenizer> class spelled_out {
  public:
    spelled_out(const Tokenizer& tokenizer, stream_options options, bool whole_runs) noexcept
        : tokenizer_(&tokenizer), options_(options), whole_runs_(whole_runs), first_(!options.continues),
          begins_(!options.continues) {}

    // Appends to `out` what is known now.
    void put(int id, std::string& out) {
        if (id < 0 || id >= tokenizer_->size() || (options_.skip_special && tokenizer_->is_special(id))) return;
        const auto& config = tokenizer_->config();
        auto text = tokenizer_->shown(id);
        const bool first = std::exchange(first_, false);
        const int byte = config.decode.bytes && !config.bytes ? byte_of_token(text) : -1;
        if (byte >= 0) {
            bytes_ += static_cast<char>(static_cast<unsigned char>(byte));
            if (!whole_runs_) take(out, false);
            return;
        }
        if (!config.bytes) finish_bytes(out);
        if (std::exchange(space_, false)) bytes_ += ' ';
        if (!config.word_end.empty() && text.ends_with(config.word_end)) {
            text.remove_suffix(config.word_end.size());
            space_ = true; // unless this is the last one
        }
        if (!config.decode.marks) {
            bytes_ += text;
        } else {
            while (!text.empty()) {
                const auto mark = std::min(text.find(splits::mark), text.size());
                bytes_ += text.substr(0, mark);
                text.remove_prefix(mark);
                if (text.empty()) break;
                text.remove_prefix(splits::mark.size());
                if (!(first && config.decode.first == first_token::drop_marks)) bytes_ += ' ';
            }
        }
        take(out, !config.bytes);
    }
    // And what was waiting for more, at the end.
    void finish(std::string& out) {
        if (tokenizer_->config().bytes)
            take(out, true);
        else
            finish_bytes(out);
        space_ = false;
    }

  private:
    const Tokenizer* tokenizer_;
    stream_options options_;
    bool whole_runs_, first_, begins_; // no token, and no text, was there before
    bool space_ = false;               // one comes before the next token
    std::string bytes_;                // that are no text yet

    void take(std::string& out, bool end) {
        if (begins_ && !bytes_.empty()) {
            begins_ = false;
            if (tokenizer_->config().decode.first == first_token::drop_space && bytes_[0] == ' ') bytes_.erase(0, 1);
        }
        detail::take_characters(bytes_, out, end);
    }
    void finish_bytes(std::string& out) {
        if (whole_runs_ && unicode::valid_bytes(bytes_) != bytes_.size()) {
            begins_ = false;
            for (std::size_t i = 0; i < bytes_.size(); ++i) out += "\xEF\xBF\xBD";
            bytes_.clear();
        }
        take(out, true);
    }
};

// Text that grows: what push() and finish() return one after another is the text of all ids, as decode() gives it
// wherever the bytes are UTF-8. A tokenizer that is gone takes its streams with it.
//     token_stream text(tokenizer);
//     while (generates) print(text.push(next_id()));
//     print(text.finish());
template <class Tokenizer> class token_stream {
  public:
    explicit token_stream(const Tokenizer& tokenizer, stream_options options = {})
        : tokens_(tokenizer, options, false) {}

    // The characters that this id completes; often none, never a part of one. They stay until the next call.
    [[nodiscard]] std::string_view push(int id) {
        text_.clear();
        tokens_.put(id, text_);
        return text_;
    }
    // What is left, when no id comes any more: U+FFFD for bytes that are no whole character.
    [[nodiscard]] std::string_view finish() {
        text_.clear();
        tokens_.finish(text_);
        return text_;
    }

  private:
    spelled_out<Tokenizer> tokens_;
    std::string text_;
};

} // namespace constformer
