// open_tensors: a checkpoint's tensors, in whatever form they lie: safetensors, one file or several, or GGUF.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/gguf.hpp"
#include "constformer/files/mapped.hpp"
#include "constformer/files/safetensors.hpp"
#include "constformer/files/safetensors_index.hpp"
#include "constformer/files/spell.hpp"
#include "constformer/files/stored_tensors.hpp"

#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>

namespace constformer {

// The file that a path names: itself, or the one in a Hugging Face folder that says where the tensors are.
inline expected<std::string> checkpoint_file(const std::string& path) {
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0 || !S_ISDIR(about.st_mode)) return path;
    const auto holds = [&](const char* file) { return ::stat((path + "/" + file).c_str(), &about) == 0; };
    for (const char* file : {"model.safetensors", "model.safetensors.index.json"})
        if (holds(file)) return path + "/" + file;
    if (holds("pytorch_model.bin"))
        return error(spell_path(path),
                     ": holds pytorch_model.bin, which is not read: save the model as model.safetensors");
    return error(spell_path(path), ": holds no model.safetensors");
}

// Maps and checks the file at `path`: GGUF by its first bytes, an index of safetensors files by its name, otherwise
// safetensors. Errors: those of gguf::open, open_safetensors_index and safetensors::open; a GGUF file that is only a
// part of a model.
inline expected<stored_tensors> open_tensors(const std::string& path) {
    if (path.ends_with(".index.json")) return open_safetensors_index(path);
    const auto bytes = mapped::open(path);
    if (!bytes) return bytes.error();
    if (!gguf::begins(bytes->bytes())) {
        auto file = safetensors::open(path);
        if (!file) return file.error();
        return stored_tensors(std::move(*file));
    }
    auto file = gguf::open(path);
    if (!file) return file.error();
    if (const auto parts = file->whole("split.count"); parts && *parts > 1)
        return error(spell_path(path), ": is one of ", *parts,
                     " parts of a model, only whole files are read: join them");
    return stored_tensors(std::move(*file));
}

} // namespace constformer
