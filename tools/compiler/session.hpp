// session: what every command of a compiled program needs: the weights, the tokenizer, threads.
#pragma once

#include CONSTFORMER_HEADER // the checkpoint's header, which tools/constformer writes

#include "arguments.hpp"
#include "lines.hpp"
#include "output.hpp"

#include "constformer/core/manifest.hpp"
#include "constformer/core/team.hpp"
#include "constformer/files/packed_file.hpp"
#include "constformer/models/dispatch_causal.hpp"
#include "constformer/tasks/task.hpp"
#include "constformer/tasks/tokenizer.hpp"

#include <memory>
#include <optional>
#include <string>

#include <climits>
#include <unistd.h>

// Present where the weights are part of the program (--embed).
extern "C" {
extern const std::byte constformer_weights[] __attribute__((weak));
extern const std::byte constformer_weights_end[] __attribute__((weak));
}

namespace constformer::program {

namespace checkpoint = CONSTFORMER_CHECKPOINT;
using model = checkpoint::model;
using tokenizer_type = checkpoint::tokenizer_type;
using network = dispatched<model>; // what runs: the model on this processor's instruction set

inline bool has_embedded_weights() {
    const std::byte* const volatile begin = constformer_weights; // GCC takes an array's address for never null
    return begin != nullptr;
}
// The program's own path.
inline std::string own_path() {
    char path[PATH_MAX];
    const auto size = ::readlink("/proc/self/exe", path, sizeof path);
    return size > 0 ? std::string(path, std::size_t(size)) : std::string();
}

// Options that several commands take.
inline constexpr option help{"--help", "", "shows this"},
    weights_option{"--weights", "FILE", "packed weights, instead of those beside the program"},
    threads_option{"--threads", "N", "threads that share a forward (1)"},
    truncate_option{"--truncate", "", "cuts texts of too many tokens instead of refusing them"},
    most_option{"--most-tokens", "N", "the most tokens of a text, special ones included"},
    json_option{"--json", "", "a JSON object a line"};

class session {
  public:
    const arguments& given;
    std::optional<network> net;
    bool truncate = false, json = false;
    int most_tokens = 0;

    // Maps the weights; `alone`: for a command that makes its own threads. Errors: those of open_packed and dispatch;
    // options that are no numbers.
    static expected<session> open(const arguments& given, bool alone = false) {
        session s(given);
        s.truncate = given.has("--truncate"), s.json = given.has("--json");
        const auto most = given.number("--most-tokens", checkpoint::most_tokens, 1);
        if (!most) return most.error();
        s.most_tokens = *most;
        const auto threads = alone ? expected<int>(1) : given.number("--threads", 1, 1);
        if (!threads) return threads.error();
        if (*threads > 1) s.workers_ = std::make_unique<team>(*threads);

        if (!given.has("--weights") && has_embedded_weights()) {
            const auto view = check_packed<model>({constformer_weights, constformer_weights_end});
            if (!view) return view.error();
            s.text_ = view->text;
            return s.use(view->as<model>());
        }
        auto file = open_packed<model>(std::string(given.value("--weights", own_path() + ".weights")));
        if (!file) return file.error();
        s.text_ = file->text();
        const model& weights = **file;
        s.file_.emplace(std::move(*file));
        return s.use(weights);
    }

    // The tokenizer of the vocabulary that lies beside the weights.
    expected<const tokenizer_type*> words() {
        if (!words_) {
            auto words = read_tokenizer<tokenizer_type>(text_, checkpoint::tokenizer);
            if (!words) return words.error();
            words_ = std::make_unique<tokenizer_type>(std::move(*words));
        }
        return words_.get();
    }
    [[nodiscard]] on_team threads() const { return {workers_.get()}; }

  private:
    std::optional<mapped_weights<model>> file_;
    std::string_view text_;
    std::unique_ptr<tokenizer_type> words_;
    std::unique_ptr<team> workers_;

    explicit session(const arguments& typed) : given(typed) {}
    expected<session> use(const model& weights) {
        const auto chosen = dispatch(weights);
        if (!chosen) return chosen.error();
        net.emplace(*chosen);
        return std::move(*this);
    }
};

// How the matrices are stored.
consteval std::string_view precision() {
    for (const parameter& p : manifest<model>())
        if (p.path().ends_with("ffn.up.weight")) return name_of(p.type);
    return name_of(f32);
}

// A command: what help says of it, how many words it takes, and what it does.
struct command {
    std::string_view name, words, does;
    std::size_t least, most; // words
    std::vector<option> options;
    status (*run)(const arguments&);
};
inline constexpr std::size_t any_number = SIZE_MAX;

} // namespace constformer::program
