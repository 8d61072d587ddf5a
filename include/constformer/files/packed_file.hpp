// packed_file: packed weights on disk. Opening maps the file: nothing is parsed or copied, and the weights are read as
// the kernels first touch them.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/atomic_write.hpp"
#include "constformer/files/mapped.hpp"
#include "constformer/files/packed.hpp"
#include "constformer/files/spell.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace constformer {

// Whether open_packed reads every byte to compare the checksums, or only checks the file's structure.
enum class verification { structure, checksums };

template <class Weights> class mapped_weights;
template <class Weights>
expected<mapped_weights<Weights>> open_packed(const std::string& path, verification how = verification::structure);

// Weights in a mapped file; move only, and they stay where they are when this moves.
//     auto weights = open_packed<bert<minilm_l6>>("minilm.weights");
//     if (!weights) return weights.error();
//     (*weights)->forward(...);
template <class Weights> class mapped_weights {
  public:
    [[nodiscard]] const Weights& operator*() const noexcept { return view_.template as<Weights>(); }
    [[nodiscard]] const Weights* operator->() const noexcept { return &**this; }
    // What was packed with the weights, empty if nothing was: a vocabulary.
    [[nodiscard]] std::string_view text() const noexcept { return view_.text; }
    [[nodiscard]] const packed_header& header() const noexcept { return view_.header; }

  private:
    friend expected<mapped_weights> open_packed<Weights>(const std::string&, verification);
    mapped file_;
    packed_view view_;
    mapped_weights(mapped file, const packed_view& view) noexcept : file_(std::move(file)), view_(view) {}
};

// Maps the packed file at `path` as `Weights`. Errors: those of mapped::open, check_packed and (if asked for)
// verify_packed: no such file, not packed weights, another model's, incomplete, damaged.
template <class Weights> expected<mapped_weights<Weights>> open_packed(const std::string& path, verification how) {
    auto file = mapped::open(path);
    if (!file) return file.error();
    const auto view = check_packed<Weights>(file->bytes());
    if (!view) return error(spell_path(path), ": ", view.error().what());
    if (how == verification::checksums)
        if (const auto sound = verify_packed(*view); !sound) return error(spell_path(path), ": ", sound.error().what());
    return mapped_weights<Weights>(std::move(*file), *view);
}

// Writes `weights`, and `text` behind them, to `path` in one step (atomic_write.hpp). The same weights and text give
// the same bytes. Errors: those of atomic_file, with an old file left as it was.
template <class Weights>
status write_packed(const std::string& path, const Weights& weights, std::string_view text = {}) {
    static_assert(std::is_trivially_copyable_v<Weights>, "weights: a weights struct must be trivially copyable");
    const auto body = std::as_bytes(std::span(&weights, 1));
    const auto tail = std::as_bytes(std::span(text));
    auto header = make_packed_header<Weights>(text.size());
    header.weights_checksum = checksum(body);
    header.text_checksum = checksum(tail);
    return write_atomically(path, {std::as_bytes(std::span(&header, 1)), body, tail});
}

} // namespace constformer
