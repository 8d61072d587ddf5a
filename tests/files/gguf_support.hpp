// gguf_support: GGUF files in the making, sound or not.
#pragma once

#include "constformer/files/gguf.hpp"
#include "support.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace files_test {

template <class T> std::string raw(T number) {
    std::string text(sizeof number, '\0');
    std::memcpy(text.data(), &number, sizeof number);
    return text;
}
inline std::string u32(std::uint32_t n) { return raw(n); }
inline std::string u64(std::uint64_t n) { return raw(n); }
inline std::string gguf_text(std::string_view text) { return u64(text.size()) + std::string(text); }
// A key and a value of a type; `value` in the file's bytes.
inline std::string gguf_pair(std::string_view key, constformer::gguf_type type, const std::string& value) {
    return gguf_text(key) + u32(static_cast<std::uint32_t>(type)) + value;
}
inline std::string gguf_array(constformer::gguf_type element, std::uint64_t count, const std::string& elements) {
    return u32(static_cast<std::uint32_t>(element)) + u64(count) + elements;
}
// `shape` in the file's order.
inline std::string gguf_tensor(std::string_view name, std::initializer_list<std::uint64_t> shape, std::uint32_t type,
                               std::uint64_t offset) {
    std::string text = gguf_text(name) + u32(static_cast<std::uint32_t>(shape.size()));
    for (const auto length : shape) text += u64(length);
    return text + u32(type) + u64(offset);
}
inline std::string gguf_head(std::uint64_t tensors, std::uint64_t values, std::uint32_t version = 3) {
    return "GGUF" + u32(version) + u64(tensors) + u64(values);
}
// A whole file: head, `values` and `tensors` joined, padding, data.
inline std::string gguf_file(std::uint64_t count_of_values, const std::string& values, std::uint64_t count_of_tensors,
                             const std::string& tensors, const std::string& data, std::size_t alignment = 32) {
    std::string text = gguf_head(count_of_tensors, count_of_values) + values + tensors;
    text.append((alignment - text.size() % alignment) % alignment, '\0');
    return text + data;
}
// A value of each type, two arrays of texts, an array of arrays, and tensors of four types: a few hundred bytes.
inline std::string gguf_sample() {
    using t = constformer::gguf_type;
    using namespace std::string_literals;
    const std::string values =
        gguf_pair("a", t::u8, "\xc8") + gguf_pair("b", t::i8, "\x9c") +
        gguf_pair("c", t::u16, raw(std::uint16_t{60000})) + gguf_pair("d", t::i16, raw(std::int16_t{-30000})) +
        gguf_pair("e", t::u32, u32(4000000000u)) + gguf_pair("f", t::i32, raw(std::int32_t{-2})) +
        gguf_pair("g", t::f32, raw(0.5f)) + gguf_pair("h", t::boolean, "\1") +
        gguf_pair("i", t::string, gguf_text("na\xc3\xafve")) +
        gguf_pair("j", t::array, gguf_array(t::string, 3, gguf_text("x") + gguf_text("") + gguf_text("yz"))) +
        gguf_pair("k", t::u64, u64(~0ull)) + gguf_pair("l", t::i64, raw(std::int64_t{-3})) +
        gguf_pair("m", t::f64, raw(0.1)) +
        gguf_pair("n", t::array, gguf_array(t::i16, 3, raw(std::int16_t{-1}) + "\1\0\2\0"s)) +
        gguf_pair("o", t::array,
                  gguf_array(t::array, 2, gguf_array(t::u8, 2, "\1\2") + gguf_array(t::string, 1, gguf_text("deep")))) +
        gguf_pair("p", t::array, gguf_array(t::boolean, 2, "\1\0"s)) + gguf_pair("general.alignment", t::u32, u32(8));
    const std::string tensors = gguf_tensor("w", {32, 2}, 8, 0) + gguf_tensor("x", {3}, 0, 72) +
                                gguf_tensor("y", {2, 1, 2}, 1, 88) + gguf_tensor("none", {0}, 0, 96) +
                                gguf_tensor("z", {2}, 27, 96);
    return gguf_file(17, values, 5, tensors, std::string(112, '\x11'), 8);
}

} // namespace files_test
