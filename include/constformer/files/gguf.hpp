// gguf: llama.cpp's file of a model: metadata, tokenizer and named tensors, quantized or not; mapped, checked whole at
// open and read without a copy.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/gguf_header.hpp"
#include "constformer/files/gguf_metadata.hpp"
#include "constformer/files/mapped.hpp"
#include "constformer/files/spell.hpp"
#include "constformer/files/stored_tensors.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace constformer {

// An open file of version 2 or 3, little-endian. Its tensors are found and iterated as those of a safetensors file,
// with shapes in PyTorch's order, which is the reverse of the file's. Move only.
//     auto file = gguf::open("model.gguf");
//     if (!file) return file.error();
//     const auto layers = file->whole("llama.block_count"); // or a sentence that says what is there instead
//     const stored_tensor* first = file->find("blk.0.attn_q.weight");
// Everything is checked at open: counts, lengths and offsets against the file and the shapes, overlaps, holes, names
// and keys given twice, unknown types, the alignment, nesting, UTF-8. Stricter than the format in one point: between
// tensors there may be padding, but nothing else, as llama.cpp writes and reads them.
class gguf : public stored_tensors {
  public:
    // Maps and checks the file at `path`.
    static expected<gguf> open(const std::string& path) {
        auto file = mapped::open(path);
        if (!file) return file.error();
        auto result = check(file->bytes(), spell_path(path));
        if (result) result->keep(std::move(*file));
        return result;
    }
    // Checks a file that is in memory already and has to stay there.
    static expected<gguf> view(std::span<const std::byte> file) { return check(file, "gguf"); }
    // Whether bytes are the beginning of such a file.
    static bool begins(std::span<const std::byte> file) noexcept {
        constexpr char magic[] = {'G', 'G', 'U', 'F'};
        return file.size() >= sizeof magic && std::memcmp(file.data(), magic, sizeof magic) == 0;
    }

    [[nodiscard]] std::uint32_t version() const noexcept { return version_; }
    [[nodiscard]] std::uint32_t alignment() const noexcept { return alignment_; }
    // Pairs of key and value in the order of the file.
    [[nodiscard]] const auto& metadata() const noexcept { return metadata_; }
    // The value of a key, nullptr if there is none.
    [[nodiscard]] const gguf_value* find_metadata(std::string_view key) const noexcept {
        const auto found =
            std::find_if(metadata_.begin(), metadata_.end(), [&](auto& pair) { return pair.first == key; });
        return found == metadata_.end() ? nullptr : &found->second;
    }

    // The value of a key as what it must be. Errors: no such key, another type, a whole number of 2^63 or more.
    [[nodiscard]] expected<std::int64_t> whole(std::string_view key) const {
        return one(key, "a whole number below 2^63", &gguf_value::whole);
    }
    [[nodiscard]] expected<double> real(std::string_view key) const {
        return one(key, "a floating-point number", &gguf_value::real);
    }
    [[nodiscard]] expected<bool> flag(std::string_view key) const { return one(key, "a boolean", &gguf_value::flag); }
    [[nodiscard]] expected<std::string_view> text(std::string_view key) const {
        return one(key, "a text", &gguf_value::text);
    }
    // The same of an array's elements.
    [[nodiscard]] expected<std::vector<std::int64_t>> wholes(std::string_view key) const {
        return all(key, "whole numbers below 2^63", &gguf_value::whole);
    }
    [[nodiscard]] expected<std::vector<double>> reals(std::string_view key) const {
        return all(key, "floating-point numbers", &gguf_value::real);
    }
    [[nodiscard]] expected<std::vector<std::string_view>> texts(std::string_view key) const {
        return all(key, "texts", &gguf_value::text);
    }

  private:
    std::string subject_;
    std::uint32_t version_ = 0, alignment_ = 0;
    std::vector<std::pair<std::string_view, gguf_value>> metadata_;

    gguf(std::string subject, detail::gguf_header&& header, std::vector<stored_tensor> tensors)
        : stored_tensors(std::move(tensors)), subject_(std::move(subject)), version_(header.version),
          alignment_(header.alignment), metadata_(std::move(header.metadata)) {}

    static expected<gguf> check(std::span<const std::byte> file, const std::string& subject) {
        auto header = detail::gguf_header::read(file, subject);
        if (!header) return header.error();
        std::vector<stored_tensor> tensors;
        tensors.reserve(header->entries.size());
        for (auto& entry : header->entries)
            tensors.push_back({std::string(entry.name), entry.type, std::move(entry.shape),
                               file.subspan(static_cast<std::size_t>(header->data_begin + entry.begin),
                                            static_cast<std::size_t>(entry.size))});
        return gguf(subject, std::move(*header), std::move(tensors));
    }

    static std::string spell_type(const gguf_value& value) {
        return std::string(facts(value.type).name) +
               (value.type == gguf_type::array ? " of " + std::string(facts(value.element).name) : "");
    }
    template <class T>
    expected<T> one(std::string_view key, const char* needed,
                    std::optional<T> (gguf_value::*as)() const noexcept) const {
        const auto* value = find_metadata(key);
        if (!value) return error(subject_, ": ", spell(key), " is missing, needed is ", needed);
        const auto read = (value->*as)();
        if (!read) return error(subject_, ": ", spell(key), " is ", spell_type(*value), ", needed is ", needed);
        return *read;
    }
    template <class T>
    expected<std::vector<T>> all(std::string_view key, const char* needed,
                                 std::optional<T> (gguf_value::*as)() const noexcept) const {
        const auto* value = find_metadata(key);
        if (!value) return error(subject_, ": ", spell(key), " is missing, needed is an array of ", needed);
        if (value->type != gguf_type::array)
            return error(subject_, ": ", spell(key), " is ", spell_type(*value), ", needed is an array of ", needed);
        std::vector<T> result; // as many as the file has bytes at most
        for (const gguf_value& element : *value) {
            const auto read = (element.*as)();
            if (!read)
                return error(subject_, ": element ", result.size(), " of ", spell(key), " is ", spell_type(element),
                             ", needed are ", needed);
            result.push_back(*read);
        }
        return result;
    }
};

} // namespace constformer
