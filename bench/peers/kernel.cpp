// Constformer behind a few C functions, so that the scripts can run it in one process with the other engines. Models
// and elements go by the names of models.hpp. Functions that can fail say why in a line on standard error.
#include "../support/limits.hpp"
#include "constformer/core/team.hpp"
#include "constformer/files/checkpoint.hpp"
#include "constformer/files/packed_file.hpp"
#include "constformer/tasks/embed.hpp"
#include "models.hpp"

#include <cstdio>
#include <memory>

using namespace constformer;

namespace {

bool good(const status& done) {
    if (!done) std::fprintf(stderr, "%s\n", done.error().c_str());
    return bool(done);
}

// A model with its memory and threads.
struct session {
    virtual ~session() = default;
    virtual status embed(std::span<const int> ids, float* y) = 0;
    virtual status embed(std::span<const std::string_view> texts, float* y) = 0;
};

template <class Model> class session_of : public session {
  public:
    session_of(mapped_weights<Model> weights, wordpiece words, int threads, int most_tokens, pooling how)
        : weights_(std::move(weights)), words_(std::move(words)), workers_(threads),
          memory_(room(std::size_t(most_tokens), Model::width) + Model::scratch(worst(most_tokens), threads)),
          most_tokens_(most_tokens),
          texts_(*weights_, words_, most_tokens, {.truncate = true, .how = how}, on_team{&workers_}) {}

    status embed(std::span<const int> ids, float* y) override {
        if (int(ids.size()) > most_tokens_) return error("peers: ", ids.size(), " tokens, but room for ", most_tokens_);
        auto m = basic_workspace<silent, on_team>::over(memory_.bytes(), {}, on_team{&workers_});
        rows<Model::width> x = m.take(int(ids.size())), to{y, 1};
        if (auto done = weights_->forward({.ids = ids}, x, m); !done) return done;
        ops::mean<Model::width>(x, {}, {}, to);
        ops::normalize(to);
        return {};
    }
    status embed(std::span<const std::string_view> texts, float* y) override {
        return texts_.embed(texts, {y, int(texts.size())});
    }

  private:
    mapped_weights<Model> weights_;
    wordpiece words_;
    team workers_;
    aligned_memory memory_;
    int most_tokens_;
    embedder<Model, on_team> texts_;

    static lengths worst(int tokens) {
        lengths n(std::min(tokens, Model::config.positions));
        n.tokens = tokens;
        return n;
    }
};

template <class Model>
expected<std::unique_ptr<session>> opened(const char* path, int threads, int most_tokens, pooling how) {
    auto weights = open_packed<Model>(path);
    if (!weights) return weights.error();
    auto words = wordpiece::from_vocabulary(weights->text(), {});
    if (!words) return words.error();
    return std::unique_ptr<session>(
        new session_of<Model>(std::move(*weights), std::move(*words), threads, most_tokens, how));
}

// The machine's limits, on a team.
struct limits {
    team workers;
    bench::numbers values;
    std::size_t count;
};

} // namespace

extern "C" {

// Whether the library has this model in this element: 1 or 0.
int peers_has(const char* model, const char* element) {
    return peers::with_model(model, element, []<class Model> {});
}

// Packs a Hugging Face folder, with a vocabulary behind the weights; 0, or 1 for an error.
int peers_pack(const char* model, const char* element, const char* checkpoint, const char* vocabulary,
               const char* out) {
    status done = error("peers: no model ", model, " in ", element);
    peers::with_model(model, element, [&]<class Model> {
        auto words = mapped::open(vocabulary);
        if (!words) return void(done = words.error());
        const auto bytes = words->bytes();
        done = pack_file<Model>(checkpoint, out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    });
    return good(done) ? 0 : 1;
}

// A session on packed weights, or null. `most_tokens`: of one forward. `first`: texts are embedded as their first
// token, not as the mean.
void* peers_open(const char* model, const char* element, const char* weights, int threads, int most_tokens, int first) {
    expected<std::unique_ptr<session>> made = error("peers: no model ", model, " in ", element);
    peers::with_model(model, element, [&]<class Model> {
        made = opened<Model>(weights, threads, most_tokens, first ? pooling::first : pooling::mean);
    });
    if (made) return made->release();
    std::fprintf(stderr, "%s\n", made.error().c_str());
    return nullptr;
}
void peers_close(void* handle) { delete static_cast<session*>(handle); }

// The embedding of `tokens` ids: the mean of the last hidden states, of length 1. 0, or 1 for an error.
int peers_embed(void* handle, const int* ids, int tokens, float* y) {
    return good(static_cast<session*>(handle)->embed(std::span(ids, std::size_t(tokens)), y)) ? 0 : 1;
}
// The embeddings of texts that end in a zero byte each, tokenizing included: (texts) -> (texts, width). 0, or 1 for an
// error.
int peers_embed_texts(void* handle, const char* const* texts, int count, float* y) {
    const std::vector<std::string_view> all(texts, texts + count);
    return good(static_cast<session*>(handle)->embed(std::span(all), y)) ? 0 : 1;
}

// Attention of 12 heads of 32 alone, (tokens, 384) each: `scratch` has peers_attention_scratch(tokens) bytes, a
// multiple of 64 as its place is.
std::size_t peers_attention_scratch(int tokens) { return ops::attend_scratch(tokens, 32); }
void peers_attention(const float* q, const float* k, const float* v, float* y, int tokens, void* scratch) {
    constexpr int heads = 12, head_width = 32, width = heads * head_width;
    const std::span memory(static_cast<std::byte*>(scratch), peers_attention_scratch(tokens));
    ops::attend<heads, heads, head_width>(const_rows<width>{q, tokens}, const_rows<width>{k, tokens},
                                          const_rows<width>{v, tokens}, rows<width>{y, tokens}, {}, {}, 0.17677669f,
                                          ops::everything{}, basic_workspace<>::over(memory));
}

// What bounds everything: see peers_peak and peers_read. `bytes` is the most that will be read.
void* peers_limits(int threads, std::size_t bytes) {
    const std::size_t count = bytes / sizeof(float);
    return new limits{team(threads), bench::numbers(count), count};
}
void peers_limits_close(void* handle) { delete static_cast<limits*>(handle); }
// Runs an element's dot products on every thread and returns how many operations that were; 0 if there is no such
// instruction.
double peers_peak(void* handle, const char* element) {
    auto& l = *static_cast<limits*>(handle);
    double each = 0;
    l.workers.split(l.workers.size(), [&](int, int, int worker) {
        const double done = bench::run_peak(element);
        if (worker == 0) each = done;
    });
    return each * l.workers.size();
}
// Reads so many bytes, shared out among the threads.
void peers_read(void* handle, std::size_t bytes) {
    auto& l = *static_cast<limits*>(handle);
    const std::size_t count = std::min(bytes / sizeof(float), l.count);
    const int parts = l.workers.size();
    l.workers.split(parts, [&](int begin, int end, int) {
        const std::size_t from = count * std::size_t(begin) / std::size_t(parts) / 16 * 16,
                          to = count * std::size_t(end) / std::size_t(parts) / 16 * 16;
        bench::read_all({l.values.data() + from, to - from});
    });
}

const char* peers_isa() { return isa_name; }
const char* peers_compiler() {
    static const std::string text(bench::compiler);
    return text.c_str();
}
}
