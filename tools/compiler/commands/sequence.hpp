// sequence: labels of texts; with one label, how well passages answer a query; with entailment, labels of any name.
#pragma once

#include "passages.hpp"

#include "constformer/files/mapped.hpp"
#include "constformer/tasks/classify.hpp"
#include "constformer/tasks/glue.hpp"
#include "constformer/tasks/rerank.hpp"
#include "constformer/tasks/zero_shot.hpp"

namespace constformer::program {

constexpr std::size_t beside(int) { return 0; }

inline std::vector<output> outputs(std::int64_t batch, std::int64_t) { return {{"logits", {batch, model::outputs}}}; }
inline status forward(const network& net, const bert_inputs& in, std::size_t row, std::vector<output>& out,
                      workspace auto m) {
    return net.forward(in, rows<model::outputs>{out[0].row(row), 1}, m);
}

// The labels of a text, the highest score first.
inline void write_labels(writer& out, std::string_view text, std::span<const scored_label> labels, bool json) {
    if (json) (out << "{\"text\":").quoted(text) << ",\"labels\":[";
    bool first = true;
    for (const scored_label& l : labels) {
        if (json) {
            (out << (first ? "{\"label\":" : ",{\"label\":")).quoted(l.name) << ",\"score\":" << l.score << '}';
        } else {
            (out << (first ? "" : "\t") << l.name << ' ').fixed(double(l.score), 4);
        }
        first = false;
    }
    out << (json ? "]}\n" : "\n");
}

inline status classify_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const auto words = s->words();
    if (!words) return words.error();
    classifier classes(*s->net, **words, checkpoint::labels, s->most_tokens,
                       {.truncate = s->truncate, .how = checkpoint::scores}, s->threads());
    const bool pair = given.has("--pair");
    writer out;
    return each_text(
        given.words,
        [&](std::string_view text) -> status {
            const auto found = pair ? classes.classify(text, given.value("--pair", "")) : classes.classify(text);
            if (!found) return found.error();
            write_labels(out, text, *found, s->json);
            return {};
        },
        [&] { return out.flush(); });
}

// What GLUE measures of a task, over a file of the user's own.
inline status glue_command(const arguments& given) {
    const auto about = glue::find(given.words[0]);
    if (!about) return about.error();
    const glue::task& task = **about;
    std::vector<std::string_view> names(std::begin(checkpoint::labels), std::end(checkpoint::labels));
    if (given.has("--labels")) {
        names.clear();
        for (std::string_view rest = given.value("--labels", "");;) {
            const auto end = std::min(rest.find(','), rest.size());
            names.push_back(rest.substr(0, end));
            if (end == rest.size()) break;
            rest.remove_prefix(end + 1);
        }
        if (names.size() != std::size_t(model::outputs))
            return error("--labels: ", names.size(), " names, this model has ", model::outputs, " labels");
    }
    std::vector<int> places; // of the model's labels among the task's
    if (!task.labels.empty()) {
        auto matched = glue::match_labels(task, names);
        if (!matched) return matched.error();
        places = std::move(*matched);
    } else if (model::outputs != 1) {
        return error(task.name, " needs a model of one number, this one has ", model::outputs, " labels");
    }
    const std::string path(given.words[1]);
    const auto file = mapped::open(path);
    if (!file) return file.error();
    const auto examples = glue::read(task, {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()});
    if (!examples) return error(spell_path(path), ": ", examples.error().what());

    auto s = session::open(given);
    if (!s) return s.error();
    const auto words = s->words();
    if (!words) return words.error();
    classifier classes(*s->net, **words, {}, s->most_tokens, {.truncate = s->truncate, .how = scoring::none},
                       s->threads());
    std::vector<int> labels;
    std::vector<double> scores;
    for (std::size_t i = 0; i < examples->size(); ++i) {
        const glue::example& one = (*examples)[i];
        const auto found = task.second.empty() ? classes.classify(one.first) : classes.classify(one.first, one.second);
        if (!found) return error(spell_path(path), ": example ", i + 1, ": ", found.error().what());
        labels.push_back(places.empty() ? 0 : places[std::size_t((*found)[0].label)]);
        scores.push_back(double((*found)[0].score));
    }
    writer out;
    if (s->json) (out << "{\"task\":").quoted(task.name) << ",\"examples\":" << examples->size();
    for (const glue::measured& one : glue::measure(task, *examples, labels, scores)) {
        if (s->json)
            out << ",\"" << glue::name_of(one.what) << "\":" << float(one.value);
        else
            (out << glue::name_of(one.what) << '\t').fixed(one.value, 4) << '\n';
    }
    if (s->json) out << "}\n";
    return out.flush();
}

template <class Network = network> status rerank_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const auto words = s->words();
    if (!words) return words.error();
    const auto lines = read_passages(std::string(given.words[1]));
    if (!lines) return lines.error();
    const auto top = given.number("--top", int(lines->size()), 1);
    if (!top) return top.error();
    const std::vector<std::string_view> texts(lines->begin(), lines->end());
    reranker<Network, on_team, tokenizer_type> model(
        *s->net, **words, s->most_tokens, {.truncate = s->truncate, .how = checkpoint::scores}, s->threads());
    const auto best = model.rank(given.words[0], texts, *top);
    if (!best) return best.error();
    writer out;
    for (const hit& h : *best) {
        const auto text = texts[std::size_t(h.index)];
        if (s->json) {
            out << "{\"score\":" << h.score << ",\"index\":" << h.index << ",\"text\":";
            out.quoted(text) << "}\n";
        } else {
            out.fixed(double(h.score), 4) << '\t' << text << '\n';
        }
    }
    return out.flush();
}

template <class Network = network> status zero_shot_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    std::vector<std::string_view> labels;
    for (std::string_view rest = given.words[0];;) {
        const auto comma = std::min(rest.find(','), rest.size());
        auto label = rest.substr(0, comma);
        while (label.starts_with(' ')) label.remove_prefix(1);
        while (label.ends_with(' ')) label.remove_suffix(1);
        if (label.empty()) return error("zero-shot: label ", labels.size() + 1, " of ", given.words[0], " is empty");
        labels.push_back(label);
        if (comma == rest.size()) break;
        rest.remove_prefix(comma + 1);
    }
    const auto words = s->words();
    if (!words) return words.error();
    const zero_shot_options options{.truncate = s->truncate,
                                    .several = given.has("--several"),
                                    .hypothesis = given.value("--hypothesis", zero_shot_options{}.hypothesis)};
    zero_shot<Network, on_team, tokenizer_type> model(*s->net, **words, find_entailment(checkpoint::labels),
                                                      s->most_tokens, options, s->threads());
    writer out;
    return each_text(
        std::span(given.words).subspan(1),
        [&](std::string_view text) -> status {
            const auto found = model.classify(text, labels);
            if (!found) return found.error();
            write_labels(out, text, *found, s->json);
            return {};
        },
        [&] { return out.flush(); });
}

inline std::vector<command> sequence_commands() {
    std::vector<command> all{{name_of(task::classify),
                              "[TEXT...]",
                              "the labels of texts, or of the lines of the standard input, the likeliest first",
                              0,
                              any_number,
                              {{"--pair", "TEXT", "classifies each text together with this one"},
                               json_option,
                               truncate_option,
                               most_option,
                               threads_option,
                               weights_option},
                              classify_command}};
    all.push_back({"glue",
                   "TASK FILE",
                   "what GLUE measures of one of its nine tasks, over a file of yours as GLUE has them (dev.tsv)",
                   2,
                   2,
                   {{"--labels", "A,B...", "the task's names of this model's labels, in their order"},
                    json_option,
                    truncate_option,
                    most_option,
                    threads_option,
                    weights_option},
                   glue_command});
    if constexpr (model::outputs == 1)
        all.push_back({name_of(task::rerank),
                       "QUERY PASSAGES",
                       "the passages that answer a query best; PASSAGES is a text with one a line",
                       2,
                       2,
                       {{"--top", "N", "how many passages (all)"},
                        json_option,
                        truncate_option,
                        most_option,
                        threads_option,
                        weights_option},
                       rerank_command<>});
    if constexpr (find_entailment(checkpoint::labels).entails >= 0)
        all.push_back({name_of(task::zero_shot),
                       "LABELS [TEXT...]",
                       "which of LABELS, with commas between them, texts or the lines of the standard input entail",
                       1,
                       any_number,
                       {{"--several", "", "labels do not exclude each other"},
                        {"--hypothesis", "TEXT", "what a label says, {} its place (This example is {}.)"},
                        json_option,
                        truncate_option,
                        most_option,
                        threads_option,
                        weights_option},
                       zero_shot_command<>});
    return all;
}
inline const std::vector<command> head_commands = sequence_commands();

} // namespace constformer::program
