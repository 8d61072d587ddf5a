// sequence: labels of texts; with one label, how well passages answer a query.
#pragma once

#include "passages.hpp"

#include "constformer/tasks/classify.hpp"
#include "constformer/tasks/rerank.hpp"

namespace constformer::program {

constexpr std::size_t beside(int) { return 0; }

inline std::vector<output> outputs(std::int64_t batch, std::int64_t) { return {{"logits", {batch, model::outputs}}}; }
inline status forward(const network& net, const bert_inputs& in, std::size_t row, std::vector<output>& out,
                      workspace auto m) {
    return net.forward(in, rows<model::outputs>{out[0].row(row), 1}, m);
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
            if (s->json) (out << "{\"text\":").quoted(text) << ",\"labels\":[";
            bool first = true;
            for (const scored_label& l : *found) {
                if (s->json) {
                    (out << (first ? "{\"label\":" : ",{\"label\":")).quoted(l.name) << ",\"score\":" << l.score << '}';
                } else {
                    (out << (first ? "" : "\t") << l.name << ' ').fixed(double(l.score), 4);
                }
                first = false;
            }
            out << (s->json ? "]}\n" : "\n");
            return {};
        },
        [&] { return out.flush(); });
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

inline std::vector<command> sequence_commands() {
    std::vector<command> all{{"classify",
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
    if constexpr (model::outputs == 1)
        all.push_back({"rerank",
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
    return all;
}
inline const std::vector<command> head_commands = sequence_commands();

} // namespace constformer::program
