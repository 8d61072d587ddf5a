// safetensors_index: a checkpoint that is split over several safetensors files beside a model.safetensors.index.json,
// which says in what file each tensor is.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/files/mapped.hpp"
#include "constformer/files/safetensors.hpp"
#include "constformer/files/spell.hpp"
#include "constformer/files/stored_tensors.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace constformer {

namespace detail {

// Receives the index's tokens as nlohmann::json meets them: only weight_map counts, what else there is is passed over.
// Each function returns false to stop.
class safetensors_index {
  public:
    static constexpr std::size_t most_bytes = 100'000'000;

    std::map<std::string, std::string, std::less<>> files; // of each tensor

    static expected<safetensors_index> read(std::string_view text, const std::string& subject) {
        safetensors_index index;
        if (text.size() > most_bytes)
            return error(subject, ": ", text.size(), " bytes are more than an index may have, ", most_bytes);
        // The parser takes a NUL for the end of the text and would leave what follows unseen.
        if (const auto nul = text.find('\0'); nul != text.npos)
            return error(subject, ": holds a NUL at byte ", nul, ", which JSON does not");
        const bool good = nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &index);
        if (!good && index.why_.empty()) index.why_ = "is not JSON";
        if (index.why_.empty() && !index.has_map_) index.why_ = "has no weight_map";
        if (!index.why_.empty()) return error(subject, ": ", index.why_);
        return index;
    }

    // What nlohmann::json calls.
    bool null() { return other("null"); }
    bool boolean(bool) { return other("true or false"); }
    bool number_integer(std::int64_t) { return other("a number"); }
    bool number_unsigned(std::uint64_t) { return other("a number"); }
    bool number_float(double, const std::string&) { return other("a number"); }
    bool binary(nlohmann::json::binary_t&) { return other("binary data"); }
    bool string(std::string& text) {
        if (!in_map()) return other("a string");
        // Beside the index and nowhere else: no folder, no way up, no absolute path.
        const bool plain =
            text.find_first_of(std::string_view("/\\:\0", 4)) == text.npos && text != "." && text != "..";
        if (!plain || !text.ends_with(".safetensors"))
            return stop("puts tensor " + spell(key_) + " into " + spell(text) +
                        ", needed is the name of a .safetensors file beside it");
        if (!files.emplace(key_, std::move(text)).second) return stop("names tensor " + spell(key_) + " twice");
        return true;
    }
    bool start_object(std::size_t) {
        if (depth_ == 1 && key_ == map_name) {
            if (std::exchange(has_map_, true)) return stop("has weight_map twice");
        } else if (depth_ != 0 && !other("an object")) {
            return false;
        }
        ++depth_;
        in_map_ |= depth_ == 2 && key_ == map_name;
        return true;
    }
    bool key(std::string& text) {
        key_ = std::move(text);
        return true;
    }
    bool end_object() {
        --depth_;
        if (depth_ == 1) in_map_ = false;
        return true;
    }
    bool start_array(std::size_t) {
        if (!other("a list")) return false;
        ++depth_;
        return true;
    }
    bool end_array() {
        --depth_;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
        return stop("is not JSON at byte " + std::to_string(position));
    }

  private:
    static constexpr std::string_view map_name = "weight_map";
    std::string key_, why_;
    std::size_t depth_ = 0;
    bool has_map_ = false, in_map_ = false;

    [[nodiscard]] bool in_map() const { return in_map_ && depth_ == 2; }
    bool stop(std::string why) {
        why_ = std::move(why);
        return false;
    }
    // A value that is wrong where it decides, and passed over elsewhere.
    bool other(const char* found) {
        const std::string what = found;
        if (depth_ == 0) return stop("is " + what + ", not an object");
        if (depth_ == 1 && key_ == map_name) return stop("has a weight_map that is " + what + ", not an object");
        if (in_map()) return stop("puts tensor " + spell(key_) + " into " + what + ", not into a file");
        return true;
    }
};

} // namespace detail

// Maps and checks the files that the index at `path` names, all beside it. Errors: those of mapped::open and
// safetensors::open; an index that is not JSON, has no weight_map or names a tensor twice; a file's name that leads
// elsewhere; a tensor that its file lacks, or has though the index says nothing of it or another file.
inline expected<stored_tensors> open_safetensors_index(const std::string& path) {
    const auto file = mapped::open(path);
    if (!file) return file.error();
    const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    const auto index = detail::safetensors_index::read(text, spell_path(path));
    if (!index) return index.error();
    const std::string folder = path.substr(0, path.find_last_of('/') + 1);

    std::map<std::string_view, std::size_t> named; // how many tensors, by file
    for (const auto& [tensor, where] : index->files) ++named[where];
    std::vector<stored_tensor> tensors;
    std::vector<mapped> files;
    for (const auto& [name, count] : named) {
        auto part = safetensors::open(folder + std::string(name));
        if (!part) return part.error();
        for (const auto& tensor : *part) {
            const auto place = index->files.find(tensor.name);
            if (place == index->files.end() || place->second != name)
                return error(spell_path(path), ": puts tensor ", spell(tensor.name), " into ",
                             place == index->files.end() ? "no file" : spell(place->second), ", but ", spell(name),
                             " holds it");
        }
        if (part->size() != count) // all that it holds is named, so something that is named is not there
            for (const auto& [tensor, where] : index->files)
                if (where == name && !part->find(tensor))
                    return error(spell_path(path), ": puts tensor ", spell(tensor), " into ", spell(name),
                                 ", which does not hold it");
        auto [held, bytes] = std::move(*part).release();
        for (auto& tensor : held) tensors.push_back(std::move(tensor));
        for (auto& one : bytes) files.push_back(std::move(one));
    }
    return stored_tensors(std::move(tensors), std::move(files));
}

} // namespace constformer
