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

#include "constformer/core/check.hpp"
#include "constformer/text/encoding.hpp"
#include "constformer/text/normalize.hpp"
#include "constformer/text/unicode.hpp"
#include "constformer/text/vocabulary.hpp"

namespace constformer {

// What a checkpoint fixes; usable as `inline constexpr wordpiece_config cased{.lowercase = false};`.
struct wordpiece_config {
    bool lowercase = true;
    std::optional<bool> strip_accents{}; // as lowercase where absent
    bool chinese = true;                 // each Chinese character is a word
    bool clean = true;                   // drop control characters
    int longest_word = 100;              // a word of more code points is unknown
    // Tokens that are found as written in the text, before it is normalized. Padding and mask may be "": there is none.
    std::string_view unknown = "[UNK]", classify = "[CLS]", separate = "[SEP]", padding = "[PAD]", mask = "[MASK]";
    std::string_view continuation = "##"; // begins a token that continues a word
};

class wordpiece {
  public:
    // From the text of vocab.txt. Errors: an empty file, a token twice, a line that is not UTF-8, a special token of
    // the config that the vocabulary lacks.
    [[nodiscard]] static expected<wordpiece> from_vocabulary(std::string_view lines, const wordpiece_config& config);

    // Encodes a text as [CLS] text [SEP], or a pair as [CLS] first [SEP] second [SEP], into `out`, whose memory is
    // reused. Errors: text that is not UTF-8; more tokens than options.most_tokens without options.truncate; `out` is
    // empty then.
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
    [[nodiscard]] bool is_special(int id) const noexcept {
        return id >= 0 && std::find(special_.begin(), special_.end(), id) != special_.end();
    }

  private:
    // What a byte of text may begin.
    enum sort : std::uint8_t { letter, blank, mark, nothing, special, wide };

    vocabulary known_;
    normalization steps_;
    std::string continuation_;
    int longest_word_ = 0;
    std::array<int, 5> special_{};
    std::array<std::uint8_t, 256> sort_{};  // as the text is scanned: special where a special token begins with it
    std::array<std::uint8_t, 256> plain_{}; // the same without special
    std::array<char, 128> small_{};         // ASCII after normalization
    std::array<int, 128> single_{};         // the id of a word of this one character

    struct reader;
    status encode(std::span<const std::string_view> texts, encoding& out, const encode_options& options) const;
    void read(std::string_view text, int segment, int most, encoding& out) const;
    [[nodiscard]] int special_at(std::string_view rest) const noexcept;
    [[nodiscard]] static std::array<int, 2> kept(std::array<int, 2> count, int room) noexcept;
};

inline expected<wordpiece> wordpiece::from_vocabulary(std::string_view lines, const wordpiece_config& config) {
    if (config.longest_word < 1)
        return error("wordpiece: longest_word is ", config.longest_word, ", at least 1 is needed");
    auto known = vocabulary::from_lines(lines, config.continuation);
    if (!known) return known.error();
    wordpiece w;
    w.known_ = std::move(*known);
    w.steps_ = {config.clean, config.chinese, config.strip_accents.value_or(config.lowercase), config.lowercase};
    w.continuation_ = config.continuation;
    w.longest_word_ = config.longest_word;
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
    for (unsigned c = 0; c < 256; ++c) {
        w.sort_[c] = w.plain_[c] = wide;
        if (c >= 128) continue;
        const auto p = unicode::properties_of(c);
        w.sort_[c] = config.clean && p.is(unicode::tables::removed) ? nothing
                     : p.is(unicode::tables::space)                 ? blank
                     : p.is(unicode::tables::punctuation)           ? mark
                                                                    : letter;
        w.plain_[c] = w.sort_[c];
        w.small_[c] = static_cast<char>(config.lowercase ? unicode::lower(c)[0] : c);
        w.single_[c] = std::max(w.known_.find(&w.small_[c], 1, vocabulary::whole), -1);
        if (w.single_[c] < 0) w.single_[c] = w.unknown();
    }
    for (const int id : w.special_)
        if (id >= 0) w.sort_[static_cast<unsigned char>(w.token(id)[0])] = special;
    return w;
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
    const int added = options.special ? static_cast<int>(texts.size()) + 1 : 0;
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
    }
    const auto total = static_cast<long long>(count[0]) + count[1];
    if (total <= room) return {};
    if (!options.truncate) {
        out.clear();
        return error("wordpiece: ", total + added, " tokens, at most ", most, " fit");
    }
    // The longer text is cut down to what the shorter one leaves; where both are long, each gets half.
    const std::array<int, 2> keep = kept(count, room);
    for (std::size_t i = texts.size(); i-- > 0;) out.erase(begin[i] + keep[i], begin[i] + count[i]);
    return {};
}

// How many tokens of each of two texts stay in a room too small for both.
inline std::array<int, 2> wordpiece::kept(std::array<int, 2> count, int room) noexcept {
    const int shorter = std::min(count[0], count[1]);
    int small = shorter, large = room - shorter;
    if (large < small) small = room / 2, large = room - small;
    return count[0] > count[1] ? std::array{large, small} : std::array{small, large};
}

// One text on its way: the word being built, and how words become tokens.
struct wordpiece::reader {
    const wordpiece& w;
    encoding& out;
    const int segment;
    int word = 0;            // number of the next word
    int size = 0;            // bytes of the word so far, those of its first longest_word_ code points
    int characters = 0;      // its code points
    int first = 0, last = 0; // where they come from

    // The sink of the normalizer: one normalized code point. White space ends a word, punctuation is one.
    void operator()(char32_t point, unicode::properties known, int source) {
        if (known.is(unicode::tables::space)) return finish();
        const bool alone = known.is(unicode::tables::punctuation);
        if (alone) finish();
        add(point, source);
        if (alone) finish();
    }

    void add(char32_t point, int source) {
        if (characters++ == 0) first = source;
        last = source;
        if (characters > w.longest_word_) return;
        auto& buffer = out.work.word;
        auto& sources = out.work.sources;
        if (buffer.size() < static_cast<std::size_t>(size) + 4) {
            buffer.resize(buffer.size() * 2 + 64);
            sources.resize(buffer.size());
        }
        const int bytes = unicode::encode(point, buffer.data() + size);
        std::fill_n(sources.data() + size, bytes, source);
        size += bytes;
    }

    void finish() {
        if (characters == 0) return;
        if (characters > w.longest_word_) {
            whole(w.unknown(), first, last);
        } else {
            split(size, out.work.sources.data(), 0);
        }
        size = characters = 0;
    }

    // The word in the buffer: the longest piece first, then the longest that continues it, to its end; a word that
    // cannot be spelled so is unknown as a whole. Its bytes come from the places in `sources`, or, where there are
    // none, one after another from `plain` on.
    void split(int bytes, const int* sources, int plain) {
        const char* const text = out.work.word.data();
        const auto source = [&](int byte) { return sources ? sources[byte] : plain + byte; };
        const int before = out.size();
        auto where = vocabulary::whole;
        for (int begin = 0; begin < bytes;) {
            int end = std::min(bytes, begin + w.known_.longest(where)), id = -1;
            for (; end > begin; --end) {
                id = w.known_.find(text + begin, static_cast<std::size_t>(end - begin), where);
                if (id >= 0) break;
            }
            if (id < 0) {
                out.erase(before, out.size());
                return whole(w.unknown(), source(0), source(bytes - 1));
            }
            out.append(id, segment, {source(begin), source(end - 1) + 1}, word);
            begin = end;
            where = vocabulary::continuing;
        }
        ++word;
    }

    // A word of one token.
    void whole(int id, int from, int to) { out.append(id, segment, {from, to + 1}, word++); }
};

// The special token that the text begins with, the longest where there are several; -1: none.
inline int wordpiece::special_at(std::string_view rest) const noexcept {
    int found = -1;
    for (const int id : special_)
        if (id >= 0 && rest.starts_with(token(id)) && (found < 0 || token(id).size() > token(found).size())) found = id;
    return found;
}

// Appends the tokens of a text, at least `most` of them where there are as many.
inline void wordpiece::read(std::string_view text, int segment, int most, encoding& out) const {
    const int enough = most > INT_MAX - out.size() ? INT_MAX : out.size() + most;
    reader words{*this, out, segment};
    normalizer normal(steps_, out.work.pile, words);
    const auto finish = [&] {
        normal.finish();
        words.finish();
    };
    const char *p = text.data(), *const end = p + text.size();
    const auto byte = [](const char* at) { return static_cast<unsigned char>(*at); };
    for (int source = 0; p != end && out.size() < enough;) {
        const auto c = byte(p);
        auto what = sort_[c];
        if (what == special) {
            if (const int id = special_at({p, static_cast<std::size_t>(end - p)}); id >= 0) {
                finish();
                const int from = source;
                for (const char* after = p + token(id).size(); p != after; ++p) source += (byte(p) & 0xC0) != 0x80;
                out.append(id, segment, {from, source}, words.word++);
                continue;
            }
            what = plain_[c];
        }
        if (what == letter && words.characters == 0) {
            // Most words are ASCII from end to end: no normalizer, no list of sources.
            const char* after = p + 1;
            while (after != end && sort_[byte(after)] == letter) ++after;
            const auto length = after - p;
            if (length <= longest_word_ &&
                (after == end || sort_[byte(after)] == blank || sort_[byte(after)] == mark)) {
                normal.finish();
                if (words.characters == 0) {
                    auto& buffer = out.work.word;
                    if (buffer.size() < static_cast<std::size_t>(length)) {
                        buffer.resize(static_cast<std::size_t>(length) + 64);
                        out.work.sources.resize(buffer.size());
                    }
                    std::transform(p, after, buffer.data(), [&](const char& at) { return small_[byte(&at)]; });
                    words.split(static_cast<int>(length), nullptr, source);
                    p = after;
                    source += static_cast<int>(length);
                    continue;
                }
            }
        }
        if (what == wide) {
            const auto next = unicode::decode(p);
            normal.put(next.point, source++);
            p += next.bytes;
            continue;
        }
        if (what == letter) {
            normal.finish();
            words.add(static_cast<unsigned char>(small_[c]), source);
        } else if (what != nothing) {
            finish();
            if (what == mark) words.whole(single_[c], source, source);
        }
        ++p;
        ++source;
    }
    finish();
}

inline std::string wordpiece::decode(std::span<const int> ids, bool skip_special) const {
    // Tokens before which no space is put: those that end or shorten what comes before.
    constexpr std::string_view close[] = {".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"};
    std::string text;
    bool first = true;
    for (const int id : ids) {
        auto piece = token(id);
        if (id < 0 || id >= size() || (skip_special && is_special(id))) continue;
        if (!first && piece.starts_with(continuation_)) {
            piece.remove_prefix(continuation_.size());
        } else if (!first && std::none_of(std::begin(close), std::end(close),
                                          [&](std::string_view c) { return piece.starts_with(c); })) {
            text += ' ';
        }
        text += piece;
        first = false;
    }
    return text;
}

} // namespace constformer
