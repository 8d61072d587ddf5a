// packed: the weights file. A header, then the weights struct as it lies in memory, then an optional text (a
// vocabulary). One file serves every instruction set and the browser, which this header is for too: it checks bytes in
// memory and needs no file system, no JSON and no exceptions. packed_file.hpp writes such files and maps them.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/core/manifest.hpp"
#include "constformer/files/checksum.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace constformer {

// The first 128 bytes, little-endian. What it says of sizes is redundant on purpose: a file that was cut, padded or
// joined with another does not add up.
struct packed_header {
    static constexpr std::array<char, 8> signature{'c', 'f', 'p', 'a', 'c', 'k', 'e', 'd'};
    // Raised when a leaf's contents change in a way that the manifest does not show (the order within a panel, what
    // bytes may hold).
    static constexpr std::uint32_t current = 2;

    std::array<char, 8> magic = signature;
    std::uint32_t version = current;
    std::uint32_t header_bytes = 128;
    std::uint64_t manifest_hash = 0;    // manifest_hash<Weights>()
    std::uint64_t weights_bytes = 0;    // sizeof(Weights); they begin behind the header, 64-byte aligned
    std::uint64_t weights_checksum = 0; // checksum() of them
    std::uint64_t text_offset = 0;      // right behind the weights
    std::uint64_t text_bytes = 0;       // 0: no text
    std::uint64_t text_checksum = 0;
    std::uint64_t file_bytes = 0; // the whole file's length
    char type[56] = {};           // the type's name, for people: "bert<minilm_l6>"; ends in a NUL
};
static_assert(sizeof(packed_header) == 128 && std::is_trivially_copyable_v<packed_header>);
static_assert(std::endian::native == std::endian::little, "files: weights files hold little-endian numbers, as this "
                                                          "machine must");

// A checked file's parts; they point into it.
struct packed_view {
    packed_header header;
    std::span<const std::byte> weights;
    std::string_view text;

    // The weights as the type that the file was checked for.
    template <class Weights> [[nodiscard]] const Weights& as() const noexcept {
        return *reinterpret_cast<const Weights*>(weights.data());
    }
};

namespace detail {
struct short_name {
    char characters[sizeof(packed_header::type)] = {};
    std::size_t size = 0;
};
template <class T> consteval short_name spell_type() {
    // GCC: "... [with T = NAME; ...]", Clang: "... [T = NAME]".
    std::string_view from = __PRETTY_FUNCTION__;
    from = from.substr(from.find("T = ") + 4);
    from = from.substr(0, from.find(';'));
    if (from.ends_with(']')) from.remove_suffix(1);
    char text[512] = {};
    std::size_t size = 0;
    const auto back = [&](auto&& more) {
        while (size != 0 && more(text[size - 1])) --size;
    };
    for (std::size_t i = 0; i < from.size() && size < sizeof text; ++i) {
        if (from[i] != ':') {
            text[size++] = from[i];
            continue;
        }
        // A namespace ends in "::": an identifier, or GCC's {anonymous} and Clang's (anonymous namespace).
        ++i;
        if (size != 0 && (text[size - 1] == '}' || text[size - 1] == ')')) {
            back([](char c) { return c != '{' && c != '('; });
            --size;
        }
        back([](char c) { return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); });
    }
    short_name out;
    constexpr std::size_t most = sizeof out.characters - 1; // and a NUL
    out.size = size < most ? size : most;
    for (std::size_t i = 0; i < out.size; ++i) out.characters[i] = size > most && i + 3 >= most ? '.' : text[i];
    return out;
}
template <class T> inline constexpr short_name name_of_type = spell_type<T>();
} // namespace detail

// A type's name as errors and headers spell it, the same for every compiler and instruction set: without namespaces, at
// most 55 characters.
template <class T> constexpr std::string_view type_name() {
    return {detail::name_of_type<T>.characters, detail::name_of_type<T>.size};
}

// The header for weights of this type; the checksums are the caller's to fill in.
template <class Weights> constexpr packed_header make_packed_header(std::uint64_t text_bytes) {
    static_assert(sizeof(Weights) % 64 == 0, "weights: a weights struct must be made of 64-byte aligned leaves");
    packed_header header;
    header.manifest_hash = manifest_hash<Weights>();
    header.weights_bytes = sizeof(Weights);
    header.text_offset = sizeof(packed_header) + sizeof(Weights);
    header.text_bytes = text_bytes;
    header.file_bytes = header.text_offset + text_bytes;
    for (std::size_t i = 0; i < sizeof header.type; ++i) header.type[i] = detail::name_of_type<Weights>.characters[i];
    return header;
}

namespace detail {
// The name in a header that nobody vouches for, made harmless.
struct packed_type {
    char characters[sizeof(packed_header::type)] = {};
    std::size_t size = 0;
    explicit packed_type(const packed_header& header) noexcept {
        for (; size + 1 < sizeof characters && header.type[size] != '\0'; ++size) {
            const char c = header.type[size];
            characters[size] = c >= 0x20 && c < 0x7f ? c : '?';
        }
    }
    [[nodiscard]] std::string_view text() const noexcept {
        return size ? std::string_view(characters, size) : "a model without a name";
    }
};
} // namespace detail

// Checks a file's first bytes (128 of them suffice, so that a download can be refused before it is paid for) against
// what a program needs. `manifest_hash`, `weights_bytes`, `type`: the program's own.
// Errors: not a packed file, another version, another model, sizes that do not add up.
inline expected<packed_header> check_packed_header(std::span<const std::byte> beginning, std::uint64_t manifest_hash,
                                                   std::size_t weights_bytes, std::string_view type) {
    packed_header header;
    if (beginning.size() < header.magic.size() ||
        std::memcmp(beginning.data(), packed_header::signature.data(), header.magic.size()) != 0)
        return error("weights: this is not a packed weights file, it does not begin with \"cfpacked\"");
    if (beginning.size() < sizeof header)
        return error("weights: the file ends after ", beginning.size(), " bytes, within its header of ", sizeof header);
    std::memcpy(&header, beginning.data(), sizeof header);
    if (header.version != packed_header::current || header.header_bytes != sizeof header)
        return error("weights: the file has format version ", header.version, ", this program reads version ",
                     packed_header::current, ": pack the checkpoint again");
    const detail::packed_type found(header);
    if (header.manifest_hash != manifest_hash || header.weights_bytes != weights_bytes) {
        if (found.text() == type)
            return error("weights: the file holds ", type, " in another layout (", header.weights_bytes,
                         " bytes) than this program's (", weights_bytes, " bytes): pack the checkpoint again");
        return error("weights: the file holds ", found.text(), " (", header.weights_bytes,
                     " bytes), this program needs ", type, " (", weights_bytes, " bytes)");
    }
    const std::uint64_t text_offset = sizeof header + std::uint64_t{weights_bytes};
    if (header.text_offset != text_offset || header.file_bytes < text_offset ||
        header.file_bytes - text_offset != header.text_bytes)
        return error("weights: the header's sizes do not add up: ", header.file_bytes, " bytes in all, text of ",
                     header.text_bytes, " at ", header.text_offset, " behind ", weights_bytes, " of weights");
    return header;
}

// Checks the structure of a whole file in memory, `file` beginning at a multiple of 64 bytes; the checksums are not
// computed (verify_packed does). Errors: those of check_packed_header, a file longer or shorter than its header says.
inline expected<packed_view> check_packed(std::span<const std::byte> file, std::uint64_t manifest_hash,
                                          std::size_t weights_bytes, std::string_view type) {
    const auto header = check_packed_header(file, manifest_hash, weights_bytes, type);
    if (!header) return header.error();
    if (header->file_bytes != file.size())
        return error("weights: the file has ", file.size(), " bytes, its header says ", header->file_bytes, ": it is ",
                     file.size() < header->file_bytes ? "incomplete" : "followed by something else");
    if (reinterpret_cast<std::uintptr_t>(file.data()) % 64 != 0)
        return error("weights: the file must lie in memory at a multiple of 64 bytes");
    const auto text = file.subspan(sizeof(packed_header) + weights_bytes);
    return packed_view{*header,
                       file.subspan(sizeof(packed_header), weights_bytes),
                       {reinterpret_cast<const char*>(text.data()), text.size()}};
}
template <class Weights> expected<packed_view> check_packed(std::span<const std::byte> file) {
    return check_packed(file, manifest_hash<Weights>(), sizeof(Weights), type_name<Weights>());
}

// Compares the checksums: reads every byte once. Errors: damaged weights, damaged text.
inline status verify_packed(const packed_view& view) {
    if (checksum(view.weights) != view.header.weights_checksum)
        return error("weights: the file is damaged: its weights do not have the checksum that its header says");
    if (checksum(std::as_bytes(std::span(view.text))) != view.header.text_checksum)
        return error("weights: the file is damaged: its text does not have the checksum that its header says");
    return {};
}

} // namespace constformer
