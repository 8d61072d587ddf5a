// token: labels of words.
#pragma once

#include "constformer/tasks/tag.hpp"

namespace constformer::program {

constexpr std::size_t beside(int) { return 0; }

inline std::vector<output> outputs(std::int64_t batch, std::int64_t tokens) {
    return {{"logits", {batch, tokens, model::outputs}}};
}
inline status forward(const network& net, const bert_inputs& in, std::size_t row, std::vector<output>& out,
                      workspace auto m) {
    return net.forward(in, rows<model::outputs>{out[0].row(row), int(in.ids.size())}, m);
}

inline status tag_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const auto words = s->words();
    if (!words) return words.error();
    tagger tags(*s->net, **words, checkpoint::labels, s->most_tokens, {.truncate = s->truncate}, s->threads());
    const bool tokens = given.has("--tokens");
    writer out;
    bool first_text = true;
    return each_text(
        given.words,
        [&](std::string_view text) -> status {
            const auto found = tokens ? tags.tag(text) : tags.tag_words(text);
            if (!found) return found.error();
            if (s->json)
                (out << "{\"text\":").quoted(text) << ",\"tags\":[";
            else if (!first_text)
                out << '\n';
            first_text = false;
            bool first = true;
            for (const tagged& t : *found) {
                if (s->json) {
                    (out << (first ? "{\"label\":" : ",{\"label\":")).quoted(t.name) << ",\"score\":" << t.score;
                    out << ",\"begin\":" << t.begin << ",\"end\":" << t.end << ",\"word\":" << t.word << ",\"text\":";
                    out.quoted(t.text) << '}';
                } else {
                    out << t.begin << '\t' << t.end << '\t' << t.name << '\t';
                    out.fixed(double(t.score), 4) << '\t' << t.text << '\n';
                }
                first = false;
            }
            if (s->json) out << "]}\n";
            return {};
        },
        [&] { return out.flush(); });
}

inline const std::vector<command> head_commands{
    {name_of(task::tag),
     "[TEXT...]",
     "a label for each word of texts, or of the lines of the standard input: begin, end, label, score, word",
     0,
     any_number,
     {{"--tokens", "", "for each token instead"},
      json_option,
      truncate_option,
      most_option,
      threads_option,
      weights_option},
     tag_command},
};

} // namespace constformer::program
