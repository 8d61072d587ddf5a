// gguf_header: everything before the numbers of a GGUF file, from bytes that nobody vouches for: magic, version,
// counts, metadata, tensors. What passes describes a data section that its tensors cover exactly, padding apart.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/gguf_metadata.hpp"
#include "constformer/files/spell.hpp"
#include "constformer/files/stored_tensor.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace constformer::detail {

struct gguf_tensor_type {
    std::string_view name; // empty: no such type
    std::optional<dtype> type = {};
};
// By GGUF's numbers.
inline constexpr std::array<gguf_tensor_type, 42> gguf_tensor_types{{
    {"F32", dtype::f32},
    {"F16", dtype::f16},
    {"Q4_0", dtype::q4_0},
    {"Q4_1", dtype::q4_1},
    {},
    {},
    {"Q5_0", dtype::q5_0},
    {"Q5_1", dtype::q5_1},
    {"Q8_0", dtype::q8_0},
    {"Q8_1"},
    {"Q2_K"},
    {"Q3_K"},
    {"Q4_K", dtype::q4_k},
    {"Q5_K", dtype::q5_k},
    {"Q6_K", dtype::q6_k},
    {"Q8_K"},
    {"IQ2_XXS"},
    {"IQ2_XS"},
    {"IQ3_XXS"},
    {"IQ1_S"},
    {"IQ4_NL"},
    {"IQ3_S"},
    {"IQ2_S"},
    {"IQ4_XS"},
    {"I8", dtype::i8},
    {"I16", dtype::i16},
    {"I32", dtype::i32},
    {"I64", dtype::i64},
    {"F64", dtype::f64},
    {"IQ1_M"},
    {"BF16", dtype::bf16},
    {},
    {},
    {},
    {"TQ1_0"},
    {"TQ2_0"},
    {},
    {},
    {},
    {"MXFP4"},
    {"NVFP4"},
    {"Q1_0"},
}};

struct gguf_entry {
    std::string_view name;
    dtype type{};
    std::vector<std::int64_t> shape; // PyTorch's order, the reverse of the file's
    std::uint64_t begin = 0, size = 0;
    [[nodiscard]] std::uint64_t end() const noexcept { return begin + size; }
};

class gguf_header {
  public:
    static constexpr std::uint32_t most_dimensions = 4, usual_alignment = 32;

    std::uint32_t version = 0, alignment = usual_alignment;
    std::vector<std::pair<std::string_view, gguf_value>> metadata; // in the order of the file
    std::vector<gguf_entry> entries;                               // by position in the data
    std::uint64_t data_begin = 0;                                  // may lie behind the end of a file without tensors

    // Everything points into `file`; `subject` begins each sentence.
    static expected<gguf_header> read(std::span<const std::byte> file, const std::string& subject) {
        gguf_header header;
        gguf_cursor from(file);
        std::string why = header.check(from, file.size());
        if (!why.empty()) return error(subject, ": ", why);
        return header;
    }

  private:
    // All of these give the sentence that refuses the file; empty where there is nothing to refuse.
    std::string check(gguf_cursor& from, std::uint64_t file_bytes) {
        std::array<char, 4> magic{};
        std::uint64_t tensors = 0, values = 0;
        if (!from.number(magic) || !from.number(version)) return "the head " + from.why();
        if (const std::string_view found(magic.data(), 4); found != "GGUF")
            return "the file begins with " + spell(found) + ", not with GGUF";
        if (version != 0 && (version & 0xffff) == 0) return "the file is big-endian, only little-endian ones are read";
        if (version != 2 && version != 3)
            return "the file is of version " + std::to_string(version) + ", 2 and 3 are read";
        if (!from.number(tensors) || !from.number(values)) return "the head " + from.why();
        // Each takes some bytes: what a file of this size cannot hold is not even begun.
        constexpr unsigned least_tensor = 24, least_value = 13;
        if (values > from.left() / least_value || tensors > from.left() / least_tensor)
            return "the file says that it holds " + std::to_string(values) + " values and " + std::to_string(tensors) +
                   " tensors, more than its " + std::to_string(file_bytes) + " bytes can";
        if (auto why = read_metadata(from, values); !why.empty()) return why;
        if (auto why = read_tensors(from, tensors); !why.empty()) return why;
        data_begin = up(from.at());
        return check_layout(file_bytes);
    }

    std::string read_metadata(gguf_cursor& from, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::string number = "value " + std::to_string(i) + " of " + std::to_string(count);
            std::string_view key;
            gguf_type type{};
            gguf_value value;
            if (!from.text(key)) return "the key of " + number + " " + from.why();
            if (!from.type(type) || !from.value(type, value)) return spell(key) + ", " + number + ", " + from.why();
            metadata.emplace_back(key, value);
        }
        std::vector<std::string_view> keys;
        for (const auto& [key, value] : metadata) {
            keys.push_back(key);
            if (key != "general.alignment") continue;
            if (value.type != gguf_type::u32)
                return "general.alignment is of type " + std::string(facts(value.type).name) + ", needed is U32";
            alignment = load<std::uint32_t>(value.bytes.data());
            if (!std::has_single_bit(alignment))
                return "general.alignment is " + std::to_string(alignment) + ", needed is a power of two";
        }
        return twice("the key ", keys);
    }

    std::string read_tensors(gguf_cursor& from, std::uint64_t count) {
        std::vector<std::string_view> names;
        for (std::uint64_t i = 0; i < count; ++i) {
            gguf_entry entry;
            if (!from.text(entry.name))
                return "the name of tensor " + std::to_string(i) + " of " + std::to_string(count) + " " + from.why();
            if (auto why = read_tensor(from, entry); !why.empty()) return "tensor " + spell(entry.name) + why;
            names.push_back(entry.name);
            entries.push_back(std::move(entry));
        }
        return twice("tensor ", names);
    }

    std::string read_tensor(gguf_cursor& from, gguf_entry& entry) const {
        std::uint32_t dimensions = 0, type = 0;
        if (!from.number(dimensions)) return ": its number of dimensions " + from.why();
        if (dimensions > most_dimensions)
            return " has " + std::to_string(dimensions) + " dimensions, at most " + std::to_string(most_dimensions) +
                   " are allowed";
        for (std::uint32_t d = 0; d < dimensions; ++d) {
            std::uint64_t length = 0;
            if (!from.number(length)) return ": its shape " + from.why();
            if (length >> 63) return " has the length " + std::to_string(length) + ", needed is one below 2^63";
            entry.shape.insert(entry.shape.begin(), static_cast<std::int64_t>(length));
        }
        if (!from.number(type)) return ": its type " + from.why();
        if (!from.number(entry.begin)) return ": its offset " + from.why();
        const auto known = type < gguf_tensor_types.size() ? gguf_tensor_types[type] : gguf_tensor_type{};
        if (known.name.empty()) return " has the unknown type " + std::to_string(type);
        if (!known.type)
            return " is " + std::string(known.name) + ", which is not read; F64, F32, F16, BF16, Q8_0, Q4_0, Q4_1, " +
                   "Q5_0, Q5_1, Q4_K, Q5_K, Q6_K and I8 to I64 are";
        entry.type = *known.type;
        const std::string what = std::string(known.name) + " " + spell(entry.shape);
        if (const auto block = facts(entry.type).block;
            block > 1 && (entry.shape.empty() || entry.shape.back() % block != 0))
            return ": " + what + " needs rows of whole blocks of " + std::to_string(block);
        const auto size = bytes_needed(entry.type, entry.shape);
        if (!size) return ": " + what + " is not a size below 2^64 bits";
        entry.size = *size;
        if (entry.begin & (alignment - 1))
            return " begins at byte " + std::to_string(entry.begin) + " of the data, needed is a multiple of " +
                   std::to_string(alignment);
        return {};
    }

    std::string check_layout(std::uint64_t file_bytes) {
        const std::uint64_t data_bytes = file_bytes > data_begin ? file_bytes - data_begin : 0;
        for (const auto& entry : entries)
            if (entry.begin > data_bytes || entry.size > data_bytes - entry.begin)
                return "tensor " + spell(entry.name) + ", " + std::string(facts(entry.type).name) + " " +
                       spell(entry.shape) + ", needs " + std::to_string(entry.size) + " bytes at byte " +
                       std::to_string(entry.begin) + " of the data, the file holds " + std::to_string(data_bytes);
        std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
            return std::tuple(a.begin, a.size, a.name) < std::tuple(b.begin, b.size, b.name);
        });
        std::uint64_t covered = 0;
        const gguf_entry* before = nullptr;
        for (const auto& entry : entries) {
            if (entry.begin < covered)
                return "tensor " + spell(entry.name) + " at [" + range(entry) + "] overlaps tensor " +
                       spell(before->name) + " at [" + range(*before) + "]";
            if (entry.begin > up(covered))
                return "no tensor covers bytes " + std::to_string(covered) + " to " + std::to_string(entry.begin) +
                       " of the data, before tensor " + spell(entry.name);
            covered = entry.end();
            before = &entry;
        }
        if (data_bytes > up(covered))
            return "the tensors cover " + std::to_string(covered) + " bytes of data, the file holds " +
                   std::to_string(data_bytes);
        return {};
    }

    // The next multiple of the alignment; `n` lies in a file, so it is far from overflowing.
    [[nodiscard]] std::uint64_t up(std::uint64_t n) const {
        return (n + alignment - 1) & ~(std::uint64_t{alignment} - 1);
    }
    static std::string range(const gguf_entry& entry) {
        return std::to_string(entry.begin) + ", " + std::to_string(entry.end());
    }
    static std::string twice(const char* what, std::vector<std::string_view>& texts) {
        std::sort(texts.begin(), texts.end());
        const auto found = std::adjacent_find(texts.begin(), texts.end());
        return found == texts.end() ? "" : what + spell(*found) + " is there twice";
    }
};

} // namespace constformer::detail
