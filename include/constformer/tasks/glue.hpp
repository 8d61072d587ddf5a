// glue: the nine tasks of GLUE (Wang et al. 2018): what their files look like, what their labels are called, and what
// is measured. The files are the user's own; none comes with the library.
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/core/utf8.hpp"
#include "constformer/tasks/metrics.hpp"

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace constformer::glue {

enum class metric { accuracy, f1, matthews, pearson, spearman };
[[nodiscard]] constexpr std::string_view name_of(metric m) {
    constexpr std::string_view names[] = {"accuracy", "f1", "matthews_correlation", "pearson", "spearman"};
    return names[int(m)];
}

// A task. Columns are found by their names in the first line; CoLA's files have no such line, but numbers.
struct task {
    std::string_view name, first, second, label; // columns; second: empty where there is one text
    std::span<const std::string_view> labels;    // as the file writes them, in their order; none: a number
    std::span<const metric> metrics;
};

inline constexpr std::string_view two_labels[] = {"0", "1"}, entailment_labels[] = {"entailment", "not_entailment"},
                                  mnli_labels[] = {"contradiction", "entailment", "neutral"};
inline constexpr metric by_accuracy[] = {metric::accuracy}, by_both[] = {metric::accuracy, metric::f1},
                        by_matthews[] = {metric::matthews}, by_correlation[] = {metric::pearson, metric::spearman};
inline constexpr task tasks[] = {
    {"cola", "3", "", "1", two_labels, by_matthews},
    {"sst-2", "sentence", "", "label", two_labels, by_accuracy},
    {"mrpc", "#1 String", "#2 String", "Quality", two_labels, by_both},
    {"sts-b", "sentence1", "sentence2", "score", {}, by_correlation},
    {"qqp", "question1", "question2", "is_duplicate", two_labels, by_both},
    {"mnli", "sentence1", "sentence2", "gold_label", mnli_labels, by_accuracy},
    {"qnli", "question", "sentence", "label", entailment_labels, by_accuracy},
    {"rte", "sentence1", "sentence2", "label", entailment_labels, by_accuracy},
    {"wnli", "sentence1", "sentence2", "label", two_labels, by_accuracy},
};

// Errors: there is no such task. Case and hyphens do not matter; mnli-mm is mnli.
[[nodiscard]] inline expected<const task*> find(std::string_view name) {
    const auto plain = [](std::string_view text) {
        std::string result;
        for (const char c : text)
            if (c != '-' && c != '_') result += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        return result;
    };
    const std::string asked = plain(name) == "mnlimm" ? "mnli" : plain(name);
    std::string all;
    for (const task& one : tasks) {
        if (plain(one.name) == asked) return &one;
        (all += all.empty() ? "" : ", ") += one.name;
    }
    return error("glue: ", name, " is none of its tasks; they are ", all);
}

// A line of a file: views of its bytes.
struct example {
    std::string_view first, second;
    int label;    // its place among the task's labels
    double score; // of STS-B
};

// All examples of a task's file: fields between tabs, as they are, quotes included. Errors, with the line: a column is
// missing; a line has too few fields; a label that the task does not have, or no number; not UTF-8; no examples.
[[nodiscard]] inline expected<std::vector<example>> read(const task& about, std::string_view file) {
    int first = -1, second = -1, label = -1, number = 0;
    std::vector<std::string_view> fields;
    std::vector<example> all;
    while (!file.empty()) {
        const auto end = std::min(file.find('\n'), file.size());
        std::string_view line = file.substr(0, end);
        file.remove_prefix(std::min(end + 1, file.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        ++number;
        if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
        if (line.empty()) continue;
        if (unicode::valid_bytes(line) != line.size()) return error("line ", number, ": is not UTF-8");
        fields.clear();
        for (std::string_view rest = line;;) {
            const auto tab = std::min(rest.find('\t'), rest.size());
            fields.push_back(rest.substr(0, tab));
            if (tab == rest.size()) break;
            rest.remove_prefix(tab + 1);
        }
        if (first < 0) { // where the columns are
            if (about.first[0] >= '0' && about.first[0] <= '9') {
                first = about.first[0] - '0', label = about.label[0] - '0';
            } else {
                const auto place = [&](std::string_view name) {
                    const auto found = std::find(fields.begin(), fields.end(), name);
                    return found == fields.end() ? -1 : int(found - fields.begin());
                };
                first = place(about.first), label = place(about.label);
                second = about.second.empty() ? -1 : place(about.second);
                for (const auto& [at, name] : {std::pair(first, about.first), std::pair(label, about.label),
                                               std::pair(about.second.empty() ? 0 : second, about.second)})
                    if (at < 0) return error("line ", number, ": there is no column ", name, " for ", about.name);
                continue;
            }
        }
        const int needed = std::max({first, second, label}) + 1;
        if (int(fields.size()) < needed)
            return error("line ", number, ": has ", fields.size(), " fields, ", about.name, " needs ", needed);
        example one{fields[std::size_t(first)], second < 0 ? std::string_view() : fields[std::size_t(second)], 0, 0};
        const std::string_view said = fields[std::size_t(label)];
        if (about.labels.empty()) {
            const std::string text(said); // (libc++ 19 reads no floats from a range of characters)
            char* end_of_number = nullptr;
            one.score = std::strtod(text.c_str(), &end_of_number);
            if (text.empty() || text.find_first_not_of("0123456789+-.eE") != text.npos ||
                end_of_number != text.c_str() + text.size() || !(one.score - one.score == 0))
                return error("line ", number, ": the score ", said, " is no number");
        } else {
            const auto found = std::find(about.labels.begin(), about.labels.end(), said);
            if (found == about.labels.end())
                return error("line ", number, ": ", about.name, " has no label ", said.empty() ? "\"\"" : said);
            one.label = int(found - about.labels.begin());
        }
        all.push_back(one);
    }
    if (all.empty()) return error("there are no examples of ", about.name);
    return all;
}

// Which of the task's labels each of a model's stands for: by their names, or, where those say nothing (LABEL_0, 0), by
// their order. Errors: another number of labels; a name that the task does not have.
[[nodiscard]] inline expected<std::vector<int>> match_labels(const task& about,
                                                             std::span<const std::string_view> names) {
    const auto lower = [](std::string_view text) {
        std::string result(text);
        for (char& c : result)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        return result;
    };
    if (names.size() != about.labels.size())
        return error(about.name, " has ", about.labels.size(), " labels, this model has ", names.size());
    std::vector<int> result;
    for (std::size_t i = 0; i < names.size(); ++i) {
        int place = lower(names[i]) == "label_" + std::to_string(i) ? int(i) : -1;
        for (std::size_t j = 0; j < about.labels.size(); ++j)
            if (lower(names[i]) == about.labels[j]) place = int(j);
        if (place < 0) return error(about.name, " has no label ", names[i]);
        if (std::find(result.begin(), result.end(), place) != result.end())
            return error("two of this model's labels stand for ", about.labels[std::size_t(place)], " of ", about.name);
        result.push_back(place);
    }
    return result;
}

struct measured {
    metric what;
    double value;
};
// What the task measures, of answers to all examples: places of labels, or scores.
[[nodiscard]] inline std::vector<measured> measure(const task& about, std::span<const example> examples,
                                                   std::span<const int> labels, std::span<const double> scores) {
    std::vector<int> wanted;
    std::vector<double> numbers;
    for (const example& one : examples) wanted.push_back(one.label), numbers.push_back(one.score);
    std::vector<measured> all;
    for (const metric m : about.metrics)
        all.push_back({m, m == metric::accuracy   ? metrics::accuracy(labels, wanted)
                          : m == metric::f1       ? metrics::f1(labels, wanted)
                          : m == metric::matthews ? metrics::matthews(labels, wanted)
                          : m == metric::pearson  ? metrics::pearson(scores, numbers)
                                                  : metrics::spearman(scores, numbers)});
    return all;
}

} // namespace constformer::glue
