// output: numbers and JSON as text.
#pragma once

#include "constformer/core/check.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

namespace constformer::program {

// Text that is written to the standard output when it is full, flushed or destroyed.
class writer {
  public:
    writer() = default;
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;
    ~writer() { put_out(); }

    writer& operator<<(std::string_view text) {
        text_ += text;
        if (text_.size() > 1 << 16) put_out();
        return *this;
    }
    writer& operator<<(const char* text) { return *this << std::string_view(text); }
    writer& operator<<(char c) { return *this << std::string_view(&c, 1); }
    writer& operator<<(std::integral auto number) { return put(number); }
    // The shortest digits that read back as the same float; null where there is no number.
    writer& operator<<(float number) { return std::isfinite(number) ? put(number) : *this << "null"; }
    // With `digits` behind the point.
    writer& fixed(double number, int digits) {
        char text[64];
        const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed, digits).ptr;
        return *this << std::string_view(text, std::size_t(end - text));
    }
    // A JSON string.
    writer& quoted(std::string_view text) {
        *this << '"';
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\')
                *this << '\\' << c;
            else if (byte < 0x20 || byte == 0x7f)
                *this << "\\u00" << "0123456789abcdef"[byte >> 4] << "0123456789abcdef"[byte & 15];
            else
                *this << c;
        }
        return *this << '"';
    }
    // Errors: a full disk, a closed pipe, now or before.
    status flush() {
        put_out();
        if (!good_) return error("the standard output cannot be written: is the disk full?");
        return {};
    }

  private:
    std::string text_;
    bool good_ = true;

    void put_out() {
        if (std::fwrite(text_.data(), 1, text_.size(), stdout) != text_.size() || std::fflush(stdout) != 0)
            good_ = false;
        text_.clear();
    }
    writer& put(auto number) {
        char text[64];
        return *this << std::string_view(text, std::size_t(std::to_chars(text, text + sizeof text, number).ptr - text));
    }
};

} // namespace constformer::program
