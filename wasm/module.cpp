// module: one model behind a small C ABI, for constformer.mjs (which shows the order of the calls) or any other host.
//
//   em++ … -DCONSTFORMER_MODEL_HEADER='"minilm_l6.hpp"' -DCONSTFORMER_MODEL='bert<minilm_l6>'
//          -DCONSTFORMER_NAME='"minilm_l6"' [-DCONSTFORMER_TOKENIZER='wordpiece_config{.lowercase = false}']
//          [-DCONSTFORMER_TOKENIZER_TYPE=bpe]
//          [-DCONSTFORMER_POOLING=pooling::first] [-DCONSTFORMER_LOGITS='"prediction_logits"']
//          [-DCONSTFORMER_LABELS=labels] [-DCONSTFORMER_SCORES=scoring::sigmoid]
//          [-DCONSTFORMER_MOST_TOKENS=512]
//
// The host streams the weights file into memory that the module hands out. All memory is taken until load() returns and
// none afterwards. A call that can fail returns a negative number, and error() says why in one sentence. The host
// provides stage() and attention(), which are called only in a watched forward.
#include CONSTFORMER_MODEL_HEADER

#include "answers.hpp"
#include "constformer/ops/pool.hpp"
#include "constformer/tasks/classify.hpp"
#include "constformer/tasks/embed.hpp"
#include "constformer/tasks/engine.hpp"
#include "constformer/tasks/search.hpp"
#include "describe.hpp"
#include "host.hpp"

#ifndef CONSTFORMER_TOKENIZER
#define CONSTFORMER_TOKENIZER wordpiece_config()
#endif
#ifndef CONSTFORMER_TOKENIZER_TYPE
#define CONSTFORMER_TOKENIZER_TYPE wordpiece
#endif
#ifndef CONSTFORMER_POOLING // how embed() makes one vector of the tokens
#define CONSTFORMER_POOLING pooling::mean
#endif
#ifndef CONSTFORMER_LOGITS // what Transformers calls a masked language model's output
#define CONSTFORMER_LOGITS "logits"
#endif
#ifndef CONSTFORMER_MOST_TOKENS // of a text, where the host asks for no number; a model whose positions have no end
                                // needs one
#define CONSTFORMER_MOST_TOKENS model::config.positions
#endif
#ifndef CONSTFORMER_SCORES // what classify makes of logits
#define CONSTFORMER_SCORES scoring::softmax
#endif

IMPORT(stage) void host_stage(const char* name);
IMPORT(attention) void host_attention(int head, int query, const float* probabilities, int keys);

namespace {
using model = CONSTFORMER_MODEL;
using tokenizer_type = CONSTFORMER_TOKENIZER_TYPE;
constexpr int width = model::width, most_hits = 128;
constexpr int text_bytes = 1 << 14; // of one text
constexpr int most_texts = 32;      // of one batch
constexpr int batch_tokens = 128;   // of one batch of several texts: more would only grow what must stay in the cache
constexpr int table_rows = 128;     // that are searched at a time
// Tells the host what a forward is at, and shows it the attention where it wants that.
struct watcher : silent {
    bool rows = false;
    void stage(const char* name) const { host_stage(name); }
    [[nodiscard]] bool wants_attention() const { return rows; }
    void attention(int head, int query, std::span<const float> probabilities) const {
        host_attention(head, query, probabilities.data(), int(probabilities.size()));
    }
};

struct everything_here {
    int capacity = 0; // tokens of the longest text
    std::span<std::byte> file;
    float *states = nullptr, *outputs = nullptr, *vectors = nullptr, *table = nullptr;
    int *ids = nullptr, *segments = nullptr, *keep = nullptr; // of run()
    tokenizer_type words;
    std::optional<engine<model, threads, tokenizer_type>> on;
    int texts = 0; // of the batch
    int masks = 0; // of the text that fill() has read
    shown_tokens<tokenizer_type> shown;
    hit hits[most_hits];
};
lasting<everything_here> only;
everything_here& self = only.it;
char text_memory[text_bytes];

template <class Watch> status forward(const bert_inputs& in, Watch watch) {
    auto m = self.on->workspace(watch);
    if (m.watch.wants_attention()) m.threads = {}; // the host's function is called in its own thread only
    return forward_into(self.on->model(), in, self.states, self.outputs, m);
}

// [CLS] text [SEP], or of a pair [CLS] text [SEP] second [SEP]: the number of tokens, or -1. Where truncation is not
// wanted, one token more than fits is asked for: a text of any length needs no more memory than the longest one.
int encode(int bytes, bool truncate, int second = -1) {
    if (!self.on) return no(error("the model is not loaded"));
    if (self.words.size() == 0) return no(error("this weights file holds no vocabulary, so there is no tokenizer"));
    if (bytes < 0 || bytes > text_bytes) return no(error("text: ", bytes, " bytes, at most ", text_bytes, " are read"));
    if (second > text_bytes - bytes)
        return no(error("pair: ", bytes, " and ", second, " bytes, at most ", text_bytes, " are read"));
    auto& text = self.on->text();
    const encode_options options{.most_tokens = self.capacity + (truncate ? 0 : 1), .truncate = true};
    const std::string_view first(text_memory, std::size_t(bytes));
    const auto ok = second < 0 ? self.words.encode(first, text, options)
                               : self.words.encode(first, {text_memory + bytes, std::size_t(second)}, text, options);
    if (!ok) return no(ok);
    if (text.size() > self.capacity)
        return no(error("text: more than the ", self.capacity, " tokens that fit; split it, or ask for truncation"));
    return text.size();
}
// The working memory of a tokenizer for the longest text.
status make_room(const wordpiece& words, encoding& text) {
    text.work.word.resize(1024), text.work.sources.resize(1024);
    text.work.pile.reserve(text_bytes / 2); // a text of nothing but combining marks
    if (words.keeps_normalized_text())      // at most three times as long as the text, as Hangul is
        text.work.normal.reserve(3 * text_bytes), text.work.places.reserve(3 * text_bytes);
    return {};
}
template <class Model> status make_room(const subword<Model>& words, encoding& text) {
    if (words.size() == 0) return {};
    std::fill_n(text_memory, text_bytes, 'a'); // one word takes as much as any text
    return words.encode({text_memory, text_bytes}, text);
}
} // namespace

EXPORT(describe) const char* describe_model() {
    static const description<model> text(CONSTFORMER_NAME, CONSTFORMER_MOST_TOKENS, most_hits, CONSTFORMER_LOGITS,
                                         CONSTFORMER_SCORES);
    return text.c_str();
}

// --- loading: head, measure, reserve, load ---------------------------------------------------------------------------
// What head() holds is checked: the whole file's bytes, or -1.
EXPORT(measure) int measure() { return measure_file<model>(); }

// Memory for a file of `bytes` bytes (its place is returned; 0: there is none) and for texts of up to `tokens` tokens;
// 0: describe()'s usual, which are the model's positions where they have an end.
EXPORT(reserve) std::byte* reserve(int bytes, int tokens) {
    if (self.capacity != 0) // again, after a file that would not load
        return std::size_t(bytes) == self.file.size() ? self.file.data() : nullptr;
    if (bytes < head_bytes()) return nullptr;
    constexpr int positions = model::config.positions, usual = CONSTFORMER_MOST_TOKENS;
    const int capacity = std::clamp(tokens <= 0 ? usual : tokens, std::min(8, positions), positions);
    if (std::uint64_t(capacity) * (model::scratch(64) / 64 + sizeof(float) * outputs_of<model>(1)) > 0x7fff'ffff)
        return nullptr;
    const std::size_t n = std::size_t(capacity), file = room<std::byte>(std::size_t(bytes));
    const std::size_t states = room(n, width), outputs = room(outputs_of<model>(capacity)), each = room<int>(n);
    const std::size_t vectors = room(most_texts, width), table = room(table_rows, width);
    auto* next =
        static_cast<std::byte*>(std::aligned_alloc(64, together(file, states, outputs, vectors, table, 3 * each)));
    if (!next) return nullptr;
    self.capacity = capacity, self.file = {next, std::size_t(bytes)}, next += file;
    const auto take = [&]<class T>(T*& where, std::size_t size) { where = reinterpret_cast<T*>(next), next += size; };
    take(self.states, states), take(self.outputs, outputs), take(self.vectors, vectors), take(self.table, table);
    take(self.ids, each), take(self.segments, each), take(self.keep, each);
    return self.file.data();
}

// Checks the file that now lies at reserve()'s place, and reads its vocabulary. 0 or -1.
EXPORT(load) int load_weights() {
    const auto weights = read_weights<model>(self.file, CONSTFORMER_TOKENIZER, self.words);
    if (!weights) return no(weights.error());
    self.on.emplace(**weights, self.words, self.capacity, 0, team());
    auto& text = self.on->text();
    const auto n = std::size_t(text_bytes) + 3; // a pair is read whole before the longer of the two is cut
    text.ids.reserve(n), text.segments.reserve(n), text.offsets.reserve(n), text.words.reserve(n);
    if (const auto ok = make_room(self.words, text); !ok) return no(ok);
    return 0;
}

// --- texts -----------------------------------------------------------------------------------------------------------
EXPORT(text) char* text() { return text_memory; } // where a text goes, in UTF-8
EXPORT(text_bytes) int text_room() { return text_bytes; }
// The tokens of the text in text(): how many, or -1; their ids; [begin, end) of each in code points.
EXPORT(tokenize) int tokenize(int bytes, int truncate) { return encode(bytes, truncate != 0); }
// The same of a pair, whose second text lies behind the first; and which of the two each token belongs to: 0 or 1.
EXPORT(tokenize_pair) int tokenize_pair(int bytes, int second, int truncate) {
    return encode(bytes, truncate != 0, std::max(second, 0));
}
EXPORT(token_segments) const int* token_segments() { return self.on->text().segments.data(); }
EXPORT(token_ids) const int* token_ids() { return self.on->text().ids.data(); }
EXPORT(token_spans) const int* token_spans() { return self.on->text().offsets.data()->data(); }
// The token of an id, where error() puts its sentence; of bytes, as far as they are characters.
EXPORT(piece) const char* piece(int id) { return say(self.words.token(id)); }
// The same as a reader wants it: without the marks of words.
EXPORT(shown_piece) const char* shown_piece(int id) {
    self.shown.clear();
    return say(self.shown.text(self.words, id));
}

// --- embedding: clear, add…, embed -----------------------------------------------------------------------------------
EXPORT(clear) void clear() {
    if (self.on) self.on->clear();
    self.texts = 0;
}
// Puts the text in text() into the batch: 0; or 1: the batch is full, embed and clear it first; or -1.
EXPORT(add) int add(int bytes, int truncate) {
    const int n = encode(bytes, truncate != 0);
    if (n < 0) return n;
    const int held = int(self.on->batch().ids.size());
    if (held != 0 && (held + n > std::min(self.capacity, batch_tokens) || self.texts == most_texts)) return 1;
    self.on->append();
    ++self.texts;
    return 0;
}
EXPORT(tokens) int tokens() { return int(self.on->batch().ids.size()); }
// One normalized vector for each text of the batch. watch: 0 nothing, 1 stages, 2 stages and attention. 0 or -1.
EXPORT(embed) int embed(int watch) {
    if (task_of<model>::value != task::encode)
        return no(error(type_name<model>(), " gives logits, not embeddings: use run"));
    if (self.texts == 0) return no(error("embed: no text"));
    const bert_inputs in = self.on->batch();
    const auto ok = watch ? forward(in, watcher{.rows = watch == 2}) : forward(in, silent{});
    if (!ok) return no(ok);
    if (watch) host_stage("pooling");
    const rows<width> x{self.states, int(in.ids.size())}, y{self.vectors, self.texts};
    pool_sentences<width>(CONSTFORMER_POOLING, x, in.each, y); // (tokens, width) -> (texts, width)
    return 0;
}
EXPORT(vectors) float* vectors() { return self.vectors; }

// --- forward over ids: run_at, run, output ---------------------------------------------------------------------------
// Where one sentence's ids (which: 0), segments (1) and mask (2) go.
EXPORT(run_at) int* run_at(int which) { return which == 0 ? self.ids : which == 1 ? self.segments : self.keep; }
// The forward of one sentence. 0 or -1.
EXPORT(run) int run(int n) {
    if (!self.on) return no(error("the model is not loaded"));
    if (n < 1 || n > self.capacity)
        return no(error("run: ", n, " tokens, this model was loaded for 1 to ", self.capacity));
    const auto size = std::size_t(n);
    bert_inputs in{.ids = {self.ids, size}, .keep = {self.keep, size}};
    if constexpr (model::config.segments > 1) in.segments = {self.segments, size};
    if (const auto ok = forward(in, silent{}); !ok) return no(ok);
    pool_into(self.on->model(), self.states, n, self.outputs, self.on->workspace());
    return 0;
}
// The values of describe()'s outputs, in their order.
EXPORT(output) const float* output(int which) {
    return task_of<model>::value == task::encode && which == 0 ? self.states : self.outputs;
}

// --- words: tokenize, fill, filled -----------------------------------------------------------------------------------
// What stands for the masks of the text that tokenize() has read: how many there are, or -1.
EXPORT(fill) int fill() {
    self.masks = 0;
    if (!self.on) return no(error("the model is not loaded"));
    const int mask = mask_of(self.words);
    if (mask < 0) return no(error("fill: the tokenizer has no token for a mask"));
    clear(), self.on->append();
    const auto masks =
        words_into(self.on->model(), self.on->batch(), mask, self.states, self.outputs, self.on->workspace());
    if (!masks) return no(masks.error());
    if (*masks == 0) return no(error("fill: the text has no ", self.words.token(mask), ", at least one is needed"));
    return self.masks = *masks;
}
// The `most` most probable tokens of mask `which`, best first: how many; {int token, float score} each at hits().
EXPORT(filled) int filled(int which, int most) {
    if (which < 0 || which >= self.masks) return 0;
    constexpr int count = model::config.vocabulary;
    return best_of({self.outputs + std::size_t(which) * count, std::size_t(count)},
                   std::span(self.hits).first(std::size_t(std::clamp(most, 0, most_hits))));
}

// The name of a label, where error() puts its sentence; "" where it has none.
EXPORT(label) const char* label([[maybe_unused]] int which) {
#ifdef CONSTFORMER_LABELS
    if (which >= 0 && which < int(std::size(CONSTFORMER_LABELS))) return say(CONSTFORMER_LABELS[which]);
#endif
    return say("");
}

// --- search: every row of a table is compared with the query, which is the first row of vectors() --------------------
EXPORT(table_rows) int room_for_rows() { return table_rows; }
EXPORT(table) float* table() { return self.table; }
// The nearest `most` of the first `count` rows of table(), best first: how many; {int row, float score} each at hits().
EXPORT(nearest) int nearest(int count, int most) {
    const auto best = std::span(self.hits).first(std::size_t(std::clamp(most, 0, most_hits)));
    return search(self.table, std::clamp(count, 0, table_rows), width, self.vectors, best);
}
EXPORT(hits) const hit* hits() { return self.hits; }
