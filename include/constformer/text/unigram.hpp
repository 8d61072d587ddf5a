// unigram: words into the tokens whose scores have the largest sum (Viterbi over a trie). T5, XLM-RoBERTa, XLNet,
// ALBERT, mUSE. Equal to the model Unigram of `tokenizers`.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "constformer/core/check.hpp"
#include "constformer/text/subword.hpp"
#include "constformer/text/subword_config.hpp"
#include "constformer/text/token_table.hpp"
#include "constformer/text/trie.hpp"

namespace constformer {

class unigram_model {
  public:
    // Errors: no scores, pieces that are alike, an unknown token that there is not.
    [[nodiscard]] static expected<unigram_model> from(const token_data& data, const subword_config& config) {
        if (data.scores.size() != data.tokens.size())
            return error("unigram: ", data.scores.size(), " scores of ", data.tokens.size(), " tokens");
        auto tokens = token_table::from(data);
        if (!tokens) return tokens.error();
        unigram_model m;
        m.tokens_ = std::move(*tokens);
        if (config.unknown < 0 || config.unknown >= m.tokens_.size())
            return error("unigram: the unknown token is ", config.unknown, ", but there are ", m.tokens_.size(),
                         " tokens");
        if (config.bytes || !config.word_end.empty() || config.ignore_merges)
            return error("unigram: bytes, word_end and ignore_merges are of models with merges only");
        m.unknown_ = config.unknown;
        m.byte_fallback_ = config.byte_fallback;
        m.scores_ = data.scores;
        std::vector<std::string_view> texts;
        std::vector<int> ids;
        double lowest = std::numeric_limits<double>::infinity();
        for (std::size_t id = 0; id < data.tokens.size(); ++id) {
            const auto& [text, piece] = data.tokens[id];
            if (!piece) continue;
            lowest = std::min(lowest, data.scores[id]);
            if (text.empty()) continue;
            texts.push_back(text);
            ids.push_back(static_cast<int>(id));
        }
        m.unknown_score_ = lowest - 10;
        m.trie_ = trie(texts, ids);
        for (unsigned c = 0; c < 256; ++c) {
            const auto written = byte_token(static_cast<unsigned char>(c));
            m.fallback_[c] = m.tokens_.find({written.data(), written.size()});
        }
        return m;
    }

    [[nodiscard]] const token_table& tokens() const noexcept { return tokens_; }

    // The tokens of a word, to token(id, begin, end), where they begin and end in bytes; those of one unknown text in
    // bytes all have the whole of it.
    template <class Sink> void read(std::string_view word, subword_work& work, Sink&& token) const {
        constexpr double never = -std::numeric_limits<double>::infinity();
        auto& best = work.best;
        best.assign(word.size() + 1, {never, 0, -1});
        best[0].score = 0;
        for (std::size_t at = 0; at != word.size();) {
            const auto bytes = static_cast<std::size_t>(unicode::decode(word.data() + at).bytes);
            const double so_far = best[at].score;
            bool spelled = false; // this character alone
            const auto offer = [&](std::size_t end, double score, int id) {
                if (so_far + score > best[end].score) best[end] = {so_far + score, static_cast<int>(at), id};
            };
            trie_.prefixes(word.substr(at), [&](int id, std::size_t size) {
                offer(at + size, scores_[static_cast<std::size_t>(id)], id);
                spelled |= size == bytes;
            });
            if (!spelled) offer(at + bytes, unknown_score_, unknown_);
            at += bytes;
        }
        // Back from the end; neighbors that are unknown become one.
        auto& path = work.path;
        path.clear();
        for (int end = static_cast<int>(word.size()); end > 0;) {
            const bool unknown = best[static_cast<std::size_t>(end)].id == unknown_;
            path.push_back(end);
            do end = best[static_cast<std::size_t>(end)].begin;
            while (unknown && end > 0 && best[static_cast<std::size_t>(end)].id == unknown_);
        }
        int begin = 0;
        for (std::size_t i = path.size(); i-- > 0; begin = path[i]) {
            const int end = path[i], id = best[static_cast<std::size_t>(end)].id;
            if (id != unknown_) {
                token(id, begin, end);
                continue;
            }
            const auto text = word.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
            const int known = tokens_.find(text);
            if (known < 0 && can_fall_back(text))
                for (const char c : text) token(fallback_[static_cast<unsigned char>(c)], begin, end);
            else
                token(known < 0 ? unknown_ : known, begin, end);
        }
    }

  private:
    token_table tokens_;
    trie trie_;
    std::vector<double> scores_;
    std::array<int, 256> fallback_{};
    int unknown_ = -1;
    double unknown_score_ = 0;
    bool byte_fallback_ = false;

    [[nodiscard]] bool can_fall_back(std::string_view text) const noexcept {
        return byte_fallback_ && std::all_of(text.begin(), text.end(),
                                             [&](char c) { return fallback_[static_cast<unsigned char>(c)] >= 0; });
    }
};

// A tokenizer of such a model; see subword.
using unigram = subword<unigram_model>;

} // namespace constformer
