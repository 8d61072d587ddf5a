// passages: texts of a file.
#pragma once

#include "constformer/files/mapped.hpp"
#include "constformer/files/spell.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace constformer::program {

// The passages of a file, one a line; lines that are empty or begin with # are none.
inline expected<std::vector<std::string>> read_passages(const std::string& path) {
    const auto file = mapped::open(path);
    if (!file) return file.error();
    std::string_view rest{reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
    std::vector<std::string> lines;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        auto line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty() && line[0] != '#') lines.emplace_back(line);
    }
    if (lines.empty()) return error(spell_path(path), ": there is no passage");
    return lines;
}

} // namespace constformer::program
