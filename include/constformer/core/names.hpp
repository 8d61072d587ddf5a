// names: how a checkpoint's tensors are called elsewhere. Library names (manifest paths) are canonical; each family has
// one small table, nested as its structs nest.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace constformer {

// How a tensor lies in the checkpoint, where it differs from PyTorch's (outputs, inputs).
struct stored_as {
    bool transposed = false; // (inputs, outputs), as Transformers' Conv1D
    int part = 0, of = 1;    // part `part` of `of` equal ones along the outputs, as a fused query-key-value
    int groups = 1;          // … in each of so many equal groups of outputs: the three of each head side by side
    int pairs = 0;           // of every so many outputs, ours of the first half are its even ones: rotated pairs
};

// Where our output r of `rows` lies among the checkpoint's.
constexpr std::size_t stored_output(const stored_as& how, std::size_t rows, std::size_t r) {
    if (how.pairs > 0) {
        const auto all = std::size_t(how.pairs), at = r % all, half = all / 2;
        r += (at < half ? 2 * at : 2 * (at - half) + 1) - at;
    }
    const std::size_t each = rows / std::size_t(how.groups), group = r / each;
    return (group * std::size_t(how.of) + std::size_t(how.part)) * each + r % each;
}

struct name;

// A table inside a table; std::span may not be named before `name` is complete.
class inner_names {
  public:
    constexpr inner_names() = default;
    template <std::size_t N> constexpr inner_names(const name (&table)[N]) : first_(table), count_(N) {}
    constexpr inner_names(const name* first, std::size_t count) : first_(first), count_(count) {}
    [[nodiscard]] constexpr bool empty() const { return count_ == 0; }
    [[nodiscard]] constexpr std::span<const name> all() const;

  private:
    const name* first_ = nullptr;
    std::size_t count_ = 0;
};

// One line: `ours` is a manifest path or the beginning of one, `theirs` what stands in its place; * is an index.
// Where several lines match, the first whose tensor the file has is taken.
struct name {
    std::string_view ours, theirs;
    stored_as how{};
    inner_names inner{}; // translates the rest of the path
};
constexpr std::span<const name> inner_names::all() const { return {first_, count_}; }

// A checkpoint tensor's name and layout for one of our paths.
struct translation {
    std::string theirs;
    stored_as how{};
};

// The translation by the nth line that matches, or false behind the last.
inline bool translate(std::string_view path, std::span<const name> table, int nth, translation& out) {
    struct match { // walks `pattern` along `path`; collects what its stars stand for
        static bool prefix(std::string_view pattern, std::string_view path, std::string_view (&stars)[4],
                           std::size_t& used) {
            std::size_t i = 0, star = 0;
            for (char p : pattern) {
                if (p == '*') {
                    const std::size_t begin = i;
                    while (i < path.size() && path[i] >= '0' && path[i] <= '9') ++i;
                    if (i == begin || star == 4) return false;
                    stars[star++] = path.substr(begin, i - begin);
                } else if (i < path.size() && path[i] == p) {
                    ++i;
                } else {
                    return false;
                }
            }
            used = i;
            return i == 0 || i == path.size() || path[i] == '.';
        }
    };
    for (const name& line : table) {
        std::string_view stars[4];
        std::size_t used = 0;
        if (!match::prefix(line.ours, path, stars, used)) continue;
        std::string_view rest = path.substr(used);
        std::string theirs;
        std::size_t star = 0;
        for (char c : line.theirs) {
            if (c == '*')
                theirs += stars[star++];
            else
                theirs += c;
        }
        if (line.inner.empty()) {
            if (nth-- > 0) continue;
            if (theirs.empty() && rest.starts_with('.')) rest.remove_prefix(1);
            if (!theirs.empty() && !rest.empty() && rest.front() != '.') theirs += '.';
            out = {theirs.append(rest), line.how};
            return true;
        }
        if (!rest.empty() && rest.front() == '.') rest.remove_prefix(1);
        if (!theirs.empty()) theirs += '.';
        translation inner;
        int skipped = 0;
        while (translate(rest, line.inner.all(), skipped, inner)) {
            if (nth-- == 0) {
                out = {theirs + inner.theirs, inner.how};
                return true;
            }
            ++skipped;
        }
    }
    return false;
}

} // namespace constformer
