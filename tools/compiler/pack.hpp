// pack: from a Hugging Face checkpoint to the packed weights file of one model.
#pragma once

#include "constformer/files/checkpoint.hpp"
#include "constformer/files/mapped.hpp"

#include <string>

namespace constformer::program {

// Errors: no such file, tensors that are missing, left over or of another shape, a full disk.
template <class Model>
status pack(const std::string& checkpoint, const std::string& vocabulary, const std::string& out) {
    const auto words = mapped::open(vocabulary);
    if (!words) return words.error();
    const auto bytes = words->bytes();
    return pack_file<Model>(checkpoint, out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

} // namespace constformer::program
