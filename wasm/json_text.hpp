// json_text: a module's description of itself, put together once in a fixed place.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string_view>

namespace constformer {

class json_text {
  public:
    [[nodiscard]] const char* c_str() const { return text_; }

  protected:
    void put(const auto&... parts) { (append(parts), ...); }
    // The hash that names a layout, in hexadecimal.
    void put_hash(std::uint64_t hash) {
        for (int shift = 60; shift >= 0; shift -= 4)
            put(std::string_view("0123456789abcdef").substr(hash >> shift & 15, 1));
    }

  private:
    char text_[1024] = {}; // the last byte stays 0
    std::size_t size_ = 0;

    void append(std::string_view part) {
        for (const char c : part)
            if (size_ + 1 < sizeof text_) text_[size_++] = c;
    }
    void append(std::integral auto number) {
        char digits[24];
        append(
            std::string_view(digits, std::size_t(std::to_chars(digits, digits + sizeof digits, number).ptr - digits)));
    }
};

} // namespace constformer
