// sequence: labels of texts.
#pragma once

#include "constformer/tasks/classify.hpp"

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

inline const command head_commands[] = {
    {"classify",
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
     classify_command},
};

} // namespace constformer::program
