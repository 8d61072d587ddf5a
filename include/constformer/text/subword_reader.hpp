// subword_reader: ordinary text, in which no token is looked for any more, on its way through the splitters to a model.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "constformer/text/encoding.hpp"
#include "constformer/text/subword_config.hpp"

namespace constformer {

// Code points of a text that is valid UTF-8.
[[nodiscard]] inline int count_code_points(std::string_view text) noexcept {
    return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Counts the code points of a text while its bytes are gone through from the left to the right.
class place_counter {
  public:
    place_counter(std::string_view text, int first) noexcept : text_(text), count_(first) {}
    // [begin, end) in code points, of bytes that are not all before those of the last call.
    [[nodiscard]] std::array<int, 2> operator()(std::size_t begin, std::size_t end) noexcept {
        if (begin < at_) at_ = last_at_, count_ = last_count_; // the bytes of one character have all of it
        pass(begin);
        last_at_ = at_, last_count_ = count_;
        const int first = count_ - (begin != text_.size() && (text_[begin] & 0xC0) == 0x80);
        pass(end);
        return {first, count_};
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0, last_at_ = 0;
    int count_, last_count_ = 0; // code points that begin before at_
    void pass(std::size_t to) noexcept {
        for (; at_ != to; ++at_) count_ += (text_[at_] & 0xC0) != 0x80;
    }
};

template <class Model> struct subword_reader {
    const Model& model;
    const subword_config& config;
    encoding& out;
    const int segment, enough; // no more words are read once there are so many tokens
    int word = 0;              // number of the next one
    const int start = out.size();

    // Reads a text that is valid UTF-8: its bytes come from `places`, or, where that is null, its code points are
    // numbered from `place` on.
    void read(std::string_view text, const int* places, int place) {
        place_counter counted(text, place);
        for (std::size_t at = 0; at != text.size() && out.size() < enough;) {
            const auto part = config.apart ? config.apart(text, at) : piece{0, text.size()};
            at = part.end;
            if (part.begin == part.end) break;
            const auto plain = text.substr(part.begin, part.end - part.begin);
            if (config.steps.empty()) {
                words(plain, [&](std::size_t begin, std::size_t end) -> std::array<int, 2> {
                    if (!places) return counted(part.begin + begin, part.begin + end);
                    return {places[part.begin + begin], places[part.begin + end - 1] + 1};
                });
                continue;
            }
            auto& changed = out.work.subword.piece;
            if (places)
                changed.start(plain, places + part.begin);
            else
                changed.start(plain, counted(part.begin, part.end)[0]);
            for (const auto& step : config.steps) step.run(changed, step);
            words(changed.text(), [&](std::size_t begin, std::size_t end) -> std::array<int, 2> {
                return {changed.places[begin], changed.places[end - 1] + 1};
            });
        }
    }

    // An added token: a word of its own. `text` is where it was found, with white space that it takes along.
    void whole(int id, std::array<int, 2> offsets, std::string_view text) {
        const auto left = unicode::space_at_begin(text), right = unicode::space_at_end(text);
        put(id, offsets, count_code_points(text.substr(0, left)), count_code_points(text.substr(text.size() - right)));
        ++word;
    }

  private:
    // Appends a token whose text has some spaces at its left and right end.
    void put(int id, std::array<int, 2> offsets, int left, int right) {
        if (config.trim_offsets) {
            auto& [first, last] = offsets;
            if (config.keep_prefix && left == 1 && (out.size() == start || first == 0)) left = 0;
            first = std::min(first + left, last);
            if (last >= right) last = std::max(last - right, first);
        }
        out.append(id, segment, offsets, word);
    }
    // The same of a piece, which knows one kind of space.
    void put(int id, std::array<int, 2> offsets) {
        if (!config.trim_offsets) return out.append(id, segment, offsets, word);
        const auto text = model.tokens().token(id);
        const auto left = std::min(text.find_first_not_of(' '), text.size());
        const auto right = text.size() - 1 - text.find_last_not_of(' ');
        put(id, offsets, static_cast<int>(left), static_cast<int>(right));
    }

    template <class Offsets> void words(std::string_view text, Offsets&& offsets) {
        for (std::size_t at = 0; at != text.size() && out.size() < enough;) {
            const auto part = config.split ? config.split(text, at) : piece{0, text.size()};
            at = part.end;
            if (part.begin == part.end) break;
            const auto base = part.begin;
            model.read(text.substr(base, part.end - base), out.work.subword, [&](int id, int begin, int end) {
                put(id, offsets(base + static_cast<std::size_t>(begin), base + static_cast<std::size_t>(end)));
            });
            ++word;
        }
    }
};

} // namespace constformer
