// The bits of everything that a forward computes, one number a line, for tests/tools/deterministic.py: builds for
// different instruction sets must print the same. Argument: the number of threads.
#include "kernels/tiny.hpp"
#include "tests/support/laws.hpp"

#include "constformer/ops/pool.hpp"
#ifndef __EMSCRIPTEN__
#include "constformer/core/team.hpp"
#endif

#include <bit>
#include <cstdio>
#include <cstdlib>

using namespace constformer;

namespace {

inline constexpr bert_config wide{
    .layers = 2, .width = 384, .heads = 12, .feed_forward = 1536, .vocabulary = 97, .positions = 150};

#ifndef __EMSCRIPTEN__
using threads = on_team;
team* workers = nullptr;
threads policy() { return {workers}; }
#else
using threads = sequential;
threads policy() { return {}; }
#endif
using space = basic_workspace<silent, threads>;

void print(std::span<const float> values) {
    for (const float v : values) std::printf("%08x\n", std::bit_cast<unsigned>(v));
}
void need(const status& done) {
    if (done) return;
    std::fprintf(stderr, "%s\n", done.error().c_str());
    std::exit(1);
}
std::vector<int> some_ids(int n, int vocabulary) {
    std::vector<int> ids;
    for (int i = 0; i < n; ++i) ids.push_back((i * 31 + 7) % vocabulary);
    return ids;
}

template <class Model> void encoder(const std::vector<int>& each) {
    const auto weights = laws::random_weights<Model>(1);
    int n = 0;
    for (int one : each) n += one;
    const std::vector<int> ids = some_ids(n, Model::config.vocabulary);
    std::vector<int> keep(ids.size(), 1);
    for (std::size_t i = 2; i < keep.size(); i += 5) keep[i] = 0;
    const bert_inputs in{.ids = ids, .segments = {}, .keep = keep, .each = each};
    std::vector<float> x(ids.size() * Model::width), y(each.size() * Model::width);
    const laws::aligned_memory memory(Model::scratch(in.shape(), policy().size()));
    const rows<Model::width> all{x.data(), n}, means{y.data(), int(each.size())};
    need(weights->forward(in, all, space::over(memory, {}, policy())));
    ops::mean<Model::width>(all, each, keep, means);
    ops::normalize(means);
    print(x), print(y);
}
template <class Model> void masked_words() {
    const auto weights = laws::random_weights<Model>(2);
    const std::vector<int> ids = some_ids(13, Model::config.vocabulary);
    std::vector<float> y(ids.size() * Model::outputs);
    const laws::aligned_memory memory(Model::scratch(13, policy().size()));
    need(weights->forward({.ids = ids}, rows<Model::outputs>{y.data(), 13}, space::over(memory, {}, policy())));
    print(y);
}
template <class Model> void decoder() {
    const auto weights = laws::random_weights<Model>(3);
    const laws::aligned_memory states(Model::state::bytes(40)), memory(Model::scratch(40, 40, policy().size()));
    auto past = Model::state::in(space::over(states), 40);
    for (int n : {23, 1, 2}) { // many tokens, one, and two
        std::vector<float> y(std::size_t(n) * Model::outputs);
        need(weights->forward(some_ids(n, Model::config.vocabulary), past, rows<Model::outputs>{y.data(), n},
                              space::over(memory, {}, policy())));
        print(y);
    }
}
template <element E> void all() {
    encoder<bert<tiny::bert_w36_h3, E>>({13, 1, 67, 8, 2});
    encoder<bert<tiny::bert_w128_h2, E>>({16, 5});
    encoder<bert<wide, E>>({140, 9});
    masked_words<bert_masked_lm<tiny::bert_masked_lm, E>>();
    decoder<gpt<tiny::gpt2_w48_h4, E>>();
    decoder<llama<tiny::llama_w42_h6, E>>();
}
template <element E> void in_blocks() { // a table of words and a tied head too
    encoder<bert<tiny::bert_w128_h2, E>>({16, 5});
    masked_words<bert_masked_lm<tiny::bert_masked_lm, E>>();
}

} // namespace

int main(int count, char** words) {
#ifndef __EMSCRIPTEN__
    team some(count > 1 ? std::atoi(words[1]) : 1);
    workers = &some;
#else
    (void)count, (void)words;
#endif
    all<f32>();
    all<bf16>();
    all<i8>();
    in_blocks<q8>();
    in_blocks<q4>();
}
