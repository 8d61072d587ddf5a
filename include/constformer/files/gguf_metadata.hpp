// gguf_metadata: the values that a GGUF file says of its model, where they lie in the file: numbers, booleans, texts
// and arrays of them, arrays of arrays included.
#pragma once

#include "constformer/core/utf8.hpp"
#include "constformer/files/stored_numbers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace constformer {

// The types of values, with GGUF's own numbers.
enum class gguf_type : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };
struct gguf_type_facts {
    std::string_view name;
    unsigned bytes; // of a value; of a string or an array the least, which is its head
};
inline constexpr std::array<gguf_type_facts, 13> gguf_types{{
    {"U8", 1},
    {"I8", 1},
    {"U16", 2},
    {"I16", 2},
    {"U32", 4},
    {"I32", 4},
    {"F32", 4},
    {"BOOL", 1},
    {"STRING", 8},
    {"ARRAY", 12},
    {"U64", 8},
    {"I64", 8},
    {"F64", 8},
}};
constexpr const gguf_type_facts& facts(gguf_type type) { return gguf_types[static_cast<std::size_t>(type)]; }

// A value; a view into the file's bytes, which have been checked.
struct gguf_value {
    gguf_type type = gguf_type::u8;
    gguf_type element = gguf_type::u8; // of an array
    std::uint64_t count = 0;           // of an array's elements
    std::span<const std::byte> bytes;  // a number's, a text's, an array's elements with their heads

    // What the value is, where it is that; nothing otherwise, and where a whole number is 2^63 or more.
    [[nodiscard]] std::optional<std::int64_t> whole() const noexcept;
    [[nodiscard]] std::optional<double> real() const noexcept;
    [[nodiscard]] std::optional<bool> flag() const noexcept;
    [[nodiscard]] std::optional<std::string_view> text() const noexcept;

    // The elements of an array one after another, without memory of their own; a value that is no array has none.
    //     for (const gguf_value& token : *file.find_metadata("tokenizer.ggml.tokens"))
    class iterator;
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] std::uint64_t end() const noexcept { return type == gguf_type::array ? count : 0; }
};

namespace detail {

// Takes numbers, texts and values from bytes that nobody vouches for. What does not fit sets why() and gives nothing;
// a sentence continues one that names the thing: "needs 8 bytes at byte 40, the file ends at byte 44".
class gguf_cursor {
  public:
    // Arrays within arrays: no file has them yet, so a few levels are generous.
    static constexpr int deepest = 8;

    explicit gguf_cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}
    [[nodiscard]] std::size_t at() const noexcept { return at_; }
    [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }

    bool take(std::uint64_t size, std::span<const std::byte>& out) {
        if (size > left())
            return stop("needs " + std::to_string(size) + " bytes at byte " + std::to_string(at_) +
                        ", the file ends at byte " + std::to_string(bytes_.size()));
        out = bytes_.subspan(at_, static_cast<std::size_t>(size));
        at_ += out.size();
        return true;
    }
    template <class T> bool number(T& out) {
        std::span<const std::byte> bytes;
        if (!take(sizeof(T), bytes)) return false;
        out = load<T>(bytes.data());
        return true;
    }
    bool text(std::span<const std::byte>& out) {
        std::uint64_t size = 0;
        if (!number(size) || !take(size, out)) return false;
        const auto valid = unicode::valid_bytes({reinterpret_cast<const char*>(out.data()), out.size()});
        return valid == out.size() || stop("is not UTF-8 at byte " + std::to_string(at_ - out.size() + valid));
    }
    bool text(std::string_view& out) {
        std::span<const std::byte> bytes;
        if (!text(bytes)) return false;
        out = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        return true;
    }
    bool type(gguf_type& out) {
        std::uint32_t number_of = 0;
        if (!number(number_of)) return false;
        out = static_cast<gguf_type>(number_of);
        return number_of < gguf_types.size() ||
               stop("has the unknown type " + std::to_string(number_of) + ", 0 to 12 are known");
    }
    bool value(gguf_type type, gguf_value& out, int depth = 0) {
        out = {type, {}, 0, {}};
        if (type == gguf_type::string) return text(out.bytes);
        if (type == gguf_type::array) return array(out, depth);
        return take(facts(type).bytes, out.bytes) && (type != gguf_type::boolean || booleans(out.bytes));
    }

  private:
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
    std::string why_;

    bool stop(std::string why) {
        why_ = std::move(why);
        return false;
    }
    bool booleans(std::span<const std::byte> bytes) {
        for (const std::byte b : bytes)
            if (b > std::byte{1})
                return stop("holds the boolean " + std::to_string(std::to_integer<int>(b)) + ", needed is 0 or 1");
        return true;
    }
    bool array(gguf_value& out, int depth) {
        if (depth == deepest) return stop("nests arrays deeper than " + std::to_string(deepest));
        if (!type(out.element) || !number(out.count)) return false;
        const auto least = facts(out.element).bytes;
        if (out.count > left() / least)
            return stop("is an array of " + std::to_string(out.count) + " elements of type " +
                        std::string(facts(out.element).name) + ", but only " + std::to_string(left()) +
                        " bytes follow");
        if (out.element != gguf_type::string && out.element != gguf_type::array)
            return take(out.count * least, out.bytes) && (out.element != gguf_type::boolean || booleans(out.bytes));
        const std::size_t begin = at_;
        gguf_value one;
        for (std::uint64_t i = 0; i < out.count; ++i)
            if (!value(out.element, one, depth + 1)) return false;
        out.bytes = bytes_.subspan(begin, at_ - begin);
        return true;
    }
};

} // namespace detail

class gguf_value::iterator {
  public:
    explicit iterator(const gguf_value& array) : element_(array.element), count_(array.end()), cursor_(array.bytes) {
        read();
    }
    [[nodiscard]] const gguf_value& operator*() const noexcept { return value_; }
    iterator& operator++() {
        ++index_;
        read();
        return *this;
    }
    [[nodiscard]] bool operator==(std::uint64_t index) const noexcept { return index_ == index; }

  private:
    gguf_type element_;
    std::uint64_t index_ = 0, count_;
    detail::gguf_cursor cursor_;
    gguf_value value_;

    void read() {
        if (index_ < count_) cursor_.value(element_, value_); // which went well before, when the file was checked
    }
};
inline gguf_value::iterator gguf_value::begin() const noexcept { return iterator(*this); }

inline std::optional<std::int64_t> gguf_value::whole() const noexcept {
    const auto as = [&]<class T>(T) { return static_cast<std::int64_t>(detail::load<T>(bytes.data())); };
    switch (type) {
    case gguf_type::u8:
        return as(std::uint8_t{});
    case gguf_type::i8:
        return as(std::int8_t{});
    case gguf_type::u16:
        return as(std::uint16_t{});
    case gguf_type::i16:
        return as(std::int16_t{});
    case gguf_type::u32:
        return as(std::uint32_t{});
    case gguf_type::i32:
        return as(std::int32_t{});
    case gguf_type::i64:
        return as(std::int64_t{});
    case gguf_type::u64:
        if (const auto wide = as(std::uint64_t{}); wide >= 0) return wide;
        return std::nullopt;
    default:
        return std::nullopt;
    }
}
inline std::optional<double> gguf_value::real() const noexcept {
    if (type == gguf_type::f32) return static_cast<double>(detail::load<float>(bytes.data()));
    if (type == gguf_type::f64) return detail::load<double>(bytes.data());
    return std::nullopt;
}
inline std::optional<bool> gguf_value::flag() const noexcept {
    return type == gguf_type::boolean ? std::optional(bytes[0] != std::byte{0}) : std::nullopt;
}
inline std::optional<std::string_view> gguf_value::text() const noexcept {
    if (type != gguf_type::string) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

} // namespace constformer
