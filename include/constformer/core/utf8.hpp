// utf8: whether bytes are text.
#pragma once

#include <cstddef>
#include <string_view>

namespace constformer::unicode {

// How many bytes at the beginning of the text are valid UTF-8: text.size() where all are. Overlong forms, surrogates,
// values above U+10FFFF, stray and missing continuation bytes are not valid.
[[nodiscard]] inline std::size_t valid_bytes(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t i = 0;
    while (i < text.size()) {
        const unsigned lead = at(i);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (lead < 0xC2 || lead > 0xF4 || text.size() - i <= more) return i;
        // The second byte alone decides about overlong forms, surrogates and the end of Unicode.
        const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (at(i + 1) < low || at(i + 1) > high) return i;
        for (std::size_t k = 2; k <= more; ++k)
            if ((at(i + k) & 0xC0) != 0x80) return i;
        i += more + 1;
    }
    return i;
}

} // namespace constformer::unicode
