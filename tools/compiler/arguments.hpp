// arguments: what a person typed behind the program's name, checked against what the command knows.
#pragma once

#include "constformer/core/check.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace constformer::program {

// An option as help shows it. One without `value` is a switch.
struct option {
    std::string_view name, value, does;
};

struct arguments {
    std::vector<std::string_view> words;
    std::vector<std::pair<std::string_view, std::string_view>> options;

    [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
    // The value of an option, the last one where it was given twice.
    [[nodiscard]] std::string_view value(std::string_view name, std::string_view otherwise) const {
        const auto* found = find(name);
        return found ? found->second : otherwise;
    }
    // A whole number of at least `least`.
    [[nodiscard]] expected<int> number(std::string_view name, int otherwise, int least) const {
        const auto* found = find(name);
        if (!found) return otherwise;
        return to_number(name, found->second, least);
    }
    // A number, as 0.7 or -1e3. What may not be is for who uses it to say.
    [[nodiscard]] expected<float> real(std::string_view name, float otherwise) const {
        const auto* found = find(name);
        if (!found) return otherwise;
        const std::string_view text = found->second;
        float number = 0;
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (wrong != std::errc{} || end != text.data() + text.size())
            return error(name, " ", text, ": a number is needed");
        return number;
    }
    // Every value of an option that may be given several times.
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const {
        std::vector<std::string> all;
        for (const auto& one : options)
            if (one.first == name) all.emplace_back(one.second);
        return all;
    }
    // Whole numbers of at least `least` with commas between them: "8,128".
    [[nodiscard]] expected<std::vector<int>> numbers(std::string_view name, std::string_view otherwise,
                                                     int least) const {
        std::vector<int> all;
        std::string_view rest = value(name, otherwise);
        for (;;) {
            const auto end = std::min(rest.find(','), rest.size());
            const auto one = to_number(name, rest.substr(0, end), least);
            if (!one) return one.error();
            all.push_back(*one);
            if (end == rest.size()) return all;
            rest.remove_prefix(end + 1);
        }
    }

  private:
    [[nodiscard]] const std::pair<std::string_view, std::string_view>* find(std::string_view name) const {
        const std::pair<std::string_view, std::string_view>* found = nullptr;
        for (const auto& one : options)
            if (one.first == name) found = &one;
        return found;
    }
    static expected<int> to_number(std::string_view name, std::string_view text, int least) {
        int number = 0;
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (wrong != std::errc{} || end != text.data() + text.size() || number < least)
            return error(name, " ", text, ": a whole number of at least ", least, " is needed");
        return number;
    }
};

// Sorts words from options. `known`: the options that may be given. "--" ends the options; "-" is a word.
// Errors: an option that is not known or lacks its value, a switch with one, fewer or more words than `least`, `most`.
inline expected<arguments> parse(std::span<const char* const> typed, std::span<const option> known,
                                 std::string_view command, std::size_t least, std::size_t most,
                                 std::string_view words) {
    arguments result;
    bool options = true;
    for (std::size_t i = 0; i < typed.size(); ++i) {
        std::string_view text = typed[i];
        if (!options || text.size() < 2 || text[0] != '-') {
            result.words.push_back(text);
            continue;
        }
        if (text == "--") {
            options = false;
            continue;
        }
        const auto equals = text.find('=');
        const std::string_view name = text.substr(0, equals);
        const auto found = std::find_if(known.begin(), known.end(), [&](const option& o) { return o.name == name; });
        if (found == known.end()) return error(command, ": there is no option ", name, "; see ", command, " --help");
        std::string_view value;
        if (found->value.empty()) {
            if (equals != text.npos) return error(command, ": ", name, " takes no value");
        } else if (equals != text.npos) {
            value = text.substr(equals + 1);
        } else if (++i < typed.size()) {
            value = typed[i];
        } else {
            return error(command, ": ", name, " needs ", found->value);
        }
        result.options.emplace_back(name, value);
    }
    const bool help = result.has("--help");
    if (!help && (result.words.size() < least || result.words.size() > most))
        return error(command, ": ", result.words.size(), " arguments were given, the command is: ", command,
                     words.empty() ? "" : " ", words);
    return result;
}

} // namespace constformer::program
