// answer: where a text answers a question.
#pragma once

#include "constformer/tasks/answer.hpp"

namespace constformer::program {

constexpr std::size_t beside(int tokens) { return room(std::size_t(tokens), 2); }

inline std::vector<output> outputs(std::int64_t batch, std::int64_t tokens) {
    return {{"start_logits", {batch, tokens}}, {"end_logits", {batch, tokens}}};
}
inline status forward(const network& net, const bert_inputs& in, std::size_t row, std::vector<output>& out,
                      workspace auto m) {
    const rows<2> both = m.take(int(in.ids.size()));
    if (status ok = net.forward(in, both, m); !ok) return ok;
    for (int i = 0; i < both.count; ++i) out[0].row(row)[i] = both[i][0], out[1].row(row)[i] = both[i][1];
    return {};
}

inline status answer_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const auto longest = given.number("--longest", answer_options{}.longest, 1);
    if (!longest) return longest.error();
    const auto overlap = given.number("--overlap", answer_options{}.overlap, 0);
    if (!overlap) return overlap.error();
    const auto words = s->words();
    if (!words) return words.error();
    answerer answers(*s->net, **words, s->most_tokens, {.longest = *longest, .overlap = *overlap}, s->threads());
    std::string context(given.words[1]);
    if (context == "-") {
        context.clear();
        for (int c = 0; (c = std::getc(stdin)) != EOF;) context += static_cast<char>(c);
    }
    const auto found = answers.answer(given.words[0], context);
    if (!found) return found.error();
    writer out;
    if (s->json) {
        (out << "{\"answer\":").quoted(found->text) << ",\"score\":" << found->score << ",\"begin\":" << found->begin;
        out << ",\"end\":" << found->end << "}\n";
    } else {
        (out << found->text << '\t').fixed(double(found->score), 4) << '\t' << found->begin << '\t' << found->end;
        out << '\n';
    }
    return out.flush();
}

inline const std::vector<command> head_commands{
    {name_of(task::answer),
     "QUESTION CONTEXT",
     "where a text answers a question: the answer, its score, begin and end; - reads the "
     "text from the standard input",
     2,
     2,
     {{"--longest", "N", "the most tokens of an answer (15)"},
      {"--overlap", "N", "tokens that two windows on a long text share (128)"},
      json_option,
      most_option,
      threads_option,
      weights_option},
     answer_command},
};

} // namespace constformer::program
