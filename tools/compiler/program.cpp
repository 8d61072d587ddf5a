// program: what tools/constformer compiles: one checkpoint's model behind commands. The checkpoint's header, its
// namespace and its head's commands come from the compiler's command line:
//   -DCONSTFORMER_HEADER='"NAME.hpp"' -DCONSTFORMER_CHECKPOINT=checkpoints::NAME
//   -DCONSTFORMER_COMMANDS='"commands/encoder.hpp"' -DCONSTFORMER_FORWARD='"forward.hpp"'
#include "pack.hpp"
#include CONSTFORMER_FORWARD // run, bench, describe and, by CONSTFORMER_COMMANDS, the head's commands

#include <cstdio>
#include <new>

namespace constformer::program {
namespace {

status tokenize(const arguments& given) {
    auto s = session::open(given);
    if (!s) return s.error();
    const auto words = s->words();
    if (!words) return words.error();
    const bool limited = s->truncate || given.has("--most-tokens");
    const encode_options options{.most_tokens = limited ? s->most_tokens : 0, .truncate = s->truncate};
    encoding tokens;
    writer out;
    return each_text(
        given.words,
        [&](std::string_view text) -> status {
            if (status ok = (*words)->encode(text, tokens, options); !ok) return ok;
            for (int i = 0; i < tokens.size(); ++i) {
                if (i != 0) out << ' ';
                out << tokens.ids[std::size_t(i)];
            }
            out << '\n';
            return {};
        },
        [&] { return out.flush(); });
}

status pack_command(const arguments& given) {
    return pack<model>(std::string(given.words[0]), std::string(given.words[1]),
                       given.words.size() > 2 ? std::string(given.words[2]) : own_path() + ".weights");
}

std::vector<command> all_commands() {
    std::vector<command> all(std::begin(head_commands), std::end(head_commands));
    const command common[] = {
        {"run",
         "INPUTS OUTPUTS",
         "the model's forward: safetensors in (input_ids, ...), safetensors out",
         2,
         2,
         {threads_option, weights_option},
         run},
        {"tokenize",
         "[TEXT...]",
         "the ids that the model sees of texts, or of the lines of the standard input",
         0,
         any_number,
         {truncate_option, most_option, weights_option},
         tokenize},
        {"describe", "", "type, parameters, work and memory", 0, 0, {}, describe},
        {"bench",
         "",
         "times forwards: a JSON object a line",
         0,
         0,
         {{"--lengths", "N,N...", "tokens of a forward (8,128)"},
          {"--threads", "N,N...", "threads that share it (1)"},
          weights_option},
         bench},
        {"pack",
         "CHECKPOINT VOCABULARY [WEIGHTS]",
         "packs weights for this program from model.safetensors and its vocabulary: vocab.txt, or a token file",
         2,
         3,
         {},
         pack_command},
    };
    all.insert(all.end(), std::begin(common), std::end(common));
    return all;
}

void explain(const command& one) {
    writer out;
    out << one.name << (one.words.empty() ? "" : " ") << one.words << "\n  " << one.does << "\n";
    for (const option& o : one.options) {
        const std::string left = std::string(o.name) + (o.value.empty() ? "" : " ") + std::string(o.value);
        out << "  " << left << std::string(left.size() < 20 ? 20 - left.size() : 1, ' ') << "  " << o.does << '\n';
    }
}
void explain(const std::vector<command>& all) {
    writer out;
    out << checkpoint::name << ": " << type_name<model>() << ", " << parameters<model>() << " parameters\n\n";
    for (const command& c : all)
        out << "  " << c.name << (c.words.empty() ? "" : " ") << c.words << "\n      " << c.does << '\n';
    out << "\nCOMMAND --help shows a command's options.\n";
}

int no(std::string_view why, int code) {
    std::fprintf(stderr, "%.*s\n", int(why.size()), why.data());
    return code;
}

int start(std::span<const char* const> typed) {
    const auto all = all_commands();
    if (typed.empty()) {
        explain(all);
        return 2;
    }
    std::string_view name = typed[0];
    if (name == "--help" || name == "-h" || name == "help") {
        explain(all);
        return 0;
    }
    if (const auto what = find_task(name)) name = name_of(*what); // by Transformers' word for it
    const auto found = std::find_if(all.begin(), all.end(), [&](const command& c) { return c.name == name; });
    if (found == all.end()) {
        std::string names;
        for (const command& c : all) names += (names.empty() ? "" : ", ") + std::string(c.name);
        return no(error(name, ": there is no such command; there are: ", names).what(), 2);
    }
    auto options = found->options;
    options.push_back(help);
    const auto given = parse(typed.subspan(1), options, found->name, found->least, found->most, found->words);
    if (!given) return no(given.error().what(), 2);
    if (given->has("--help")) {
        explain(*found);
        return 0;
    }
    if (const auto isa = choose_isa(); !isa) return no(isa.error().what(), 1); // before any code that needs it
    const status done = found->run(*given);
    return done ? 0 : no(done.error().what(), 1);
}

} // namespace
} // namespace constformer::program

int main(int count, char** typed) {
    try {
        return constformer::program::start(std::span<const char* const>(typed, std::size_t(count)).subspan(1));
    } catch (const std::bad_alloc&) { return constformer::program::no("there is not enough memory for this", 1); }
}
