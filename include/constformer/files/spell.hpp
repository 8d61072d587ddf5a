// spell: how names, paths and shapes from a file stand in an error's sentence: short, and harmless on a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace constformer {

// A name as it is where it is made of letters, digits and _ . - / : *, otherwise quoted with everything unprintable as
// \xNN (a file's names may hold line ends and terminal controls); the middle of a long name is left out.
inline std::string spell(std::string_view name) {
    constexpr std::size_t most = 120;
    constexpr std::string_view plain = "_.-/:*";
    constexpr char digits[] = "0123456789abcdef";
    bool quoted = name.empty();
    std::string text;
    const auto add = [&](std::string_view part) {
        for (const char character : part) {
            const auto byte = static_cast<unsigned char>(character);
            const bool letter = (byte | 32) >= 'a' && (byte | 32) <= 'z';
            if (!letter && !(byte >= '0' && byte <= '9') && plain.find(character) == plain.npos) quoted = true;
            if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\')
                text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
            else
                text += character;
        }
    };
    if (name.size() <= most) {
        add(name);
    } else {
        add(name.substr(0, most / 2));
        text += "...";
        add(name.substr(name.size() - most / 2));
    }
    return quoted ? '"' + text + '"' : text;
}

// A path as it was given; of a very long one only the end, so that the sentence about it still fits.
inline std::string spell_path(std::string_view path) {
    constexpr std::size_t most = 200;
    return path.size() <= most ? std::string(path) : "..." + std::string(path.substr(path.size() - most));
}

// (30522, 384), (384) or () as PyTorch shows shapes, without its comma after a single number.
inline std::string spell(std::span<const std::int64_t> shape) {
    std::string text = "(";
    for (const std::int64_t length : shape) {
        if (text.size() > 1) text += ", ";
        if (text.size() > 100) return text + "...)";
        text += std::to_string(length);
    }
    return text + ")";
}

} // namespace constformer
