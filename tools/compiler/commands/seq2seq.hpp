// seq2seq: texts from texts: a translation, a summary, whatever the model was trained to write.
#pragma once

#include "constformer/tasks/translate.hpp"

namespace constformer::program {

inline status write_texts(const arguments& given, std::string_view prefix) {
    auto s = session::open(given);
    if (!s) return s.error();
    const auto beams = given.number("--beams", checkpoint::rules.beams, 1);
    if (!beams) return beams.error();
    const auto best = given.number("--best", 1, 1);
    if (!best) return best.error();
    const auto most = given.number("--most-new", checkpoint::most_new, 1);
    if (!most) return most.error();
    const auto words = s->words();
    if (!words) return words.error();
    const translate_options options{.truncate = s->truncate, .beams = *beams, .best = *best};
    if (*beams > 1 || *best > 1)
        if (status ok = check(beam_options{.beams = *beams, .best = *best}); !ok) return ok;
    translator<network, on_team, tokenizer_type> writes(*s->net, **words, checkpoint::rules, s->most_tokens, *most,
                                                        options, s->threads());
    const std::string_view before = given.value("--prefix", prefix);
    writer out;
    std::string whole;
    return each_text(
        given.words,
        [&](std::string_view text) -> status {
            const auto found = writes.translate(before.empty() ? text : (whole = before) += text);
            if (!found) return found.error();
            for (const written& one : *found) {
                if (s->json) {
                    (out << "{\"text\":").quoted(text) << ",\"written\":";
                    out.quoted(one.text) << ",\"score\":" << one.score << ",\"tokens\":[";
                    for (std::size_t i = 0; i < one.ids.size(); ++i) out << (i == 0 ? "" : ",") << one.ids[i];
                    out << "]}\n";
                } else {
                    out << one.text << '\n';
                }
            }
            return {};
        },
        [&] { return out.flush(); });
}
inline status translate_command(const arguments& given) { return write_texts(given, checkpoint::translate_prefix); }
inline status summarize_command(const arguments& given) { return write_texts(given, checkpoint::summarize_prefix); }

inline const std::vector<option> writing_options{
    {"--beams", "N", "texts that are kept side by side; 1: always the best word (what the checkpoint says)"},
    {"--best", "N", "how many texts, at most as many as beams (1)"},
    {"--most-new", "N", "the most tokens of what is written (what the checkpoint says)"},
    {"--prefix", "TEXT", "stands before each text (what the checkpoint says)"},
    json_option,
    truncate_option,
    most_option,
    threads_option,
    weights_option};
inline const std::vector<command> head_commands{
    {name_of(task::translate), "[TEXT...]", "what the model writes for texts, or for the lines of the standard input",
     0, any_number, writing_options, translate_command},
    {name_of(task::summarize), "[TEXT...]",
     "the same, with what the checkpoint puts before a text that is to be summarized", 0, any_number, writing_options,
     summarize_command},
};

} // namespace constformer::program
