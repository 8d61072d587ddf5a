// subword: a tokenizer around a model of subwords. Text in, the ids that the model sees out, each with its place in the
// text, and back. Equal to the `tokenizers` package: ids, segments, words, offsets, decoded text.
#pragma once

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "constformer/core/check.hpp"
#include "constformer/text/added_tokens.hpp"
#include "constformer/text/charsmap.hpp"
#include "constformer/text/encoding.hpp"
#include "constformer/text/subword_config.hpp"
#include "constformer/text/subword_reader.hpp"
#include "constformer/text/token_file.hpp"
#include "constformer/text/token_stream.hpp"

namespace constformer {

template <class Model> class subword {
  public:
    // From the bytes of a token file. Errors: those of read_tokens and of the model, a frame with tokens that there are
    // not or without its texts, an added token of which nothing is left once normalized.
    [[nodiscard]] static expected<subword> from_tokens(std::string_view file, const subword_config& config) {
        const auto data = read_tokens(file);
        if (!data) return data.error();
        return from_data(*data, config);
    }
    [[nodiscard]] static expected<subword> from_data(const token_data& data, const subword_config& config);

    // Encodes a text, or a pair, into `out`, whose memory is reused. Errors: text that is not UTF-8; more tokens than
    // options.most_tokens without options.truncate; `out` is empty then.
    status encode(std::string_view text, encoding& out, const encode_options& options = {}) const {
        return encode(std::span(&text, 1), out, options);
    }
    status encode(std::string_view first, std::string_view second, encoding& out,
                  const encode_options& options = {}) const {
        const std::array texts{first, second};
        return encode(std::span(texts), out, options);
    }

    // The text of ids, special tokens left out where asked; bytes that are no UTF-8 become U+FFFD. Ids that there are
    // not are passed over. token_stream gives the text as the ids come.
    [[nodiscard]] std::string decode(std::span<const int> ids, bool skip_special = true) const;

    [[nodiscard]] int size() const noexcept { return model_.tokens().size(); }
    // The token of an id; empty where there is none. That of byte-level BPE is in its own bytes.
    [[nodiscard]] std::string_view token(int id) const noexcept { return model_.tokens().token(id); }
    // The id of an added token or of a piece; -1 where there is none.
    [[nodiscard]] int id(std::string_view token) const noexcept {
        for (const auto& [text, id] : added_)
            if (text == token) return id;
        return model_.tokens().find(token);
    }
    // The text that an id becomes when decoded, before marks and bytes are what they stand for.
    [[nodiscard]] std::string_view shown(int id) const noexcept {
        for (const auto& [other, text] : shown_)
            if (other == id) return text;
        return token(id);
    }
    // Is it left out when decoding?
    [[nodiscard]] bool is_special(int id) const noexcept {
        return id >= 0 && id < size() && special_[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] const subword_config& config() const noexcept { return config_; }
    [[nodiscard]] const Model& model() const noexcept { return model_; }

  private:
    Model model_;
    subword_config config_;
    std::string charsmap_;
    std::vector<std::pair<std::string, int>> added_;
    std::vector<std::pair<int, std::string>> shown_; // added tokens that are decoded otherwise than written
    std::vector<bool> special_;
    added_tokens written_, normalized_; // found in the text as it is written, and in the normalized text

    status encode(std::span<const std::string_view> texts, encoding& out, const encode_options& options) const;
    void normalize(normal_text& text) const {
        for (text_step step : config_.normal) {
            if (step.from == charsmap_data) step.from = charsmap_;
            step.run(text, step);
        }
    }
    void read(std::string_view text, int segment, int most, encoding& out) const;
    void read_normalized(std::string_view text, int place, subword_reader<Model>& to) const;
};

template <class Model>
expected<subword<Model>> subword<Model>::from_data(const token_data& data, const subword_config& config) {
    for (std::size_t id = 0; !config.bytes && id < data.tokens.size(); ++id)
        if (const auto text = data.tokens[id].text; unicode::valid_bytes(text) != text.size())
            return error("tokenizer: token ", id, " is no UTF-8, which it may only be where tokens are made of bytes");
    auto model = Model::from(data, config);
    if (!model) return model.error();
    subword s;
    s.model_ = std::move(*model);
    s.config_ = config;
    s.special_.resize(data.tokens.size());
    s.charsmap_ = data.charsmap;
    for (const auto& step : config.normal)
        if (step.from == charsmap_data)
            if (status ok = check_charsmap(data.charsmap); !ok) return ok.error();
    for (const auto& [frame, texts] : {std::pair(config.single, 1), std::pair(config.pair, 2)}) {
        int found[2] = {0, 0};
        for (const auto& part : frame) {
            if (part.id >= s.size() || part.id < frame_part::second)
                return error("tokenizer: the token ", part.id, " is put around texts, but there are ", s.size(),
                             " tokens");
            if (part.id < 0) ++found[-1 - part.id];
        }
        if (found[0] != 1 || found[1] != texts - 1)
            return error("tokenizer: the frame of ", texts, " texts has the first ", found[0], " times and the second ",
                         found[1], " times");
    }
    for (const bool special : {true, false}) // special ones first: of two that are alike the first is found
        for (const auto& [id, token] : data.added) {
            if (token.special != special) continue;
            s.added_.emplace_back(token.text, id);
            const auto i = static_cast<std::size_t>(id);
            if (!token.normalized) {
                s.special_[i] = s.special_[i] || special;
                s.written_.add(token.text, id, token);
                continue;
            }
            normal_text text;
            text.start(token.text, 0);
            s.normalize(text);
            if (text.bytes.empty())
                return error("tokenizer: nothing is left of the added token ", token.text, " once normalized");
            s.normalized_.add(text.text(), id, token);
            // It is shown, and known as special, as it stands there.
            if (text.text() != token.text) s.shown_.emplace_back(id, text.text());
            for (const auto& [other, known] : data.added)
                s.special_[i] = s.special_[i] || (known.special && known.text == text.text());
        }
    return s;
}

template <class Model>
status subword<Model>::encode(std::span<const std::string_view> texts, encoding& out,
                              const encode_options& options) const {
    out.clear();
    for (const auto text : texts) {
        if (text.size() > INT_MAX / 4)
            return error("tokenizer: a text of ", text.size(), " bytes, at most ", INT_MAX / 4, " are read");
        if (const auto valid = unicode::valid_bytes(text); valid != text.size())
            return error("tokenizer: the text is not UTF-8 at byte ", valid);
    }
    const auto frame = texts.size() == 1 ? config_.single : config_.pair;
    const auto is_added = [&](auto part) { return options.special && part.id >= 0; };
    const auto added = static_cast<int>(std::count_if(frame.begin(), frame.end(), is_added));
    const int most = options.most_tokens == 0 ? INT_MAX : options.most_tokens;
    if (most < added)
        return error("tokenizer: at most ", most, " tokens leave no room for the ", added, " special ones");
    const int room = most - added;

    std::array<int, 2> begin{}, count{};
    for (const auto& part : frame) {
        if (is_added(part)) out.append(part.id, part.segment, {0, 0}, -1);
        if (part.id >= 0) continue;
        const auto i = static_cast<std::size_t>(-1 - part.id);
        begin[i] = out.size();
        read(texts[i], part.segment, options.truncate && texts.size() == 1 ? room : INT_MAX, out);
        count[i] = out.size() - begin[i];
    }
    const auto total = static_cast<long long>(count[0]) + count[1];
    if (total <= room) return {};
    if (!options.truncate) {
        out.clear();
        return error("tokenizer: ", total + added, " tokens, at most ", most, " fit");
    }
    const auto keep = kept_tokens(count, room);
    const auto cut = [&](std::size_t i) { out.erase(begin[i] + keep[i], begin[i] + count[i]); };
    const std::size_t last = begin[1] > begin[0];
    cut(last), cut(1 - last);
    return {};
}

// Appends the tokens of a text, at least `most` of them where there are as many.
template <class Model>
void subword<Model>::read(std::string_view text, int segment, int most, encoding& out) const {
    const int enough = most > INT_MAX - out.size() ? INT_MAX : out.size() + most;
    subword_reader<Model> to{model_, config_, out, segment, enough};
    added_tokens::finder found(written_, text);
    std::size_t at = 0; // byte, and its code point
    for (int place = 0; out.size() < enough;) {
        const auto token = found.next();
        if (at < token.begin) {
            const auto plain = text.substr(at, token.begin - at);
            if (config_.normal.empty() && normalized_.empty())
                to.read(plain, nullptr, place);
            else
                read_normalized(plain, place, to);
        }
        if (token.id < 0) break;
        if (at <= token.begin)
            place += count_code_points(text.substr(at, token.begin - at));
        else // of white space that the token before took along
            place -= count_code_points(text.substr(token.begin, at - token.begin));
        const int end = place + count_code_points(text.substr(token.begin, token.end - token.begin));
        to.whole(token.id, {place, end}, text.substr(token.begin, token.end - token.begin));
        place = end;
        at = token.end;
    }
}

template <class Model>
void subword<Model>::read_normalized(std::string_view raw, int place, subword_reader<Model>& to) const {
    auto& stretch = to.out.work.subword.stretch;
    stretch.start(raw, place);
    normalize(stretch);
    const auto text = stretch.text();
    added_tokens::finder found(normalized_, text);
    for (std::size_t at = 0;;) {
        const auto token = found.next();
        if (at < token.begin) to.read(text.substr(at, token.begin - at), stretch.places.data() + at, 0);
        if (token.id < 0) break;
        to.whole(token.id, {stretch.places[token.begin], stretch.places[token.end - 1] + 1},
                 text.substr(token.begin, token.end - token.begin));
        at = token.end;
    }
}

template <class Model> std::string subword<Model>::decode(std::span<const int> ids, bool skip_special) const {
    std::string text;
    spelled_out<subword> next(*this, {.skip_special = skip_special}, true);
    for (const int id : ids) next.put(id, text);
    next.finish(text);
    return text;
}

} // namespace constformer
