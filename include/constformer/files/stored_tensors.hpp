// stored_tensors: the tensors of a checkpoint, whatever form of file holds them and however many files.
#pragma once

#include "constformer/files/mapped.hpp"
#include "constformer/files/stored_tensor.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

namespace constformer {

// Iterating gives the tensors in the order of their files and bytes. Owns the files that it was given to keep; move
// only.
class stored_tensors {
  public:
    stored_tensors() = default;
    stored_tensors(stored_tensors&&) = default;
    stored_tensors& operator=(stored_tensors&&) = default;
    // No name may be there twice. The tensors' bytes lie in `files`, or stay where they are as long as this object.
    explicit stored_tensors(std::vector<stored_tensor> tensors, std::vector<mapped> files = {})
        : files_(std::move(files)), tensors_(std::move(tensors)), by_name_(tensors_.size()) {
        std::iota(by_name_.begin(), by_name_.end(), 0u);
        std::sort(by_name_.begin(), by_name_.end(),
                  [&](auto a, auto b) { return tensors_[a].name < tensors_[b].name; });
    }

    // The tensor of this name, nullptr if there is none; valid as long as this object.
    [[nodiscard]] const stored_tensor* find(std::string_view name) const noexcept {
        const auto found =
            std::lower_bound(by_name_.begin(), by_name_.end(), name,
                             [&](auto index, std::string_view sought) { return tensors_[index].name < sought; });
        return found == by_name_.end() || tensors_[*found].name != name ? nullptr : &tensors_[*found];
    }
    [[nodiscard]] auto begin() const noexcept { return tensors_.begin(); }
    [[nodiscard]] auto end() const noexcept { return tensors_.end(); }
    [[nodiscard]] std::size_t size() const noexcept { return tensors_.size(); }

    // Keeps a file's bytes in place as long as this object.
    void keep(mapped file) { files_.push_back(std::move(file)); }
    // Gives tensors and files away, to be joined with others; nothing is left here.
    [[nodiscard]] std::pair<std::vector<stored_tensor>, std::vector<mapped>> release() && {
        by_name_.clear();
        return {std::exchange(tensors_, {}), std::exchange(files_, {})};
    }

  private:
    std::vector<mapped> files_;
    std::vector<stored_tensor> tensors_;
    std::vector<std::uint32_t> by_name_;
};

} // namespace constformer
