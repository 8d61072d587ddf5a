// bpe: words into tokens by merging. Byte-level (GPT-2, RoBERTa, Llama-3, Qwen2), of characters with a fallback to
// bytes (Llama-2, Mistral), of characters with a mark at a word's end (GPT). Equal to the model BPE of `tokenizers`.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "constformer/core/check.hpp"
#include "constformer/text/merges.hpp"
#include "constformer/text/split.hpp"
#include "constformer/text/subword.hpp"
#include "constformer/text/subword_config.hpp"
#include "constformer/text/token_table.hpp"

namespace constformer {

class bpe_model {
  public:
    // Errors: pieces that are alike, an unknown token that there is not, no token where byte_fallback needs one.
    [[nodiscard]] static expected<bpe_model> from(const token_data& data, const subword_config& config) {
        auto tokens = token_table::from(data);
        if (!tokens) return tokens.error();
        bpe_model m;
        m.tokens_ = std::move(*tokens);
        m.merges_ = merge_table(data.merges);
        m.config_ = config;
        if (config.unknown >= m.tokens_.size())
            return error("bpe: the unknown token is ", config.unknown, ", but there are ", m.tokens_.size(), " tokens");
        if (config.ignore_merges && !config.word_end.empty())
            return error("bpe: ignore_merges does not go with the word_end ", config.word_end);
        std::string last;
        for (unsigned c = 0; c < 256; ++c) {
            const char byte = static_cast<char>(c);
            m.single_[0][c] = m.tokens_.find({&byte, 1});
            m.single_[1][c] = m.tokens_.find((last = byte) += config.word_end);
            if (!config.byte_fallback) continue;
            const auto written = byte_token(static_cast<unsigned char>(c));
            m.fallback_[c] = m.tokens_.find({written.data(), written.size()});
            if (m.fallback_[c] < 0)
                return error("bpe: byte_fallback needs the token ", std::string_view(written.data(), written.size()),
                             ", which there is not");
        }
        // Where no token holds a mark behind something else, no merge goes over such a place: what lies between is a
        // word of its own, and short.
        m.cut_at_marks_ = config.word_end.empty() && !config.bytes && m.tokens_.find(splits::mark) >= 0;
        for (const auto& [text, piece] : data.tokens) {
            if (!piece) continue;
            for (auto at = text.find(splits::mark, 1); at != text.npos; at = text.find(splits::mark, at + 1))
                m.cut_at_marks_ &= at >= splits::mark.size() && text.substr(0, at).ends_with(splits::mark);
        }
        // A word that is spelled as itself need not be merged.
        m.whole_.resize(data.tokens.size());
        subword_work work;
        for (std::size_t id = 0; id < data.tokens.size(); ++id) {
            auto [text, piece] = data.tokens[id];
            if (!piece || !text.ends_with(config.word_end)) continue;
            text.remove_suffix(config.word_end.size());
            if (text.empty()) continue;
            m.whole_[id] = config.ignore_merges;
            if (config.ignore_merges) continue;
            m.spell(text, work);
            m.whole_[id] = work.symbols.size() == 1 && work.symbols[0].id == static_cast<int>(id);
        }
        return m;
    }

    [[nodiscard]] const token_table& tokens() const noexcept { return tokens_; }

    // The tokens of a word, to token(id, begin, end), where they begin and end in bytes.
    template <class Sink> void read(std::string_view word, subword_work& work, Sink&& token) const {
        if (!cut_at_marks_) return read_word(word, 0, work, token);
        for (std::size_t begin = 0; begin != word.size();) {
            std::size_t end = begin;
            while (word.substr(end).starts_with(splits::mark)) end += splits::mark.size();
            end = std::min(word.find(splits::mark, end), word.size());
            read_word(word.substr(begin, end - begin), static_cast<int>(begin), work, token);
            begin = end;
        }
    }

  private:
    token_table tokens_;
    merge_table merges_;
    subword_config config_;
    std::array<std::array<int, 256>, 2> single_{}; // the token of a byte; the second at the end of a word
    std::array<int, 256> fallback_{};
    std::vector<bool> whole_; // is a token spelled as itself?
    bool cut_at_marks_ = false;

    template <class Sink> void read_word(std::string_view word, int begin, subword_work& work, Sink& token) const {
        const int id = find_last(word, work);
        const int size = static_cast<int>(word.size());
        if (id >= 0 && whole_[static_cast<std::size_t>(id)]) return token(id, begin, begin + size);
        spell(word, work);
        for (const auto& s : work.symbols) token(s.id, begin, begin + s.bytes), begin += s.bytes;
    }

    // A text at the end of a word.
    [[nodiscard]] int find_last(std::string_view text, subword_work& work) const {
        if (config_.word_end.empty()) return tokens_.find(text);
        work.word.assign(text.begin(), text.end());
        work.word.insert(work.word.end(), config_.word_end.begin(), config_.word_end.end());
        return tokens_.find({work.word.data(), work.word.size()});
    }

    void spell(std::string_view word, subword_work& work) const {
        auto& symbols = work.symbols;
        symbols.clear();
        int unknown = 0; // bytes of characters that have no token, before the next one that has
        const auto put = [&](int id, int bytes) { symbols.push_back({id, bytes, -1, -1, -1, -1}); };
        const auto told = [&] {
            if (unknown != 0) put(config_.unknown, unknown);
            unknown = 0;
        };
        for (std::size_t at = 0; at != word.size();) {
            const int bytes = config_.bytes ? 1 : unicode::decode(word.data() + at).bytes;
            const auto text = word.substr(at, static_cast<std::size_t>(bytes));
            at += text.size();
            const bool last = at == word.size();
            const int id = bytes == 1 ? single_[last][static_cast<unsigned char>(text[0])]
                           : last     ? find_last(text, work)
                                      : tokens_.find(text);
            if (id >= 0) {
                told();
                put(id, bytes);
            } else if (config_.byte_fallback) {
                for (const char c : text) put(fallback_[static_cast<unsigned char>(c)], 1);
            } else if (config_.unknown >= 0) {
                if (!config_.fuse_unknown) told();
                unknown += bytes;
            }
        }
        told();
        merges_.run(work);
    }
};

// A tokenizer of such a model; see subword.
using bpe = subword<bpe_model>;

} // namespace constformer
