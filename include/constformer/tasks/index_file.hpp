// index_file: an index of vectors on disk (search.hpp). Native only: opening maps the file.
#pragma once

#include "constformer/files/atomic_write.hpp"
#include "constformer/files/mapped.hpp"
#include "constformer/tasks/search.hpp"

#include <string>
#include <utility>
#include <vector>

namespace constformer {

// Vectors and texts in a mapped file; move only.
//     auto index = index_file::open("passages.index");
//     if (!index) return index.error();
//     auto found = search(index->view(), query, best); // index->view().text(best[0].index)
class index_file {
  public:
    // Errors: no such file, and those of index_view::check.
    static expected<index_file> open(const std::string& path) {
        auto file = mapped::open(path);
        if (!file) return file.error();
        const auto view = index_view::check(file->bytes());
        if (!view) return error(spell_path(path), ": ", view.error().what());
        return index_file(std::move(*file), *view);
    }
    [[nodiscard]] const index_view& view() const noexcept { return view_; }

  private:
    mapped file_;
    index_view view_;
    index_file(mapped file, const index_view& view) : file_(std::move(file)), view_(view) {}
};

// Writes `count` vectors of `width` floats, and a text for each where `texts` is not empty, to `path` in one step.
// `model`: manifest_hash<Model>() of the model that made them, so that a search with another one can be refused.
// Errors: no width, another number of texts than vectors; a full disk, with an old file left as it was.
inline status write_index(const std::string& path, const float* vectors, int count, int width,
                          std::span<const std::string_view> texts = {}, std::uint64_t model = 0) {
    if (width < 1 || count < 0) return error("index: ", count, " vectors of width ", width, " cannot be");
    if (!texts.empty() && texts.size() != std::size_t(count))
        return error("index: ", texts.size(), " texts for ", count, " vectors");
    index_header header;
    header.width = std::uint32_t(width), header.count = std::uint32_t(count), header.model = model;
    const std::size_t values = std::size_t(width) * std::size_t(count) * sizeof(float);
    header.file_bytes = sizeof header + values;
    constexpr std::byte zeros[8] = {};
    std::size_t padding = 0;
    std::vector<std::uint64_t> begins;
    std::string together;
    if (!texts.empty()) {
        header.texts_offset = index_view::texts_at(header.width, header.count);
        padding = header.texts_offset - header.file_bytes;
        for (const std::string_view text : texts) {
            begins.push_back(together.size());
            together += text;
        }
        begins.push_back(together.size());
        header.texts_bytes = together.size();
        header.file_bytes = header.texts_offset + begins.size() * 8 + together.size();
    }
    return write_atomically(path, {std::as_bytes(std::span(&header, 1)), std::as_bytes(std::span(vectors, values / 4)),
                                   std::span(zeros, padding), std::as_bytes(std::span(begins)),
                                   std::as_bytes(std::span(together))});
}

} // namespace constformer
