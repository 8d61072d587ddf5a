// wordpiece: BERT's tokenizer. Text in, the ids that the model sees out, each with its place in the text.
// Equal to the `tokenizers` package's BertWordPieceTokenizer: ids, segments, words and offsets.
#pragma once

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "constformer/core/check.hpp"
#include "constformer/text/added_tokens.hpp"
#include "constformer/text/encoding.hpp"
#include "constformer/text/text_reader.hpp"
#include "constformer/text/unicode.hpp"
#include "constformer/text/vocabulary.hpp"
#include "constformer/text/words.hpp"

namespace constformer {

// What a checkpoint fixes; usable as `inline constexpr wordpiece_config cased{.lowercase = false};`.
struct wordpiece_config {
    bool lowercase = true;
    std::optional<bool> strip_accents{}; // as lowercase where absent
    bool chinese = true;                 // each Chinese character is a word
    bool clean = true;                   // drop control characters
    int longest_word = 100;              // a word of more code points is unknown
    // Special tokens; each is also found as written in the text. Padding and mask may be "": there is none.
    std::string_view unknown = "[UNK]", classify = "[CLS]", separate = "[SEP]", padding = "[PAD]", mask = "[MASK]";
    std::string_view continuation = "##"; // begins a token that continues a word
    // Further tokens that are found in the text, and special ones of above that are not looked for as usual. Those that
    // are no pieces of words follow in the vocabulary after all that are: `pieces` of them; 0: all are.
    std::span<const added_token> added{};
    int pieces = 0;
    bool twice = false; // `separate` stands twice between the texts of a pair (MPNet)
};

class wordpiece {
  public:
    // From the text of vocab.txt. Errors: an empty file, a token twice, a line that is not UTF-8, a special or added
    // token of the config that the vocabulary lacks, an added token with white space at an end or nothing else.
    [[nodiscard]] static expected<wordpiece> from_vocabulary(std::string_view lines, const wordpiece_config& config);

    // Encodes a text as [CLS] text [SEP], or a pair as [CLS] first [SEP] second [SEP] (config.twice: first [SEP]
    // [SEP] second), into `out`, whose memory is reused. Errors: text that is not UTF-8; more tokens than
    // options.most_tokens without options.truncate; `out` is empty then.
    status encode(std::string_view text, encoding& out, const encode_options& options = {}) const {
        return encode(std::span(&text, 1), out, options);
    }
    status encode(std::string_view first, std::string_view second, encoding& out,
                  const encode_options& options = {}) const {
        const std::array texts{first, second};
        return encode(std::span(texts), out, options);
    }

    // The text of ids, as `tokenizers` decodes: pieces joined, spaces before punctuation dropped, special tokens left
    // out where asked. Ids that are not in the vocabulary are passed over.
    [[nodiscard]] std::string decode(std::span<const int> ids, bool skip_special = true) const;

    [[nodiscard]] int size() const noexcept { return known_.size(); }
    // The token of an id; empty where there is none.
    [[nodiscard]] std::string_view token(int id) const noexcept { return known_.token(id); }
    // The id of a token; -1 where there is none.
    [[nodiscard]] int id(std::string_view token) const noexcept { return known_.id(token); }
    // Ids of the special tokens; -1 for a padding or mask that the config leaves out.
    [[nodiscard]] int unknown() const noexcept { return special_[0]; }
    [[nodiscard]] int classify() const noexcept { return special_[1]; }
    [[nodiscard]] int separate() const noexcept { return special_[2]; }
    [[nodiscard]] int padding() const noexcept { return special_[3]; }
    [[nodiscard]] int mask() const noexcept { return special_[4]; }
    // Does separate() stand twice between two texts?
    [[nodiscard]] bool twice() const noexcept { return twice_; }
    // Is it left out when decoding?
    [[nodiscard]] bool is_special(int id) const noexcept {
        return std::find(left_out_.begin(), left_out_.end(), id) != left_out_.end();
    }
    // Are added tokens looked for in the normalized text? (It is then kept in encoding::work as a whole.)
    [[nodiscard]] bool keeps_normalized_text() const noexcept { return !normalized_.empty(); }

  private:
    vocabulary known_;
    text_reader reader_;
    std::string continuation_;
    int longest_word_ = 0;
    bool twice_ = false;
    std::array<int, 5> special_{};
    std::vector<int> left_out_;         // ids of special tokens
    added_tokens written_, normalized_; // found in the text as it is written, and in the normalized text

    [[nodiscard]] word_pieces pieces() const noexcept { return {known_, unknown(), longest_word_}; }
    [[nodiscard]] status look_for(const added_token& token);
    status encode(std::span<const std::string_view> texts, encoding& out, const encode_options& options) const;
    void read(std::string_view text, int segment, int most, encoding& out) const;
    void read_normalized(std::string_view text, int source, words& to) const;
};

inline expected<wordpiece> wordpiece::from_vocabulary(std::string_view lines, const wordpiece_config& config) {
    if (config.longest_word < 1)
        return error("wordpiece: longest_word is ", config.longest_word, ", at least 1 is needed");
    if (config.pieces < 0) return error("wordpiece: ", config.pieces, " pieces, 0 (all tokens) or more are needed");
    auto known = vocabulary::from_lines(lines, config.continuation, config.pieces == 0 ? INT_MAX : config.pieces);
    if (!known) return known.error();
    wordpiece w;
    w.known_ = std::move(*known);
    w.continuation_ = config.continuation;
    w.longest_word_ = config.longest_word;
    w.twice_ = config.twice;
    const std::array<std::pair<const char*, std::string_view>, 5> names{{{"unknown", config.unknown},
                                                                         {"classify", config.classify},
                                                                         {"separate", config.separate},
                                                                         {"padding", config.padding},
                                                                         {"mask", config.mask}}};
    for (std::size_t i = 0; i < names.size(); ++i) {
        w.special_[i] = w.id(names[i].second);
        if (w.special_[i] < 0 && (i < 3 || !names[i].second.empty()))
            return error("wordpiece: the vocabulary of ", w.size(), " tokens lacks the ", names[i].first, " token ",
                         names[i].second);
    }
    const normalization steps{config.clean, config.chinese, config.strip_accents.value_or(config.lowercase),
                              config.lowercase};
    w.reader_ = text_reader(steps, w.pieces());
    // Special tokens first. BERT's own are looked for as written, unless the config says otherwise of one.
    for (const int id : w.special_) {
        const added_token usual{.text = w.token(id)};
        if (id >= 0 && std::none_of(config.added.begin(), config.added.end(),
                                    [&](const added_token& added) { return added.text == usual.text; }))
            if (status ok = w.look_for(usual); !ok) return ok.error();
    }
    for (const bool special : {true, false})
        for (const auto& token : config.added)
            if (token.special == special)
                if (status ok = w.look_for(token); !ok) return ok.error();
    return w;
}

// Takes a token up. Of two that are alike once normalized the first is found. (`tokenizers` finds any of the two,
// another one each time that it is started.)
inline status wordpiece::look_for(const added_token& token) {
    const int known = id(token.text);
    if (known < 0) return error("wordpiece: the vocabulary of ", size(), " tokens lacks the added token ", token.text);
    if (unicode::space_at_begin(token.text) != 0 || unicode::space_at_end(token.text) != 0)
        return error("wordpiece: the added token '", token.text, "' has white space at an end");
    if (token.special) left_out_.push_back(known);
    if (!token.normalized) return written_.add(token.text, known, token), status();
    encoding work;
    reader_.normalize(token.text, 0, work);
    const std::string_view text(work.work.normal.data(), work.work.normal.size());
    if (unicode::space_at_begin(text) == text.size())
        return error("wordpiece: nothing is left of the added token ", token.text, " once normalized");
    return normalized_.add(text, known, token), status();
}

inline status wordpiece::encode(std::span<const std::string_view> texts, encoding& out,
                                const encode_options& options) const {
    out.clear();
    for (const auto text : texts) {
        if (text.size() > INT_MAX)
            return error("wordpiece: a text of ", text.size(), " bytes, at most 2147483647 are read");
        if (const auto valid = unicode::valid_bytes(text); valid != text.size())
            return error("wordpiece: the text is not UTF-8 at byte ", valid);
    }
    const bool twice = twice_ && texts.size() == 2;
    const int added = options.special ? static_cast<int>(texts.size()) + 1 + twice : 0;
    const int most = options.most_tokens == 0 ? INT_MAX : options.most_tokens;
    if (most < added)
        return error("wordpiece: at most ", most, " tokens leave no room for the ", added, " special ones");
    const int room = most - added;

    // [CLS] first [SEP] second [SEP]; of one text alone hardly more than could stay.
    std::array<int, 2> begin{}, count{};
    if (options.special) out.append(classify(), 0, {0, 0}, -1);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const int segment = static_cast<int>(i);
        begin[i] = out.size();
        read(texts[i], segment, options.truncate && texts.size() == 1 ? room : INT_MAX, out);
        count[i] = out.size() - begin[i];
        if (options.special) out.append(separate(), segment, {0, 0}, -1);
        if (options.special && twice && i == 0) out.append(separate(), segment, {0, 0}, -1);
    }
    const auto total = static_cast<long long>(count[0]) + count[1];
    if (total <= room) return {};
    if (!options.truncate) {
        out.clear();
        return error("wordpiece: ", total + added, " tokens, at most ", most, " fit");
    }
    const std::array<int, 2> keep = kept_tokens(count, room);
    for (std::size_t i = texts.size(); i-- > 0;) out.erase(begin[i] + keep[i], begin[i] + count[i]);
    return {};
}

// Appends the tokens of a text, at least `most` of them where there are as many.
inline void wordpiece::read(std::string_view text, int segment, int most, encoding& out) const {
    const int enough = most > INT_MAX - out.size() ? INT_MAX : out.size() + most;
    const auto points = [&](std::size_t begin, std::size_t end) {
        return static_cast<int>(std::count_if(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                              text.begin() + static_cast<std::ptrdiff_t>(end),
                                              [](char c) { return (c & 0xC0) != 0x80; }));
    };
    words to{pieces(), out, segment};
    added_tokens::finder found(written_, text);
    std::size_t at = 0; // byte, and its code point
    for (int source = 0; out.size() < enough;) {
        const auto token = found.next();
        if (at < token.begin) {
            const auto plain = text.substr(at, token.begin - at);
            if (normalized_.empty())
                reader_.read(plain, source, enough, to);
            else
                read_normalized(plain, source, to);
        }
        if (token.id < 0) break;
        source += points(at, token.begin);
        const int end = source + points(token.begin, token.end);
        to.whole(token.id, source, end - 1);
        source = end;
        at = token.end;
    }
}

// The same where tokens are looked for in the normalized text, which must be there as a whole then.
inline void wordpiece::read_normalized(std::string_view raw, int source, words& to) const {
    auto& out = to.out;
    reader_.normalize(raw, source, out);
    const std::string_view text(out.work.normal.data(), out.work.normal.size());
    const auto place = [&](std::size_t byte) { return out.work.places[byte]; };
    added_tokens::finder found(normalized_, text);
    for (std::size_t at = 0;;) {
        const auto token = found.next();
        while (at < token.begin) {
            const auto next = unicode::decode(text.data() + at);
            to(next.point, unicode::properties_of(next.point), place(at));
            at += static_cast<std::size_t>(next.bytes);
        }
        to.finish();
        if (token.id < 0) break;
        to.whole(token.id, place(token.begin), place(token.end - 1));
        at = token.end;
    }
}

inline std::string wordpiece::decode(std::span<const int> ids, bool skip_special) const {
    // White space that is dropped again, in a token that a space was put before.
    constexpr std::pair<std::string_view, std::string_view> closer[] = {
        {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
        {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
    std::string text, piece;
    bool first = true;
    for (const int i : ids) {
        if (i < 0 || i >= size()) continue;
        // A token that is looked for in normalized text is shown, and known as special, as it stands there.
        const std::string_view other = normalized_.text(i), shown = other.empty() ? token(i) : other;
        if (skip_special && is_special(other.empty() ? i : id(shown))) continue;
        if (!first && shown.starts_with(continuation_)) {
            piece = shown.substr(continuation_.size());
        } else {
            piece = first ? "" : " ";
            piece += shown;
        }
        for (const auto& [from, to] : closer)
            for (auto at = piece.find(from); at != piece.npos; at = piece.find(from, at + to.size()))
                piece.replace(at, from.size(), to);
        text += piece;
        first = false;
    }
    return text;
}

} // namespace constformer
