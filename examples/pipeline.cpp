// pipeline: several tasks through one front door: words for gaps, and dates as ISO 8601 writes them, by two models that
// this repository trained itself.
//
//     tools/constformer compile data/agreement -o build/agreement
//     tools/constformer compile data/dates -o build/dates
//     pipeline build/agreement.weights "the keys to the cabinet <mask> old" build/dates.weights "the 3rd of March 2021"
//
// The two configs below are what the tool writes into build/agreement.hpp and build/dates.hpp.
#include "constformer/models/t5.hpp"
#include "constformer/models/xlnet_heads.hpp"
#include "constformer/tasks/open_pipeline.hpp"

#include <iostream>

using namespace constformer;

inline constexpr xlnet_config agreement{.layers = 2, .width = 32, .heads = 2, .feed_forward = 64, .vocabulary = 83};
inline constexpr t5_config dates{.layers = 2,
                                 .width = 48,
                                 .heads = 3,
                                 .feed_forward = 64,
                                 .vocabulary = 142,
                                 .buckets = 16,
                                 .farthest = 32,
                                 .gated = true};

// Their tokenizers: words begin with a mark; a text of the first ends with <sep> and <cls>, one of the second with
// </s>.
constexpr text_step marked[] = {{&text_steps::replace, " ", "\u2581"}, {&text_steps::prefix, {}, "\u2581"}};
constexpr frame_part of_agreement[] = {{frame_part::first}, {4}, {3, 2}}, of_dates[] = {{frame_part::first}, {1}};
constexpr subword_config agreement_words{.steps = marked,
                                         .split = &splits::marks,
                                         .single = of_agreement,
                                         .unknown = 0,
                                         .decode = {.marks = true, .first = first_token::drop_marks}};
constexpr subword_config dates_words{.apart = &splits::each_digit,
                                     .steps = std::span(marked).first(1),
                                     .split = &splits::marks,
                                     .single = of_dates,
                                     .unknown = 2,
                                     .decode = {.marks = true}};
constexpr int ends[] = {1};

static status ask(char** given) {
    auto fill = open_pipeline<task::fill_mask, xlnet_lm<agreement>, unigram>(given[1], agreement_words);
    if (!fill) return fill.error();
    const auto words = (*fill)(given[2], 3);
    if (!words) return words.error();
    for (const filling& one : *words) std::cout << one.score << '\t' << one.text << '\n';

    auto write = open_pipeline<task::translate, t5<dates>, unigram>(
        given[3], dates_words,
        {.most_tokens = 64, .rules = {.start = 0, .ends = ends, .most = 13}, .most_new = 12, .beams = 3});
    if (!write) return write.error();
    const auto texts = (*write)(given[4]);
    if (!texts) return texts.error();
    for (const written& one : *texts) std::cout << one.text << '\n';
    return {};
}

int main(int count, char** arguments) {
    if (count != 5) {
        std::cerr << "usage: pipeline WEIGHTS TEXT WEIGHTS TEXT\n";
        return 2;
    }
    const status done = ask(arguments);
    if (!done) std::cerr << "pipeline: " << done.error().what() << '\n';
    return done ? 0 : 1;
}
