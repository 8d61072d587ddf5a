// all-MiniLM-L6-v2 behind a few C functions, so that peers.py can run it in one process with the other engines.
#include "constformer/core/team.hpp"
#include "constformer/files/checkpoint.hpp"
#include "constformer/ops/pool.hpp"
#include "constformer/tasks/engine.hpp"
#include "kernels/minilm_l6.hpp"

#include <cstdio>

using namespace constformer;
using model = bert<minilm_l6>;

namespace {

constexpr int most_tokens = 512;

struct session {
    mapped_weights<model> weights;
    team workers;
    aligned_memory memory;
};

} // namespace

extern "C" {

// Packs a Hugging Face folder, with a vocabulary behind the weights; 0, or 1 after a line on standard error.
int peers_pack(const char* checkpoint, const char* vocabulary, const char* out) {
    auto words = mapped::open(vocabulary);
    if (!words) return std::fprintf(stderr, "%s\n", words.error().c_str()), 1;
    const auto bytes = words->bytes();
    const auto done = pack_file<model>(checkpoint, out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (!done) return std::fprintf(stderr, "%s\n", done.error().c_str()), 1;
    return 0;
}

// A session on packed weights, or null after a line on standard error.
void* peers_open(const char* weights, int threads) {
    auto opened = open_packed<model>(weights);
    if (!opened) return std::fprintf(stderr, "%s\n", opened.error().c_str()), nullptr;
    const std::size_t bytes = room(most_tokens, model::width) + model::scratch(most_tokens, threads);
    return new session{std::move(*opened), team(threads), aligned_memory(bytes)};
}

// The embedding of `tokens` ids: the mean of the last hidden states, of length 1. 0, or 1 after a line on standard
// error.
int peers_embed(void* handle, const int* ids, int tokens, float* y) {
    auto& s = *static_cast<session*>(handle);
    const bert_inputs in{.ids = {ids, std::size_t(tokens)}};
    const auto run = [&](auto m) -> status {
        rows<model::width> x = m.take(tokens), to{y, 1};
        if (auto done = s.weights->forward(in, x, m); !done) return done;
        ops::mean<model::width>(x, {}, {}, to);
        ops::normalize(to);
        return {};
    };
    const auto memory = s.memory.bytes();
    if (tokens > most_tokens) return std::fprintf(stderr, "more than %d tokens\n", most_tokens), 1;
    const auto done = s.workers.size() == 1
                          ? run(basic_workspace<>::over(memory))
                          : run(basic_workspace<silent, on_team>::over(memory, {}, on_team{&s.workers}));
    if (!done) return std::fprintf(stderr, "%s\n", done.error().c_str()), 1;
    return 0;
}

void peers_close(void* handle) { delete static_cast<session*>(handle); }
}
