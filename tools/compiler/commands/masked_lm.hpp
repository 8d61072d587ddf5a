// masked_lm: the words that a mask may stand for.
#pragma once

#include "constformer/tasks/fill_mask.hpp"

namespace constformer::program {

constexpr std::size_t beside(int) { return 0; }

inline std::vector<output> outputs(std::int64_t batch, std::int64_t tokens) {
    return {{checkpoint::output, {batch, tokens, model::outputs}}};
}
inline status forward(const network& net, const bert_inputs& in, std::size_t row, std::vector<output>& out,
                      workspace auto m) {
    return net.forward(in, rows<model::outputs>{out[0].row(row), int(in.ids.size())}, m);
}

inline status fill_mask_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const auto top = given.number("--top", 5, 1);
    if (!top) return top.error();
    const auto words = s->words();
    if (!words) return words.error();
    mask_filler filler(*s->net, **words, s->most_tokens, {.truncate = s->truncate}, s->threads());
    writer out;
    return each_text(
        given.words,
        [&](std::string_view text) -> status {
            const auto found = filler.fill(text, *top);
            if (!found) return found.error();
            const std::size_t each = std::size_t(std::min(*top, model::outputs));
            if (s->json) (out << "{\"text\":").quoted(text) << ",\"masks\":[";
            for (std::size_t i = 0; i < found->size(); ++i) {
                const filling& f = (*found)[i];
                if (s->json) {
                    out << (i == 0 ? "[" : i % each == 0 ? "],[" : ",") << "{\"token\":" << f.token << ",\"text\":";
                    out.quoted(f.text) << ",\"score\":" << f.score << '}';
                } else {
                    if (i != 0 && i % each == 0) out << '\n';
                    out.fixed(double(f.score), 4) << '\t' << f.text << '\n';
                }
            }
            if (s->json) out << "]]}\n";
            return {};
        },
        [&] { return out.flush(); });
}

inline const std::vector<command> head_commands{
    {name_of(task::fill_mask),
     "[TEXT...]",
     "the most probable words for each [MASK] of texts, or of the lines of the standard input",
     0,
     any_number,
     {{"--top", "N", "how many words for a mask (5)"},
      json_option,
      truncate_option,
      most_option,
      threads_option,
      weights_option},
     fill_mask_command},
};

} // namespace constformer::program
