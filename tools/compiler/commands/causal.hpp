// causal: what a language model writes: a text's continuation, answers in a chat, and how probable a text is.
#pragma once

#include "constformer/tasks/chat.hpp"
#include "constformer/tasks/generate.hpp"

#include <csignal>
#include <cstdio>

#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace constformer::program {

using writing = text_generator<network, tokenizer_type, on_team>;

inline constexpr option new_option{"--tokens", "N", "the most new tokens (256)"},
    context_option{"--context", "N", "tokens that are kept in memory, the prompt's included (2048, or the positions)"},
    temperature_option{"--temperature", "X", "draws the next token, the more freely the higher; 0 takes the best (0)"},
    top_k_option{"--top-k", "N", "draws among the N best (0: all)"},
    top_p_option{"--top-p", "X", "draws among the best that together are so probable (1)"},
    min_p_option{"--min-p", "X", "draws among those at least so probable, as a share of the best (0)"},
    penalty_option{"--repetition-penalty", "X", "lowers what was there already, where above 1 (1)"},
    seed_option{"--seed", "N", "the beginning of the random numbers (0)"},
    lookup_option{
        "--lookup", "N",
        "reads up to N tokens ahead (8 at most) that followed the same words before: sooner, in f32 the same text (0)"},
    stop_option{"--stop", "TEXT", "ends where this text begins; may be given several times"};

inline expected<generate_options> read_generate_options(const arguments& given, int tokens,
                                                        std::span<const std::string> stops) {
    generate_options all;
    all.stops = stops;
    const auto most = given.number("--tokens", tokens, 1), top_k = given.number("--top-k", 0, 0),
               seed = given.number("--seed", 0, 0);
    const auto lookup = given.number("--lookup", 0, 0);
    for (const auto* one : {&most, &top_k, &seed, &lookup})
        if (!*one) return one->error();
    const auto temperature = given.real("--temperature", 0), top_p = given.real("--top-p", 1),
               min_p = given.real("--min-p", 0), penalty = given.real("--repetition-penalty", 1);
    for (const auto* one : {&temperature, &top_p, &min_p, &penalty})
        if (!*one) return one->error();
    all.most_new = *most, all.lookup = *lookup;
    all.sampling = {*penalty, *temperature, *top_k, *top_p, *min_p, std::uint64_t(*seed)};
    if (status ok = check(all.sampling); !ok) return ok.error();
    return all;
}

// A generator of the size that was asked for; it is too large to be moved.
inline expected<std::unique_ptr<writing>> open_generator(session& s, const arguments& given, int otherwise) {
    const auto context = given.number("--context", std::min(otherwise, model::config.positions), 1);
    if (!context) return context.error();
    if (*context > model::config.positions)
        return error("--context ", *context, ": this model has ", model::config.positions, " positions");
    const auto words = s.words();
    if (!words) return words.error();
    return std::make_unique<writing>(*s.net, **words, *context, checkpoint::ends, s.threads());
}

// Ctrl-C ends a text, not the program, while one of these exists.
class interruptible {
  public:
    interruptible() : before_(std::signal(SIGINT, [](int) { interrupted = 1; })) { interrupted = 0; }
    interruptible(const interruptible&) = delete;
    interruptible& operator=(const interruptible&) = delete;
    ~interruptible() { std::signal(SIGINT, before_); }
    [[nodiscard]] static bool goes_on() { return interrupted == 0; }

  private:
    inline static volatile std::sig_atomic_t interrupted = 0;
    void (*before_)(int);
};

inline expected<beam_options> read_beam_options(const arguments& given, int tokens) {
    beam_options o;
    const auto beams = given.number("--beams", 1, 0), best = given.number("--best", 1, 0);
    for (const auto* one : {&beams, &best})
        if (!*one) return one->error();
    const auto penalty = given.real("--length-penalty", 1);
    if (!penalty) return penalty.error();
    const std::string_view end = given.value("--early-stopping", "false");
    if (end != "false" && end != "true" && end != "never")
        return error("--early-stopping ", end, ": false, true or never is needed");
    o = {.beams = *beams,
         .best = *best,
         .most_new = tokens,
         .length_penalty = *penalty,
         .end = end == "true"    ? beam_end::full
                : end == "never" ? beam_end::certain
                                 : beam_end::likely};
    if (status ok = check(o); !ok) return ok.error();
    return o;
}

inline status generate_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const auto stops = given.values("--stop");
    const auto options = read_generate_options(given, 256, stops);
    if (!options) return options.error();
    const auto beams = read_beam_options(given, options->most_new);
    if (!beams) return beams.error();
    if (given.has("--beams") &&
        (options->sampling.temperature != 0 || !stops.empty() || given.has("--repetition-penalty")))
        return error("generate: --beams goes with no --temperature, --repetition-penalty or --stop");
    auto opened = open_generator(*s, given, 2048);
    if (!opened) return opened.error();
    writing& generator = **opened;
    encoding tokens;
    writer out;
    return each_text(
        given.words,
        [&](std::string_view text) -> status {
            if (given.has("--beams")) {
                const auto found = generator.search(text, *beams);
                if (!found) return found.error();
                for (const auto& [more, score] : *found) {
                    if (s->json)
                        (out << "{\"score\":" << score << ",\"text\":").quoted(more) << "}\n";
                    else if (beams->best > 1)
                        out.fixed(double(score), 4) << '\t' << more << '\n';
                    else
                        out << more << '\n';
                }
                return {};
            }
            if (status ok = (*s->words())->encode(text, tokens, {}); !ok) return ok;
            std::span<const int> prompt(tokens.ids);
            if (s->truncate && int(prompt.size()) > generator.context()) // its end is what goes on
                prompt = prompt.last(std::size_t(generator.context()));
            const interruptible until_then;
            std::string whole;
            const auto done = generator.generate(prompt, *options, [&](std::string_view more) {
                if (s->json)
                    whole += more;
                else if (!more.empty() && !(out << more).flush())
                    return false; // nobody reads it
                return interruptible::goes_on();
            });
            if (!done) return done.error();
            if (s->json) {
                (out << "{\"text\":").quoted(whole) << ",\"stop\":\"" << name_of(done->why) << "\",\"prompt\":";
                out << done->prompt << ",\"tokens\":" << done->made << ",\"forwards\":" << done->forwards << "}";
            }
            out << '\n';
            return done->why == stop_reason::cancelled ? error("generate: cancelled") : status();
        },
        [&] { return out.flush(); });
}

// The messages of a JSON file: [{"role": "user", "content": "…"}, …].
inline expected<std::vector<chat_message>> read_messages(const std::string& path) {
    const auto file = mapped::open(path);
    if (!file) return file.error();
    const auto bytes = file->bytes();
    const auto* text = reinterpret_cast<const char*>(bytes.data());
    const auto all = nlohmann::json::parse(text, text + bytes.size(), nullptr, false);
    if (all.is_discarded()) return error(spell_path(path), ": is not JSON");
    if (!all.is_array()) return error(spell_path(path), ": holds no list of messages");
    std::vector<chat_message> messages;
    for (const auto& one : all) {
        const std::string at = spell_path(path) + ": message " + std::to_string(messages.size());
        if (!one.is_object()) return error(at, " is no object of role and content");
        for (const char* field : {"role", "content"})
            if (!one.contains(field) || !one[field].is_string()) return error(at, " has no text as its ", field);
        messages.push_back({one["role"], one["content"]});
    }
    return messages;
}

inline status chat_command(const arguments& given) {
    if (!checkpoint::why_no_chat.empty()) return error("chat: ", checkpoint::why_no_chat);
    auto s = session::open(given);
    if (!s) return s.error();
    const auto stops = given.values("--stop");
    auto options = read_generate_options(given, 512, stops);
    if (!options) return options.error();
    options->special = false; // the template has them
    auto opened = open_generator(*s, given, 4096);
    if (!opened) return opened.error();
    writing& generator = **opened;

    std::vector<chat_message> messages;
    if (given.has("--system")) messages.push_back({"system", std::string(given.value("--system", ""))});
    writer out;
    const auto answer = [&]() -> status {
        encoding tokens;
        for (;;) {
            const auto text = render(messages, checkpoint::chat);
            if (!text) return text.error();
            if (status ok = (*s->words())->encode(*text, tokens, {.special = false}); !ok) return ok;
            const std::size_t first = messages[0].role == "system";
            if (tokens.size() < generator.context() || !s->truncate || messages.size() < first + 3) break;
            messages.erase(messages.begin() + std::ptrdiff_t(first), messages.begin() + std::ptrdiff_t(first + 2));
        }
        const interruptible until_then;
        std::string whole;
        const auto done = generator.generate(std::span<const int>(tokens.ids), *options, [&](std::string_view more) {
            whole += more;
            if (!s->json && !more.empty() && !(out << more).flush()) return false;
            return interruptible::goes_on();
        });
        if (!done) return done.error();
        if (s->json)
            (out << "{\"role\":\"assistant\",\"content\":").quoted(whole)
                << ",\"stop\":\"" << name_of(done->why) << "\",\"tokens\":" << done->made << "}";
        out << '\n';
        if (!s->json && ::isatty(STDERR_FILENO) && (done->why == stop_reason::length || done->why == stop_reason::full))
            std::fprintf(stderr, "(the answer ends here: %s)\n",
                         done->why == stop_reason::full ? "the context is full"
                                                        : "it has as many tokens as --tokens allows");
        messages.push_back({"assistant", std::move(whole)});
        return out.flush();
    };
    if (given.has("--messages")) {
        const auto read = read_messages(std::string(given.value("--messages", "")));
        if (!read) return read.error();
        messages.insert(messages.end(), read->begin(), read->end());
        return answer();
    }
    if (!given.words.empty()) {
        std::string all;
        for (const std::string_view word : given.words) (all += all.empty() ? "" : " ") += word;
        messages.push_back({"user", std::move(all)});
        return answer();
    }
    line_reader input(STDIN_FILENO);
    const bool asks = ::isatty(STDIN_FILENO) && ::isatty(STDERR_FILENO);
    for (std::size_t number = 1;; ++number) {
        if (asks) std::fputs("> ", stderr);
        const auto line = input.next();
        if (!line) return error("line ", number, ": ", line.error().what());
        if (!*line) return out.flush();
        if ((*line)->find_first_not_of(" \t") == std::string_view::npos) continue;
        messages.push_back({"user", std::string(**line)});
        if (status ok = answer(); !ok) return error("line ", number, ": ", ok.error().what());
    }
}

// exp of the mean of -ln p over all tokens of a file that have another one before them in their window.
inline status perplexity_command(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    auto opened = open_generator(*s, given, 1024);
    if (!opened) return opened.error();
    const std::string path(given.words[0]);
    const auto file = mapped::open(path);
    if (!file) return file.error();
    encoding tokens;
    const auto bytes = file->bytes();
    if (status ok = (*s->words())->encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, tokens, {}); !ok)
        return error(spell_path(path), ": ", ok.error().what());
    double sum = 0;
    std::size_t count = 0;
    const auto window = std::size_t((*opened)->context());
    if (window < 2) return error("--context ", window, ": a token is scored by those before it, at least 2 are needed");
    for (std::size_t at = 0; at == 0 || at + 1 < tokens.ids.size(); at += window) {
        const auto some = std::span<const int>(tokens.ids).subspan(at, std::min(window, tokens.ids.size() - at));
        const auto scores = (*opened)->score(some);
        if (!scores) return error(spell_path(path), ": ", scores.error().what());
        for (const float one : *scores) sum -= double(one), ++count;
    }
    const double mean = sum / double(count);
    writer out;
    out << (s->json ? "{\"tokens\":" : "tokens:      ") << count;
    out << (s->json ? ",\"nats\":" : "\nnats each:   ");
    out.fixed(mean, 5) << (s->json ? ",\"perplexity\":" : "\nperplexity:  ");
    out.fixed(std::exp(mean), 4) << (s->json ? "}\n" : "\n");
    return out.flush();
}

inline const std::vector<command> head_commands{
    {name_of(task::generate),
     "[TEXT...]",
     "how texts go on, or lines of the standard input",
     0,
     any_number,
     {new_option,
      temperature_option,
      top_k_option,
      top_p_option,
      min_p_option,
      penalty_option,
      seed_option,
      stop_option,
      lookup_option,
      {"--beams", "N", "the most probable text of N that are kept side by side"},
      {"--best", "N", "the N most probable texts (1)"},
      {"--length-penalty", "X", "a text's score is divided by tokens^X (1)"},
      {"--early-stopping", "WHEN", "when beams are done, as in Transformers: false, true or never (false)"},
      context_option,
      {"--truncate", "", "leaves out the beginning of a prompt that does not fit, instead of refusing it"},
      json_option,
      threads_option,
      weights_option},
     generate_command},
    {name_of(task::chat),
     "[MESSAGE...]",
     "answers a message, or each line of the standard input in turn",
     0,
     any_number,
     {new_option,
      temperature_option,
      top_k_option,
      top_p_option,
      min_p_option,
      penalty_option,
      seed_option,
      stop_option,
      lookup_option,
      {"--system", "TEXT", "what the system says first, instead of what the model is used to"},
      {"--messages", "FILE", "answers a conversation in JSON: [{\"role\": \"user\", \"content\": \"...\"}, ...]"},
      context_option,
      {"--truncate", "", "forgets the oldest messages where all do not fit, instead of refusing"},
      json_option,
      threads_option,
      weights_option},
     chat_command},
    {"perplexity",
     "FILE",
     "how well the model foresees a text",
     1,
     1,
     {{"--context", "N",
       "tokens of a window, each of which is scored by those before it in it (1024, or the positions)"},
      json_option,
      threads_option,
      weights_option},
     perplexity_command},
};

} // namespace constformer::program
