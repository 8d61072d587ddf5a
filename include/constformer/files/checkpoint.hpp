// checkpoint: from a training checkpoint to a weights struct, through the family's table of names (core/names.hpp).
// What is missing, left over or of another shape is named in both vocabularies, and nothing is filled in silently.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/core/manifest.hpp"
#include "constformer/core/names.hpp"
#include "constformer/files/open_tensors.hpp"
#include "constformer/files/packed_file.hpp"
#include "constformer/files/spell.hpp"
#include "constformer/files/stored_blocks.hpp"
#include "constformer/files/stored_tensor.hpp"
#include "constformer/files/stored_tensors.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace constformer {

namespace detail {

// Whether a tensor's name is on a list of names to ignore, in which * is an index and an entry that ends in '.' means
// everything that begins so: "h.*.attn.masked_bias", "cls.".
inline bool listed(std::string_view name, std::span<const std::string_view> list) {
    return std::any_of(list.begin(), list.end(), [&](std::string_view entry) {
        std::size_t at = 0;
        for (const char c : entry) {
            if (c == '*') {
                const std::size_t begin = at;
                while (at < name.size() && name[at] >= '0' && name[at] <= '9') ++at;
                if (at == begin) return false;
            } else if (at == name.size() || name[at++] != c) {
                return false;
            }
        }
        return at == name.size() || entry.ends_with('.');
    });
}

// Whether `have` is `need` up to lengths of 1 and to neighbors joined: a stored (out, in, 3, 3) fills (out, in * 9).
inline bool same_shape(std::span<const std::int64_t> have, std::span<const std::int64_t> need) {
    std::size_t at = 0;
    const auto next = [&] {
        while (at < have.size() && have[at] == 1) ++at;
        return at < have.size();
    };
    for (const std::int64_t length : need) {
        std::int64_t joined = 1;
        while (joined < length && next()) {
            if (have[at] > length / joined) return false;
            joined *= have[at++];
            if (joined == 0) return false;
        }
        if (joined != length) return false;
    }
    return !next();
}

// Reads a file's tensors for one leaf after another, and remembers which were used.
class checkpoint_reader {
  public:
    checkpoint_reader(const stored_tensors& file, std::span<const name> table)
        : file_(file), table_(table), used_(file.size()) {}

    // Finds and reads the tensor for `leaf`; its rows are row() from then on.
    status read(const parameter& leaf) {
        leaf_ = &leaf;
        std::string first;
        source_ = nullptr;
        translation found;
        for (int nth = 0; translate(leaf.path(), table_, nth, found); ++nth) {
            if (nth == 0) first = found.theirs;
            const stored_tensor* tensor = file_.find(found.theirs);
            if (!tensor) continue;
            if (!source_) {
                source_ = tensor;
                how_ = found.how;
                mark(*tensor);
            } else if (tensor->type == source_->type && tensor->bytes.size() == source_->bytes.size() &&
                       std::equal(tensor->bytes.begin(), tensor->bytes.end(), source_->bytes.begin())) {
                mark(*tensor); // the same numbers under a second name: tied weights, saved twice
            }
        }
        if (first.empty() && !source_) return error("names: no line of the table matches our ", leaf.path());
        if (!source_) return error("checkpoint: ", spell(first), " is missing, our ", leaf.path(), " needs it");
        // A vector has nothing to transpose, though it stands behind a line that says so for its matrix.
        turned_ = how_.transposed && (leaf.rows > 1 || std::count_if(source_->shape.begin(), source_->shape.end(),
                                                                     [](std::int64_t n) { return n != 1; }) == 2);
        if (!is_real(source_->type) || !same_shape(source_->shape, needed()))
            return error("checkpoint: ", spell(source_->name), " is ", facts(source_->type).name, " ",
                         spell(source_->shape), ", our ", leaf.path(), " needs F32 ", spell(needed()));
        values_.resize(source_->elements());
        if (auto done = to_float(*source_, values_); !done) return done;
        for (std::size_t i = 0; i < values_.size(); ++i)
            if (!std::isfinite(values_[i])) return not_finite(i);
        line_.resize(static_cast<std::size_t>(leaf.columns));
        return {};
    }

    // Row `r` of the leaf in PyTorch's (rows, columns); valid until the next call.
    const float* row(int r) {
        const std::size_t rows = static_cast<std::size_t>(leaf_->rows), columns = line_.size();
        if (rows == 1 && (how_.groups > 1 || how_.pairs > 0)) { // a bias: its columns are the outputs
            for (std::size_t c = 0; c < columns; ++c) line_[c] = values_[stored_output(how_, columns, c)];
            return line_.data();
        }
        const std::size_t from = stored_output(how_, rows, static_cast<std::size_t>(r));
        if (!turned_) return values_.data() + from * columns;
        const std::size_t step = rows * static_cast<std::size_t>(how_.of);
        for (std::size_t c = 0; c < columns; ++c) line_[c] = values_[c * step + from];
        return line_.data();
    }

    // Writes every row into the leaf. Out of line: a model has many leaves of a kind.
    template <class Leaf> [[gnu::noinline]] void fill(Leaf& leaf, int rows) {
        for (int r = 0; r < rows; ++r) put(leaf, r);
    }

    // Writes row `r` into the leaf: the blocks of a file that is quantized already as they are, where the leaf keeps
    // such.
    template <class Leaf> void put(Leaf& leaf, int r) {
        if constexpr (in_blocks(Leaf::leaf_element)) {
            if (!turned_ && keeps_blocks(Leaf::leaf_element, source_->type) && put_blocks(leaf, r)) return;
        }
        leaf.put(r, row(r));
    }

    // Every tensor of the file has to be used or listed in `ignored`.
    status nothing_left(std::span<const std::string_view> ignored) const {
        const stored_tensor* extra = nullptr;
        std::size_t more = 0, i = 0;
        for (const auto& tensor : file_) {
            if (used_[i++] || listed(tensor.name, ignored)) continue;
            if (extra)
                ++more;
            else
                extra = &tensor;
        }
        if (!extra) return {};
        const std::string others = more ? " (and " + std::to_string(more) + " more)" : "";
        return error("checkpoint: ", spell(extra->name), ", ", facts(extra->type).name, " ", spell(extra->shape),
                     others, ", is not part of this model");
    }

  private:
    const stored_tensors& file_;
    std::span<const name> table_;
    std::vector<bool> used_;
    const parameter* leaf_ = nullptr;
    const stored_tensor* source_ = nullptr;
    stored_as how_;
    bool turned_ = false;
    std::vector<float> values_, line_;

    template <class Leaf> bool put_blocks(Leaf& leaf, int r) {
        // A stored row is whole blocks.
        const std::size_t first =
            stored_output(how_, static_cast<std::size_t>(leaf_->rows), static_cast<std::size_t>(r)) * Leaf::blocks;
        for (int b = 0; b < Leaf::blocks; ++b) {
            const auto kept = kept_block(*source_, first + static_cast<std::size_t>(b), Leaf::leaf_element);
            if (!kept) return false;
            leaf.put(r, b, *kept);
        }
        return true;
    }
    void mark(const stored_tensor& tensor) { used_[static_cast<std::size_t>(&tensor - &*file_.begin())] = true; }

    // The shape that the leaf needs in the checkpoint's own layout.
    std::vector<std::int64_t> needed() const {
        const std::int64_t rows = leaf_->rows, columns = leaf_->columns, of = how_.of;
        if (turned_) return {columns, rows * of};
        return rows == 1 ? std::vector{columns * of} : std::vector{rows * of, columns};
    }
    error not_finite(std::size_t at) const {
        const std::string what = std::isnan(values_[at])                                    ? "NaN"
                                 : source_->type != dtype::f64                              ? "an infinity"
                                 : std::isinf(load<double>(source_->bytes.data() + at * 8)) ? "an infinity"
                                                                                            : "a number beyond F32";
        std::vector<std::int64_t> index(source_->shape.size());
        for (std::size_t d = index.size(); d-- > 0;) {
            const auto length = static_cast<std::size_t>(source_->shape[d]);
            index[d] = static_cast<std::int64_t>(at % length);
            at /= length;
        }
        return error("checkpoint: ", spell(source_->name), " holds ", what, " at ", spell(index), ", our ",
                     leaf_->path(), " needs finite numbers");
    }
};

template <class Weights> struct free_weights {
    void operator()(Weights* weights) const noexcept { ::operator delete(weights, std::align_val_t(alignof(Weights))); }
};

} // namespace detail

// Fills `weights` from a checkpoint: every leaf from the tensor that `table` names for it (of several lines that match,
// the first whose tensor the file has), F64, F16, BF16 and GGUF's quantized types converted; a matrix in
// blocks keeps GGUF's blocks as they are where it can (stored_blocks.hpp). Padding becomes zero.
// `ignored`: names of tensors that may be left over; * is an index, a final '.' stands for all that begins so.
// Errors, each with both names: a tensor missing, of another type or shape, left over, or holding NaN or an infinity.
// The weights are undefined then. PyTorch equivalent: model.load_state_dict(load_file(path), strict=True).
template <class Weights>
status pack(const stored_tensors& file, Weights& weights, std::span<const name> table,
            std::span<const std::string_view> ignored = {}) {
    static_assert(std::is_trivially_copyable_v<Weights>, "weights: a weights struct must be trivially copyable");
    [[maybe_unused]] static constexpr auto leaves = manifest<Weights>();
    std::memset(static_cast<void*>(&weights), 0, sizeof weights); // what is padding in a leaf is zero in the file
    detail::checkpoint_reader reader(file, table);
    status result;
    std::size_t next = 0;
    each_leaf(weights, [&](auto& leaf) {
        const parameter& about = leaves[next++];
        if (!result) return;
        result = reader.read(about);
        if (!result) return;
        reader.fill(leaf, about.rows);
    });
    return result ? reader.nothing_left(ignored) : result;
}

// Weights on the heap: they are too large for a stack.
template <class Weights> using owned_weights = std::unique_ptr<Weights, detail::free_weights<Weights>>;

// Reads a checkpoint into memory: a safetensors or GGUF file, or a Hugging Face folder whose safetensors may be split
// over several files. Errors: those of open_tensors and pack, too little memory.
template <class Weights>
expected<owned_weights<Weights>> read_checkpoint(const std::string& path, std::span<const name> table,
                                                 std::span<const std::string_view> ignored = {}) {
    const auto file_path = checkpoint_file(path);
    if (!file_path) return file_path.error();
    const auto file = open_tensors(*file_path);
    if (!file) return file.error();
    void* memory = ::operator new(sizeof(Weights), std::align_val_t(alignof(Weights)), std::nothrow);
    if (!memory) return error("weights: no memory for ", sizeof(Weights), " bytes");
    owned_weights<Weights> weights(static_cast<Weights*>(memory)); // pack() writes every byte
    if (auto done = pack(*file, *weights, table, ignored); !done)
        return error(spell_path(*file_path), ": ", done.error().what());
    return weights;
}

// From a checkpoint to a packed weights file, with `text` (the vocabulary) behind the weights; in one step: on an error
// an old file at `out` stays as it was. Errors: those of read_checkpoint and write_packed.
template <class Weights>
status pack_file(const std::string& checkpoint, const std::string& out, std::span<const name> table,
                 std::string_view text = {}, std::span<const std::string_view> ignored = {}) {
    const auto weights = read_checkpoint<Weights>(checkpoint, table, ignored);
    if (!weights) return weights.error();
    return write_packed(out, **weights, text);
}

// A model that carries its family's table and its list of ignored tensors needs neither argument.
template <class Weights>
concept knows_its_names = requires {
    { Weights::names } -> std::convertible_to<std::span<const name>>;
    { Weights::unused } -> std::convertible_to<std::span<const std::string_view>>;
};
template <knows_its_names Weights> status pack(const stored_tensors& file, Weights& weights) {
    return pack(file, weights, Weights::names, Weights::unused);
}
template <knows_its_names Weights> expected<owned_weights<Weights>> read_checkpoint(const std::string& path) {
    return read_checkpoint<Weights>(path, Weights::names, Weights::unused);
}
template <knows_its_names Weights>
status pack_file(const std::string& checkpoint, const std::string& out, std::string_view text = {}) {
    return pack_file<Weights>(checkpoint, out, Weights::names, text, Weights::unused);
}

} // namespace constformer
