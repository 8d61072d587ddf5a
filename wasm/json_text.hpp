// json_text: a module's description of itself, put together once in a fixed place.
#pragma once

#include "constformer/core/manifest.hpp"

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

    // What every module says of its model: members of an object that is open.
    template <class Model> void put_model(std::string_view name) {
        constexpr auto& c = Model::config;
        put(",\"name\":\"", name, "\",\"type\":\"", type_name<Model>(), "\",\"isa\":\"", std::string_view(isa_name));
        put("\",\"parameters\":", parameters<Model>(), ",\"weights_struct_bytes\":", sizeof(Model));
        put(",\"width\":", c.width, ",\"heads\":", c.heads, ",\"feed_forward\":", c.feed_forward);
        put(",\"vocabulary\":", c.vocabulary, ",\"manifest\":\"");
        put_hash(manifest_hash<Model>());
        put("\"");
    }
    // A text as JSON spells it.
    void put_quoted(std::string_view text) {
        put("\"");
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 0x20)
                put("\\u00", std::string_view("01").substr(byte >> 4, 1),
                    std::string_view("0123456789abcdef").substr(byte & 15, 1));
            else
                put(c == '"' || c == '\\' ? "\\" : "", std::string_view(&c, 1));
        }
        put("\"");
    }

  private:
    char text_[2048] = {}; // the last byte stays 0
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
