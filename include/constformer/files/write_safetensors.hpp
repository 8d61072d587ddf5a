// write_safetensors: named tensors as a safetensors file that PyTorch, Hugging Face and safetensors::open read.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/atomic_write.hpp"
#include "constformer/files/safetensors_header.hpp"
#include "constformer/files/spell.hpp"
#include "constformer/files/stored_tensor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace constformer {

// A tensor to be written: row-major, little-endian bytes, all of it the caller's.
struct tensor_view {
    std::string_view name;
    dtype type;
    std::span<const std::int64_t> shape;
    std::span<const std::byte> bytes;
};

namespace detail {
inline void append_json(std::string& to, std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    to += '"';
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte == '"' || byte == '\\')
            to += {'\\', character};
        else if (byte < 0x20)
            to += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
        else
            to += character;
    }
    to += '"';
}
} // namespace detail

// Writes `tensors` to `path` in one step (atomic_write.hpp): on an error an old file stays as it was. The types with
// the widest elements come first, so that every tensor lies aligned. Errors: bytes that are not what type and shape
// need, a name given twice or not UTF-8, a full disk. PyTorch equivalent: safetensors.torch.save_file(tensors, path,
// metadata).
inline status write_safetensors(const std::string& path, std::span<const tensor_view> tensors,
                                std::span<const std::pair<std::string_view, std::string_view>> metadata = {}) {
    std::vector<const tensor_view*> order;
    for (const auto& tensor : tensors) order.push_back(&tensor);
    std::sort(order.begin(), order.end(), [](auto a, auto b) { // one type's tensors stay in the caller's order
        return facts(a->type).bits != facts(b->type).bits ? facts(a->type).bits > facts(b->type).bits : a < b;
    });

    std::string header = "{";
    if (!metadata.empty()) {
        header += "\"__metadata__\":{";
        for (const auto& [key, value] : metadata) {
            detail::append_json(header, key);
            header += ':';
            detail::append_json(header, value);
            header += ',';
        }
        header.back() = '}';
        header += ',';
    }
    std::uint64_t at = 0;
    for (const auto* tensor : order) {
        if (tensor->name == "__metadata__") return error(spell_path(path), ": a tensor cannot be named __metadata__");
        detail::append_json(header, tensor->name);
        header += ":{\"dtype\":\"" + std::string(facts(tensor->type).name) + "\",\"shape\":[";
        for (std::size_t i = 0; i < tensor->shape.size(); ++i)
            header += (i ? "," : "") + std::to_string(tensor->shape[i]);
        header += "],\"data_offsets\":[" + std::to_string(at) + "," + std::to_string(at + tensor->bytes.size()) + "]},";
        at += tensor->bytes.size();
    }
    if (header.back() == ',') header.pop_back();
    header += '}';
    header.append((8 - header.size() % 8) % 8, ' ');
    if (header.size() > detail::safetensors_header::most_bytes)
        return error(spell_path(path), ": the names and shapes take ", header.size(), " bytes, at most ",
                     detail::safetensors_header::most_bytes, " are allowed");
    // The reader's own checks: what they refuse is not written.
    if (auto readable = detail::safetensors_header::read(header, at, spell_path(path)); !readable)
        return readable.error();

    const std::uint64_t length = header.size();
    std::vector<std::span<const std::byte>> pieces{std::as_bytes(std::span(&length, 1)),
                                                   std::as_bytes(std::span(header))};
    for (const auto* tensor : order) pieces.push_back(tensor->bytes);
    return write_atomically(path, pieces);
}

} // namespace constformer
