// safetensors: Hugging Face's file of named tensors, mapped, checked whole at open and read without a copy.
// Format: 8 bytes with the header's length, a JSON header {name: {dtype, shape, data_offsets}}, the tensors' bytes.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/mapped.hpp"
#include "constformer/files/safetensors_header.hpp"
#include "constformer/files/spell.hpp"
#include "constformer/files/stored_tensor.hpp"
#include "constformer/files/stored_tensors.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace constformer {

// An open file; iterating gives its tensors in the order of their bytes. Move only.
//     auto file = safetensors::open("model.safetensors");
//     if (!file) return file.error();
//     const stored_tensor* bias = file->find("pooler.dense.bias"); // nullptr: not there (stored_tensors.hpp)
// Everything is checked at open: lengths and offsets against the file and the shapes, overlaps, holes, names given
// twice, unknown types, nesting, UTF-8. Stricter than the reference implementation in three points: two zero-size
// tensors may not have the same offsets, a tensor has no fields of its own invention, and at most 64 dimensions.
// PyTorch equivalent: safetensors.safe_open(path, "pt").
class safetensors : public stored_tensors {
  public:
    // Maps and checks the file at `path`.
    static expected<safetensors> open(const std::string& path) {
        auto file = mapped::open(path);
        if (!file) return file.error();
        auto result = check(file->bytes(), spell_path(path));
        if (result) result->keep(std::move(*file));
        return result;
    }
    // Checks a file that is in memory already and has to stay there.
    static expected<safetensors> view(std::span<const std::byte> file) { return check(file, "safetensors"); }

    // The pairs of __metadata__, in the order of the file.
    [[nodiscard]] const auto& metadata() const noexcept { return metadata_; }

  private:
    std::vector<std::pair<std::string, std::string>> metadata_;

    safetensors() = default;

    static expected<safetensors> check(std::span<const std::byte> file, const std::string& subject) {
        if (file.size() < 8) return error(subject, ": ", file.size(), " bytes are too few for a safetensors file");
        const auto length = detail::load<std::uint64_t>(file.data());
        if (length > detail::safetensors_header::most_bytes)
            return error(subject, ": the header's length is ", length, " bytes, at most ",
                         detail::safetensors_header::most_bytes, " are allowed: not a safetensors file?");
        if (length > file.size() - 8)
            return error(subject, ": the header's length is ", length, " bytes, but only ", file.size() - 8, " follow");
        const auto text = file.subspan(8, static_cast<std::size_t>(length));
        const auto data = file.subspan(8 + static_cast<std::size_t>(length));
        auto header = detail::safetensors_header::read({reinterpret_cast<const char*>(text.data()), text.size()},
                                                       data.size(), subject);
        if (!header) return header.error();
        std::vector<stored_tensor> tensors;
        tensors.reserve(header->entries.size());
        for (auto& entry : header->entries)
            tensors.push_back({std::move(entry.name), entry.type, std::move(entry.shape),
                               data.subspan(static_cast<std::size_t>(entry.begin),
                                            static_cast<std::size_t>(entry.end - entry.begin))});
        safetensors result;
        static_cast<stored_tensors&>(result) = stored_tensors(std::move(tensors));
        result.metadata_ = std::move(header->metadata);
        return result;
    }
};

} // namespace constformer
