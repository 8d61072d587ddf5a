// seq2seq: one encoder-decoder behind a small C ABI, for seq2seq.mjs or any other host. What it shares with module.cpp,
// loading above all, has the same names here.
//
//   em++ … -DCONSTFORMER_MODEL_HEADER='"dates.hpp"' -DCONSTFORMER_CHECKPOINT=checkpoints::dates
//
// All memory is taken until load() returns and none afterwards. A call that can fail returns a negative number, and
// error() says why in one sentence. A text: source(), begin(), step() until it does not return 0; then texts(), and
// written() of each.
#include "texts.hpp"

#include "constformer/tasks/translate.hpp"
#include "constformer/text/token_stream.hpp"

namespace {
using writing_texts = rewriter<model, threads>;
constexpr int positions = model::limits.positions;
constexpr int usual_source = std::min(checkpoint::most_tokens, positions);
constexpr int usual_words = 1 + std::min(checkpoint::most_new, positions - 1);
constexpr int usual_beams = std::max(checkpoint::rules.beams, 4);
constexpr bool streams = requires(const tokenizer_type& words) { words.shown(0); };

class description : public json_text {
  public:
    description() {
        constexpr auto& c = model::config;
        put("{\"task\":\"rewrite\",\"layers\":", c.layers, ",\"decoder_layers\":", c.decoder_layers);
        put(",\"positions\":", positions, ",\"usual\":", usual_source, ",\"most_new\":", usual_words - 1);
        put(",\"beams\":", checkpoint::rules.beams);
        put_model<model>(checkpoint::name);
        put(",\"outputs\":[],\"prefixes\":{\"translate\":");
        put_quoted(checkpoint::translate_prefix);
        put(",\"summarize\":");
        put_quoted(checkpoint::summarize_prefix);
        put("}}");
    }
};

struct everything_here {
    int source = 0, words = 0, beams = 0; // that there is room for
    std::span<std::byte> file, memory;
    std::optional<writing_texts> on;
    std::optional<token_stream<tokenizer_type>> stream; // of a greedy text
    std::string shown;
};
lasting<everything_here> only;
everything_here& self = only.it;

// The text that is number `which` of those found, or null, and why.
const beam_text* found(int which) {
    const auto all = self.on ? self.on->found() : std::span<const beam_text>();
    return which >= 0 && which < int(all.size()) ? &all[std::size_t(which)] : nullptr;
}
} // namespace

EXPORT(describe) const char* describe_model() {
    static const description text;
    return text.c_str();
}

// --- loading: head, measure, reserve, load ---------------------------------------------------------------------------
// Memory for a file of `bytes` bytes (its place is returned; 0: there is none), for sources of up to `tokens` tokens
// and texts of as many, or of what the checkpoint says, and for `beams` of them; 0: describe()'s usual, and at least 4.
EXPORT(reserve) std::byte* reserve(int bytes, int tokens, int beams) {
    if (self.source != 0) // again, after a file that would not load
        return std::size_t(bytes) == self.file.size() ? self.file.data() : nullptr;
    if (bytes < head_bytes()) return nullptr;
    const int source = tokens <= 0 ? usual_source : std::clamp(tokens, std::min(8, positions), positions);
    const int words = tokens <= 0 ? usual_words : std::max(usual_words, 1 + std::min(source, positions - 1));
    const int rows = beams <= 0 ? usual_beams : std::min(beams, 256);
    constexpr auto each = [](std::size_t of_64) { return std::uint64_t(of_64 / 64 + 1); };
    const std::uint64_t least =
        unsigned(bytes) + each(model::encode_scratch(64)) * unsigned(source) +
        each(model::state::bytes(64, 64)) * unsigned(std::max(source, words)) +
        (each(model::state::row_bytes(64)) * unsigned(words) + sizeof(float) * model::outputs) * unsigned(rows);
    if (least > 0x7fff'ffff) return nullptr; // (the exact number may not even be what it says)
    const std::size_t file = room<std::byte>(std::size_t(bytes));
    const std::size_t memory = writing_texts::bytes(source, words, rows, size_of_team());
    auto* all = static_cast<std::byte*>(std::aligned_alloc(64, together(file, memory)));
    if (!all) return nullptr;
    self.source = source, self.words = words, self.beams = rows;
    self.file = {all, std::size_t(bytes)}, self.memory = {all + file, memory};
    return all;
}

// Checks the file that now lies at reserve()'s place, and reads its vocabulary. 0 or -1.
EXPORT(load) int load_weights() {
    const auto weights = read_weights<model>(self.file, checkpoint::tokenizer, texts.words);
    if (!weights) return no(weights.error());
    self.on.emplace(**weights, checkpoint::rules, self.source, self.words, self.beams, self.memory, team());
    if (const auto ok = texts.make_room(text_bytes); !ok) return no(ok);
    texts.longest = self.source;
    // What a text allocates beside that: the steps of a search, the texts that it finds, and what is shown of them.
    void* volatile spare = std::malloc(std::size_t(1 << 16) + std::size_t(self.beams) * std::size_t(self.words) * 64);
    std::free(spare);
    return 0;
}

// --- a text from a text: source, begin, step…, texts, written --------------------------------------------------------
// The text in text() is the source; truncate: its end is left out where all does not fit. Its tokens, or -1.
EXPORT(source) int source(int bytes, int truncate) {
    if (const auto ok = ready(bytes); !ok) return no(ok);
    const encode_options options{.most_tokens = texts.longest, .truncate = truncate != 0};
    if (const auto ok = texts.words.encode({text_memory, std::size_t(bytes)}, texts.text, options); !ok) return no(ok);
    return texts.text.size();
}
// Reads the source. length_penalty: not a number, and early: negative, are what the checkpoint says. 0 or -1.
EXPORT(begin) int begin(int beams, int best, int most_new, float length_penalty, int early) {
    if (const auto ok = ready(0); !ok) return no(ok);
    if (most_new < 1 || most_new > self.on->most_new())
        return no(error("translate: ", most_new, " new tokens, there is room for 1 to ", self.on->most_new()));
    constexpr auto& rules = checkpoint::rules;
    const bool full = early < 0 ? rules.early : early != 0;
    const beam_options options{.beams = beams,
                               .best = best,
                               .most_new = most_new,
                               .length_penalty = std::isnan(length_penalty) ? rules.length_penalty : length_penalty,
                               .end = full ? beam_end::full : beam_end::likely};
    if (const auto ok = self.on->begin(texts.text.ids, options); !ok) return no(ok);
    self.stream.reset();
    if (streams && beams == 1) self.stream.emplace(texts.words);
    return 0;
}
// One token more of every beam: 0, they go on; or why the best text ended: 1 the model ended it, 3 it has as many
// tokens as were asked for; or -1. What can be shown of a greedy text's new token are the shown_bytes() at shown().
EXPORT(step) int step() {
    if (const auto ok = ready(0); !ok) return no(ok);
    if (const auto ok = self.on->step(); !ok) return no(ok);
    self.shown.clear();
    if constexpr (streams)
        if (self.stream) {
            self.shown += self.stream->push(self.on->text().back());
            if (!self.on->goes_on()) self.shown += self.stream->finish();
        }
    const beam_text* const best = found(0);
    return self.on->goes_on() ? 0 : best && !best->ids.empty() && self.on->ends(best->ids.back()) ? 1 : 3;
}
EXPORT(shown) const char* shown() { return self.shown.data(); }
EXPORT(shown_bytes) int shown_bytes() { return int(self.shown.size()); }
// How many texts were found, once they have ended. Of each, best first: its tokens, its score; and the text itself,
// which written() puts where shown() says.
EXPORT(texts) int texts_found() { return self.on ? int(self.on->found().size()) : 0; }
EXPORT(written_ids) const int* written_ids(int which) { return found(which) ? found(which)->ids.data() : nullptr; }
EXPORT(written_tokens) int written_tokens(int which) { return found(which) ? int(found(which)->ids.size()) : 0; }
EXPORT(score) float score(int which) { return found(which) ? found(which)->score : 0; }
EXPORT(written) void written_text(int which) {
    self.shown = found(which) ? text_of(texts.words, found(which)->ids) : std::string();
}
