// A program with several instruction sets in it, itself compiled for the least processor: all-MiniLM-L6-v2 on each of
// them that is here, against what sentence-transformers answers.
#include "tests/support/minilm.hpp"
#include "kernels/minilm_l6.hpp"

#include "constformer/core/team.hpp"
#include "constformer/models/dispatch.hpp"
#include "constformer/tasks/embed.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace constformer::test {
namespace {

using model = bert<minilm_l6>;

const model& weights() {
    static const auto read = weights_in<model>(minilm_folder() + "/model.safetensors");
    return *read;
}

// Calls f(network) with each instruction set that this processor has.
template <class F> void on_each(F f) {
    int ran = 0;
    for (const instruction_set& isa : built_isas::all) BOOST_TEST_CONTEXT(isa.name) {
            setenv("CONSTFORMER_ISA", std::string(isa.name).c_str(), 1);
            const auto net = dispatch(weights());
            if (const char* what = isa.lacks()) {
                BOOST_TEST_MESSAGE(isa.name << " is not tried: this processor lacks " << what);
                BOOST_TEST(why(net) == "CONSTFORMER_ISA=" + std::string(isa.name) + ": this processor lacks " + what);
                continue;
            }
            BOOST_REQUIRE_MESSAGE(net, why(net));
            BOOST_TEST(net->isa() == isa.name);
            f(*net);
            ++ran;
        }
    unsetenv("CONSTFORMER_ISA");
    BOOST_TEST(ran >= 1);
}

} // namespace

BOOST_AUTO_TEST_SUITE(isas)

BOOST_AUTO_TEST_CASE(the_program_itself_needs_less_than_its_kernels) {
    for (const instruction_set& isa : built_isas::all) BOOST_TEST(isa.name != isa_name);
}

BOOST_AUTO_TEST_CASE(every_instruction_set_equals_sentence_transformers) {
    const auto words = wordpiece::from_vocabulary(text_of(minilm_folder() + "/vocab.txt"), {});
    BOOST_REQUIRE_MESSAGE(words, why(words));
    const tensors golden(data_path("golden/minilm/embeddings.safetensors"));
    const std::vector<float> expected = golden.floats("embeddings");
    std::vector<std::string> sentences;
    std::ifstream in(data_path("golden/minilm/sentences.txt"));
    for (std::string line; std::getline(in, line);) sentences.push_back(line);
    BOOST_REQUIRE(sentences.size() == 1000u);
    on_each([&](const dispatched<model>& net) {
        embedder<dispatched<model>> embed(net, *words, 256);
        double most = 0;
        for (std::size_t i = 0; i < sentences.size(); i += 20) {
            std::array<float, 384> y;
            const status done = embed.embed(sentences[i], y);
            BOOST_REQUIRE_MESSAGE(done, why(done));
            for (std::size_t k = 0; k < y.size(); ++k)
                most = std::max(most, std::abs(double(y[k]) - expected.at(i * 384 + k)));
        }
        BOOST_TEST_MESSAGE(net.isa() << ": largest difference " << most);
        BOOST_TEST(most <= 1e-5);
    });
}

// The caller reckons scratch with its own instruction set: it must suffice for each, and be exact.
BOOST_AUTO_TEST_CASE(scratch_is_the_same_and_threads_change_nothing) {
    std::vector<int> ids;
    for (int i = 0; i < 37; ++i) ids.push_back(i * 7919 % 30000);
    on_each([&](const dispatched<model>& net) {
        std::vector<float> one(ids.size() * 384), two(one.size());
        const std::size_t exact = model::scratch(37);
        memory scratch(exact);
        const auto run = [&](auto m, std::vector<float>& to) { return net.forward({.ids = ids}, {to.data(), 37}, m); };
        std::size_t high = 0;
        auto m = basic_workspace<>::over(scratch.bytes());
        m.high = &high;
        const status done = run(m, one);
        BOOST_REQUIRE_MESSAGE(done, why(done));
        BOOST_TEST(high == exact);
        BOOST_TEST(!run(basic_workspace<>::over(scratch.bytes().first(exact - 64)), two));

        team workers(2);
        memory shared(model::scratch(37, 2));
        using parallel = basic_workspace<silent, on_team>;
        BOOST_REQUIRE(run(parallel::over(shared.bytes(), {}, {&workers}), two));
        BOOST_TEST((one == two));
        // and the pooler, which embeddings do not use
        const auto pooled = [&](auto w) {
            std::vector<float> y(384);
            net.pool({one.data(), 37}, {}, {y.data(), 1}, w);
            return y;
        };
        memory room(model::pool_scratch(1));
        const auto y = pooled(basic_workspace<>::over(room.bytes()));
        BOOST_TEST((y == pooled(parallel::over(room.bytes(), {}, {&workers}))));
        BOOST_TEST(std::abs(y[0]) > 0);
        BOOST_TEST((std::ranges::all_of(y, [](float v) { return std::abs(v) <= 1; })));
    });
}

// Threads sleep when there is nothing to do for some time, and a forward of any instruction set must wake them.
BOOST_AUTO_TEST_CASE(threads_that_have_fallen_asleep_are_woken, *boost::unit_test::timeout(120)) {
    const std::vector<int> ids{101, 7592, 102};
    on_each([&](const dispatched<model>& net) {
        team workers(2);
        memory shared(model::scratch(3, 2));
        using parallel = basic_workspace<silent, on_team>;
        std::vector<float> y(ids.size() * 384);
        for (int round = 0; round < 5; ++round) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            BOOST_REQUIRE(net.forward({.ids = ids}, {y.data(), 3}, parallel::over(shared.bytes(), {}, {&workers})));
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
