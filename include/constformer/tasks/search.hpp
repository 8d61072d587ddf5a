// search: the nearest of many vectors, exactly: every one is compared. Nothing here needs a file system; index_file.hpp
// keeps the vectors, and the texts that they stand for, in a file that is mapped.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/ops/pool.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>

namespace constformer {

// One result: which vector, and its inner product with the query (the cosine, where both have length 1).
struct hit {
    int index;
    float score;
};

// The first 64 bytes of an index, little-endian. Behind them lie `count` vectors of `width` floats, then, where there
// are texts, count + 1 numbers of 8 bytes (where each text begins, and the end) and the texts in UTF-8.
struct index_header {
    static constexpr std::array<char, 8> signature{'c', 'f', 'i', 'n', 'd', 'e', 'x', '1'};
    std::array<char, 8> magic = signature;
    std::uint32_t width = 0, count = 0;
    std::uint64_t texts_offset = 0, texts_bytes = 0; // where the texts' table begins, and what they take; 0: no texts
    std::uint64_t file_bytes = 0;
    std::uint64_t model = 0; // whose vectors these are: manifest_hash<Model>(), 0: not said
    std::uint64_t zero[2] = {};
};
static_assert(sizeof(index_header) == 64 && std::endian::native == std::endian::little);

// Vectors and their texts in a checked index; points into it.
class index_view {
  public:
    // Checks an index in memory, which begins at a multiple of 8 bytes. Errors: not an index, sizes that do not add up,
    // texts that lie outside of the file.
    static expected<index_view> check(std::span<const std::byte> file) {
        index_header h;
        if (file.size() < sizeof h) return error("index: ", file.size(), " bytes are too few, 64 are its header");
        std::memcpy(&h, file.data(), sizeof h);
        if (h.magic != index_header::signature)
            return error("index: this is no index of vectors, it does not begin with \"cfindex1\"");
        if (reinterpret_cast<std::uintptr_t>(file.data()) % 8 != 0)
            return error("index: it must lie in memory at a multiple of 8 bytes");
        constexpr std::uint32_t most = 0x7fffffff; // counts are int from here on; the product cannot wrap
        if (h.width == 0 || h.width > most || h.count > most)
            return error("index: ", h.count, " vectors of width ", h.width, " cannot be");
        if (h.file_bytes != file.size())
            return error("index: the file has ", file.size(), " bytes, its header says ", h.file_bytes);
        const std::uint64_t values = std::uint64_t{h.width} * h.count;
        if (values > (file.size() - sizeof h) / sizeof(float))
            return error("index: ", h.count, " vectors of width ", h.width, " do not fit ", file.size(), " bytes");
        index_view v(h, file);
        const std::uint64_t end = texts_at(h.width, h.count);
        if (h.texts_offset == 0) {
            if (file.size() != sizeof h + values * sizeof(float))
                return error("index: something follows the vectors that the header does not name");
            return v;
        }
        const std::uint64_t table = (std::uint64_t{h.count} + 1) * 8;
        if (h.texts_offset != end || file.size() < end || file.size() - end < table ||
            file.size() - end - table != h.texts_bytes)
            return error("index: the header's sizes do not add up: texts of ", h.texts_bytes, " bytes at ",
                         h.texts_offset, " in ", file.size(), " bytes");
        std::uint64_t before = 0;
        for (int i = 0; i <= v.count(); ++i) {
            const std::uint64_t at = v.begin_of(i);
            if (at < before || at > h.texts_bytes || (i == 0 && at != 0))
                return error("index: text ", i, " begins at byte ", at, " of ", h.texts_bytes, ", before byte ", before,
                             " or behind the end");
            before = at;
        }
        if (before != h.texts_bytes) return error("index: the texts end at byte ", before, " of ", h.texts_bytes);
        return v;
    }

    // Where the texts' table lies in an index of this size: behind the vectors, at a multiple of 8.
    static constexpr std::uint64_t texts_at(std::uint32_t width, std::uint32_t count) {
        return (sizeof(index_header) + std::uint64_t{width} * count * sizeof(float) + 7) / 8 * 8;
    }

    [[nodiscard]] const index_header& header() const { return header_; }
    [[nodiscard]] int width() const { return int(header_.width); }
    [[nodiscard]] int count() const { return int(header_.count); }
    [[nodiscard]] const float* vectors() const { return reinterpret_cast<const float*>(file_.data() + sizeof header_); }
    [[nodiscard]] bool has_texts() const { return header_.texts_offset != 0; }
    // The text of vector `i` < count(); empty where there are no texts.
    [[nodiscard]] std::string_view text(int i) const {
        if (!has_texts()) return {};
        const char* texts = reinterpret_cast<const char*>(file_.data() + begins()) + (std::size_t(count()) + 1) * 8;
        return {texts + begin_of(i), std::size_t(begin_of(i + 1) - begin_of(i))};
    }

  private:
    index_header header_;
    std::span<const std::byte> file_;

    index_view(const index_header& header, std::span<const std::byte> file) : header_(header), file_(file) {}
    [[nodiscard]] std::size_t begins() const { return std::size_t(header_.texts_offset); }
    [[nodiscard]] std::uint64_t begin_of(int i) const {
        std::uint64_t at;
        std::memcpy(&at, file_.data() + begins() + std::size_t(i) * 8, 8);
        return at;
    }
};

namespace detail {
// Puts a result into `best`, of which `found` are filled: highest score first, of equal ones the earlier vector first.
inline void keep_best(hit next, std::span<hit> best, int& found) {
    const int room = int(best.size());
    if (found == room && !(next.score > best[std::size_t(room - 1)].score)) return;
    int at = found == room ? room - 1 : found++;
    for (; at > 0 && next.score > best[std::size_t(at - 1)].score; --at)
        best[std::size_t(at)] = best[std::size_t(at - 1)];
    best[std::size_t(at)] = next;
}
} // namespace detail

inline namespace CONSTFORMER_ISA {

// Fills `best` with the vectors nearest to the query, best first, and returns how many those are: fewer than asked for
// only where there are fewer vectors. Of equal scores the earlier vector comes first; a vector whose score is NaN is
// never a result. (count, width) x (width) -> (at most best.size()). PyTorch: (vectors @ query).topk(k).
inline int search(const float* vectors, int count, int width, const float* query, std::span<hit> best) {
    int found = 0;
    if (best.empty()) return 0;
    for (int i = 0; i < count; ++i) {
        const float score = ops::dot(vectors + std::ptrdiff_t(i) * width, query, width);
        if (score == score) constformer::detail::keep_best({i, score}, best, found);
    }
    return found;
}
template <int Width>
int search(const_rows<Width> vectors, std::span<const float, std::size_t(Width)> query, std::span<hit> best) {
    return search(vectors.data, vectors.count, Width, query.data(), best);
}
// The same in an index. Errors: a query of another width.
inline expected<int> search(const index_view& index, std::span<const float> query, std::span<hit> best) {
    if (int(query.size()) != index.width())
        return error("search: the query has width ", query.size(), ", the index holds vectors of width ",
                     index.width());
    return search(index.vectors(), index.count(), index.width(), query.data(), best);
}

} // namespace CONSTFORMER_ISA

} // namespace constformer
