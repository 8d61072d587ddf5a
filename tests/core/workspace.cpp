#include <boost/test/unit_test.hpp>

#include "kernels/tiny.hpp"
#include "tests/support/laws.hpp"

#ifndef __EMSCRIPTEN__
#include "constformer/core/team.hpp"
#endif

using namespace constformer;

namespace {

struct pretended { // says how many it is and works alone, so that memory for many threads is counted without any
    int workers = 1;
    int size() const { return workers; }
    template <class F> void split(int n, F&& f) const {
        if (n > 0) f(0, n, workers - 1);
    }
};
using space = basic_workspace<silent, pretended>;

static_assert(workspace<basic_workspace<>> && workspace<space> && !workspace<int>);
static_assert(sizeof(basic_workspace<>) == 4 * sizeof(void*), "the silent observer and one thread cost nothing");

// A forward touches exactly the memory that its scratch says, and refuses 64 bytes less in a sentence.
void is_exact(std::size_t scratch, int threads, auto&& forward) {
    std::size_t high = 0;
    const laws::aligned_memory memory(scratch);
    space m = space::over(memory, {}, {threads});
    m.high = &high;
    const status good = forward(m);
    BOOST_TEST(good.has_value(), (good ? "" : good.error().c_str()));
    BOOST_TEST(high == scratch);

    m.end -= 64;
    high = 0;
    const status bad = forward(m);
    BOOST_TEST(!bad);
    if (!bad)
        BOOST_TEST((bad.error().what().find("the workspace holds") != bad.error().what().npos), bad.error().c_str());
    BOOST_TEST(high == 0u);
}

// Batches of several shapes, and threads.
template <class Model> void bert_is_exact(int outputs_of_a_sentence) {
    const auto model = laws::random_weights<Model>(70);
    for (int threads : {1, 2, 3})
        for (const std::vector<int>& each : {std::vector<int>{1}, std::vector<int>{16}, std::vector<int>{3, 9, 1},
                                             std::vector<int>{1, 1, 1, 1, 1, 1}}) {
            const lengths shape{std::span<const int>(each)};
            std::vector<int> ids(std::size_t(shape.tokens), 3);
            laws::sheet y(outputs_of_a_sentence ? shape.sentences : shape.tokens, [] {
                if constexpr (requires { Model::outputs; })
                    return Model::outputs;
                else
                    return Model::width;
            }());
            is_exact(Model::scratch(shape, threads), threads, [&](space m) {
                if constexpr (requires { Model::outputs; })
                    return model->forward({.ids = ids, .each = each}, y.view<Model::outputs>(), m);
                else
                    return model->forward({.ids = ids, .each = each}, y.view<Model::width>(), m);
            });
            BOOST_TEST(y.guarded());
        }
}

} // namespace

BOOST_AUTO_TEST_SUITE(core_workspace)

BOOST_AUTO_TEST_CASE(bytes_are_whole_lines_of_64) {
    BOOST_TEST(room(0, 5) == 0u);
    BOOST_TEST(room(1, 1) == 64u);
    BOOST_TEST(room(1, 16) == 64u);
    BOOST_TEST(room(1, 17) == 128u);
    BOOST_TEST((room<double>(3, 3) == 128u));
    BOOST_TEST(together() == 0u);
    BOOST_TEST(together(64, 128u, std::size_t(64)) == 256u);
    BOOST_TEST(either(64, 192, 128) == 192u);
    BOOST_TEST(either() == 0u);
}

BOOST_AUTO_TEST_CASE(what_a_callee_takes_is_free_again_and_the_mark_stays) {
    std::size_t high = 0;
    const laws::aligned_memory memory(1024);
    basic_workspace<> m = basic_workspace<>::over(memory);
    m.high = &high;
    const auto callee = [](basic_workspace<> n) {
        rows<40> x = n.take(3), y = n.take(1);
        BOOST_TEST(x.count == 3);
        BOOST_TEST(x.stride == 40);
        BOOST_TEST(reinterpret_cast<std::byte*>(y.data) - reinterpret_cast<std::byte*>(x.data) == 512);
        BOOST_TEST(n.left() == 1024u - 512 - 192);
    };
    callee(m);
    BOOST_TEST(m.left() == 1024u);
    BOOST_TEST(high == 704u);
    callee(m);
    BOOST_TEST(high == 704u);
    rows<16, std::int32_t> numbers = m.take(2);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(numbers.data) % 64 == 0);
    BOOST_TEST(m.left() == 1024u - 128);
}

BOOST_AUTO_TEST_CASE(too_little_or_crooked_memory_is_refused_in_a_sentence) {
    const laws::aligned_memory memory(256);
    basic_workspace<> m = basic_workspace<>::over(memory);
    BOOST_TEST(enough(m, 256, "bert").has_value());
    const status less = enough(m, 320, "bert");
    BOOST_TEST(!less);
    BOOST_TEST(less.error().what() == "bert: the workspace holds 256 bytes, this forward needs 320");
    m.next += 4;
    const status crooked = enough(m, 64, "bert");
    BOOST_TEST(!crooked);
    BOOST_TEST(crooked.error().what() == "bert: the workspace must begin at a multiple of 64 bytes");
}

BOOST_AUTO_TEST_CASE(scratch_is_exact_for_bert_and_its_heads) {
    bert_is_exact<bert<tiny::bert_w36_h3>>(false);
    bert_is_exact<bert<tiny::bert_w128_h2>>(false);
    bert_is_exact<bert_masked_lm<tiny::bert_masked_lm>>(false);
    bert_is_exact<bert_sequence_classifier<tiny::bert_sequence>>(true);
    bert_is_exact<bert_token_classifier<tiny::bert_token>>(false);
    bert_is_exact<bert_question_answerer<tiny::bert_answer>>(false);
}

BOOST_AUTO_TEST_CASE(scratch_is_exact_for_gpt_at_the_beginning_and_later) {
    using model = gpt<tiny::gpt2_w48_h4>;
    const auto net = laws::random_weights<model>(71);
    for (int threads : {1, 3})
        for (int past : {0, 1, 17})
            for (int n : {1, 9}) {
                const laws::aligned_memory states(model::state::bytes(40));
                auto state = model::state::in(basic_workspace<>::over(states), 40);
                for (auto& layer : state.layers) { // what was remembered does not matter here, but must be numbers
                    layer.length = past;
                    for (rows<48> r : {layer.keys, layer.values})
                        std::fill(r.data, r.data + std::size_t(past) * 48, 0.25f);
                }
                const std::vector<int> ids(std::size_t(n), 3);
                laws::sheet logits(n, model::outputs);
                is_exact(model::scratch(n, past + n, threads), threads, [&](space m) {
                    state.rewind(past);
                    return net->forward(ids, state, logits.view<model::outputs>(), m);
                });
                BOOST_TEST(logits.guarded());
            }
}

BOOST_AUTO_TEST_CASE(scratch_is_exact_for_both_stacks_of_t5) {
    using model = t5<tiny::t5_gated_gelu>;
    const auto net = laws::random_weights<model>(72);
    for (int threads : {1, 3})
        for (int source : {1, 17})
            for (int n : {1, 5}) {
                std::vector<int> ids(std::size_t(source), 3), words(std::size_t(n), 4);
                laws::sheet x(source, model::width), logits(n, model::outputs);
                is_exact(model::encode_scratch(source, threads), threads,
                         [&](space m) { return net->encode(ids, {}, x.view<model::width>(), m); });
                const laws::aligned_memory states(model::state::bytes(20, source));
                auto state = model::state::in(basic_workspace<>::over(states), 20, source);
                BOOST_TEST(net->begin(x.view<model::width>(), state, basic_workspace<>::over({})).has_value());
                const auto fresh = state;
                is_exact(model::decode_scratch(n, n, source, threads), threads, [&](space m) {
                    state = fresh;
                    return net->decode(words, {}, state, logits.view<model::outputs>(), m);
                });
                BOOST_TEST((x.guarded() && logits.guarded()));
            }
}

// Lengths that do not fit their tokens must not reach a kernel, nor end the program for want of memory.
BOOST_AUTO_TEST_CASE(a_head_refuses_a_bad_batch_with_the_scratch_of_that_batch) {
    using model = bert_token_classifier<tiny::bert_token>;
    const auto net = laws::random_weights<model>(73);
    const std::vector<int> ids(40, 3), each{1};
    laws::sheet y(40, model::outputs);
    const bert_inputs in{.ids = ids, .each = each};
    const laws::aligned_memory memory(model::scratch(in.shape()));
    const status bad = net->forward(in, y.view<model::outputs>(), basic_workspace<>::over(memory));
    BOOST_TEST(!bad);
}

BOOST_AUTO_TEST_CASE(a_head_refuses_a_destination_of_another_size) {
    const std::vector<int> ids(5, 3);
    const laws::aligned_memory memory(1 << 16);
    const auto m = basic_workspace<>::over(memory);
    laws::sheet y(5, 128); // room for all, so that a forward that writes too much is seen and harms nothing
    {
        using model = bert_token_classifier<tiny::bert_token>;
        const auto net = laws::random_weights<model>(74);
        BOOST_TEST(!net->forward({.ids = ids}, rows<model::outputs>{y.data(), 1}, m));
    }
    {
        using model = bert_masked_lm<tiny::bert_masked_lm>;
        const auto net = laws::random_weights<model>(75);
        BOOST_TEST(!net->forward({.ids = ids}, rows<model::outputs>{y.data(), 1}, m));
    }
    {
        using model = bert_sequence_classifier<tiny::bert_sequence>;
        const auto net = laws::random_weights<model>(76);
        BOOST_TEST(!net->forward({.ids = ids}, rows<model::outputs>{y.data(), 0}, m));
    }
}

#ifndef __EMSCRIPTEN__
// Every output is computed whole by one worker, so that the number of workers does not show.
BOOST_AUTO_TEST_CASE(a_team_gives_the_very_same_numbers) {
    using model = bert<tiny::bert_w36_h3>;
    const auto net = laws::random_weights<model>(77);
    const std::vector<int> each{9, 1, 17};
    std::vector<int> ids;
    for (int i = 0; i < 27; ++i) ids.push_back(i * 5 % 97);
    const lengths shape{std::span<const int>(each)};
    laws::sheet expected(27, 36);
    const laws::aligned_memory alone(model::scratch(shape));
    BOOST_TEST(
        net->forward({.ids = ids, .each = each}, expected.view<36>(), basic_workspace<>::over(alone)).has_value());
    for (int threads : {1, 2, 3}) {
        team workers(threads);
        const laws::aligned_memory memory(model::scratch(shape, threads));
        const auto m = basic_workspace<silent, on_team>::over(memory, {}, {&workers});
        for (int round = 0; round < 3; ++round) {
            laws::sheet x(27, 36);
            BOOST_TEST(net->forward({.ids = ids, .each = each}, x.view<36>(), m).has_value());
            BOOST_TEST(laws::same(x, expected));
        }
    }
}
#endif

BOOST_AUTO_TEST_SUITE_END()
