// causal: one language model behind a small C ABI, for causal.mjs or any other host. What it shares with module.cpp,
// loading above all, has the same names here.
//
//   em++ … -DCONSTFORMER_MODEL_HEADER='"smollm2.hpp"' -DCONSTFORMER_CHECKPOINT=checkpoints::smollm2
//
// All memory is taken until load() returns and none afterwards. A call that can fail returns a negative number, and
// error() says why in one sentence. A text: stop()…, prompt() or chat(), begin(), read() until it returns 0, step()
// until it returns something else.
#include "texts.hpp"

#include "constformer/tasks/chat.hpp"
#include "writer.hpp"

namespace {
using writing = writer<model, tokenizer_type, threads>;
constexpr int positions = model::config.positions;
constexpr int usual_context = std::min(2048, positions);
constexpr int most_messages = 256, most_stops = 16;

class description : public json_text {
  public:
    description() {
        constexpr auto& c = model::config;
        put("{\"task\":\"generate\",\"layers\":", c.layers, ",\"positions\":", positions, ",\"usual\":", usual_context);
        put(",\"chats\":", checkpoint::why_no_chat.empty() ? "true" : "false");
        put_model<model>(checkpoint::name);
        put(",\"outputs\":[]}");
    }
};

struct message {
    int role, bytes; // 0: system, 1: user, 2: assistant
};
struct everything_here {
    int context = 0;
    std::span<std::byte> file, cache, scratch;
    float* logits = nullptr;
    std::optional<writing> on;
    std::span<const int> prompt;
    std::vector<std::string> stops;
    message messages[most_messages];
};
lasting<everything_here> only;
everything_here& self = only.it;
} // namespace

EXPORT(describe) const char* describe_model() {
    static const description text;
    return text.c_str();
}

// --- loading: head, measure, reserve, load ---------------------------------------------------------------------------
// Memory for a file of `bytes` bytes (its place is returned; 0: there is none) and for texts of up to `tokens` tokens,
// the prompt's included; 0: describe()'s usual.
EXPORT(reserve) std::byte* reserve(int bytes, int tokens) {
    if (self.context != 0) // again, after a file that would not load
        return std::size_t(bytes) == self.file.size() ? self.file.data() : nullptr;
    if (bytes < head_bytes()) return nullptr;
    const int context = tokens <= 0 ? usual_context : std::clamp(tokens, std::min(8, positions), positions);
    const std::size_t file = room<std::byte>(std::size_t(bytes)), cache = model::state::bytes(context);
    const std::size_t scratch = writing::scratch(context, size_of_team()), logits = room<float>(model::outputs);
    const std::uint64_t each = model::state::bytes(64) / 64, sum = each * unsigned(context) + file + scratch + logits;
    if (sum > 0x7fff'ffff) return nullptr; // (`cache` may not even be what it says)
    auto* all = static_cast<std::byte*>(std::aligned_alloc(64, together(file, cache, scratch, logits)));
    if (!all) return nullptr;
    self.context = context, self.file = {all, std::size_t(bytes)};
    self.cache = {all + file, cache}, self.scratch = {all + file + cache, scratch};
    self.logits = reinterpret_cast<float*>(all + file + cache + scratch);
    return all;
}

// Checks the file that now lies at reserve()'s place, and reads its vocabulary. 0 or -1.
EXPORT(load) int load_weights() {
    const auto weights = read_weights<model>(self.file, checkpoint::tokenizer, texts.words);
    if (!weights) return no(weights.error());
    texts.longest = self.context;
    self.on.emplace(**weights, texts.words, self.context, checkpoint::ends, self.cache, self.scratch, self.logits,
                    team());
    self.stops.reserve(most_stops);
    const auto n = std::size_t(text_bytes) + 64 * most_messages; // with what the template of a chat adds
    if (const auto ok = texts.make_room(n); !ok) return no(ok);
    if (texts.words.size() == 0) return 0;
    const std::vector<chat_message> longest{{"user", std::string(n, 'a')}};
    if (checkpoint::why_no_chat.empty())
        if (const auto whole = render(longest, checkpoint::chat); !whole) return no(whole.error());
    return 0;
}

// --- a text that goes on: stop…, prompt or chat, begin, read…, step… -------------------------------------------------
// Forgets the texts that end the next one; with the text in text() where it has bytes, one more of them. 0 or -1.
EXPORT(stop) int stop(int bytes) {
    if (bytes <= 0) return self.stops.clear(), 0;
    if (const auto ok = ready(bytes); !ok) return no(ok);
    if (self.stops.size() == most_stops) return no(error("stop: at most ", most_stops, " texts can end one"));
    self.stops.emplace_back(text_memory, std::size_t(bytes));
    return 0;
}
// The text in text() is the prompt; special: it gets the tokens that the model wants around a text; truncate: only its
// end is read where all does not fit. Its tokens, or -1.
EXPORT(prompt) int prompt(int bytes, int special, int truncate) {
    if (const auto ok = ready(bytes); !ok) return no(ok);
    const std::string_view given(text_memory, std::size_t(bytes));
    if (const auto ok = texts.words.encode(given, texts.text, {.special = special != 0}); !ok) return no(ok);
    self.prompt = texts.text.ids;
    if (truncate && int(self.prompt.size()) > self.context) self.prompt = self.prompt.last(std::size_t(self.context));
    return int(self.prompt.size());
}
// {int role, int bytes} of each message, whose texts lie in text() one behind the other.
EXPORT(messages) message* messages() { return self.messages; }
EXPORT(most_messages) int room_for_messages() { return most_messages; }
// The prompt is what the assistant answers to; truncate: the oldest messages are left out where all do not fit.
EXPORT(chat) int chat(int count, int truncate) {
    if (!checkpoint::why_no_chat.empty()) return no(error("chat: ", checkpoint::why_no_chat));
    if (count < 0 || count > most_messages)
        return no(error("chat: ", count, " messages, at most ", most_messages, " are read"));
    constexpr const char* roles[] = {"system", "user", "assistant"};
    std::vector<chat_message> all;
    int at = 0;
    for (const message& one : std::span(self.messages).first(std::size_t(count))) {
        if (const auto ok = ready(one.bytes < 0 ? -1 : at + one.bytes); !ok) return no(ok);
        all.push_back({roles[std::clamp(one.role, 0, 2)], {text_memory + at, std::size_t(one.bytes)}});
        at += one.bytes;
    }
    for (;;) {
        const auto whole = render(all, checkpoint::chat);
        if (!whole) return no(whole.error());
        if (const auto ok = texts.words.encode(*whole, texts.text, {.special = false}); !ok) return no(ok);
        const std::size_t first = all[0].role == "system";
        if (texts.text.size() < self.context || !truncate || all.size() < first + 3) break;
        all.erase(all.begin() + std::ptrdiff_t(first), all.begin() + std::ptrdiff_t(first + 2));
    }
    self.prompt = texts.text.ids;
    return texts.text.size();
}
// How many tokens of the prompt need not be read again, or -1.
EXPORT(begin)
int begin(int most_new, float temperature, int top_k, float top_p, float min_p, float penalty, unsigned seed,
          unsigned seed_above) {
    if (const auto ok = ready(0); !ok) return no(ok);
    const sampling_options options{penalty, temperature, top_k, top_p, min_p, std::uint64_t(seed_above) << 32 | seed};
    const auto reused = self.on->begin(self.prompt, options, most_new, self.stops);
    return reused ? *reused : no(reused.error());
}
// Reads a part of the prompt: how many tokens are left, or -1.
EXPORT(read) int read_some() {
    if (const auto ok = ready(0); !ok) return no(ok);
    const auto left = self.on->read();
    return left ? *left : no(left.error());
}
// One token: 0, the text goes on; or why it ended: 1 the model ended it, 2 a stop text came, 3 it has as many tokens as
// were asked for, 4 the context is full; or -1. What can be shown of it are the shown_bytes() at shown().
EXPORT(step) int step() {
    if (const auto ok = ready(0); !ok) return no(ok);
    if (const auto ok = self.on->step(); !ok) return no(ok);
    return int(self.on->why());
}
EXPORT(shown) const char* shown() { return self.on->text().data(); }
EXPORT(shown_bytes) int shown_bytes() { return int(self.on->text().size()); }
// Forgets all texts.
EXPORT(reset) void reset() {
    if (self.on) self.on->reset();
}
