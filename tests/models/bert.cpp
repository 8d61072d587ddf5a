#include "kernels/tiny.hpp"
#include "tests/support/bert_call.hpp"

#include "constformer/core/team.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

template <class Model> void equals_pytorch(const std::string& golden) {
    const auto weights = weights_of<Model>(golden);
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    int seen = 0;
    for (const std::string name : bert_calls) {
        if (!io.has(name + ".input_ids")) continue;
        BOOST_TEST_CONTEXT(golden << ", " << name) {
            const bert_call in(io, name);
            memory scratch(Model::scratch(in.inputs().shape()));
            std::vector<float> x(in.ids.size() * Model::width);
            auto m = basic_workspace<>::over(scratch.bytes());
            const status done = weights->forward(in.inputs(), {x.data(), int(in.ids.size())}, m);
            BOOST_REQUIRE_MESSAGE(done, test::why(done));
            BOOST_TEST(difference(x, io.floats(name + ".last_hidden_state")) <= tolerance);
            if constexpr (Model::config.pooled) {
                std::vector<float> y(std::size_t(in.batch) * Model::width);
                memory more(Model::pool_scratch(in.batch));
                weights->pool({x.data(), int(in.ids.size())}, in.each, {y.data(), in.batch},
                              basic_workspace<>::over(more.bytes()));
                BOOST_TEST(difference(y, io.floats(name + ".pooler_output")) <= tolerance);
            }
            ++seen;
        }
    }
    BOOST_TEST(seen >= 5);
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_bert)

BOOST_AUTO_TEST_CASE(encoder_equals_pytorch) {
    equals_pytorch<bert<tiny::bert_w16_h2>>("bert_w16_h2");
    equals_pytorch<bert<tiny::bert_w36_h3>>("bert_w36_h3");
    equals_pytorch<bert<tiny::bert_w64_h2>>("bert_w64_h2");
    equals_pytorch<bert<tiny::bert_w128_h2>>("bert_w128_h2");
    equals_pytorch<bert<tiny::bert_no_pooler>>("bert_no_pooler");
}

// A packed batch of sentences of different lengths gives what each sentence alone gives, bit by bit.
BOOST_AUTO_TEST_CASE(packing_changes_nothing) {
    using model = bert<tiny::bert_w36_h3>;
    const auto weights = weights_of<model>("bert_w36_h3");
    const std::vector<int> each{13, 1, 67, 8, 2};
    std::vector<int> ids, segments;
    for (int n : each)
        for (int i = 0; i < n; ++i) ids.push_back(int(ids.size() * 31 % 97)), segments.push_back(i > n / 2);
    const auto run = [&](const bert_inputs& in) {
        memory scratch(model::scratch(in.shape()));
        std::vector<float> x(in.ids.size() * model::width);
        BOOST_REQUIRE(weights->forward(in, {x.data(), int(in.ids.size())}, basic_workspace<>::over(scratch.bytes())));
        return x;
    };
    const auto together = run({.ids = ids, .segments = segments, .each = each});
    std::vector<float> alone;
    std::size_t first = 0;
    for (int n : each) {
        const auto x = run({.ids = std::span(ids).subspan(first, std::size_t(n)),
                            .segments = std::span(segments).subspan(first, std::size_t(n))});
        alone.insert(alone.end(), x.begin(), x.end());
        first += std::size_t(n);
    }
    BOOST_TEST((together == alone));
}

#ifndef __EMSCRIPTEN__
BOOST_AUTO_TEST_CASE(threads_change_nothing) {
    using model = bert<tiny::bert_w36_h3>;
    const auto weights = weights_of<model>("bert_w36_h3");
    std::vector<int> ids;
    for (int i = 0; i < 61; ++i) ids.push_back(i * 7 % 97);
    std::vector<float> one(ids.size() * model::width), many(one.size());
    memory scratch(model::scratch(61));
    BOOST_REQUIRE(weights->forward({.ids = ids}, {one.data(), 61}, basic_workspace<>::over(scratch.bytes())));
    for (int threads : {1, 2, 3}) {
        team workers(threads);
        memory shared(model::scratch(61, threads));
        using parallel = basic_workspace<silent, on_team>;
        BOOST_REQUIRE(
            weights->forward({.ids = ids}, {many.data(), 61}, parallel::over(shared.bytes(), {}, {&workers})));
        BOOST_TEST((one == many));
    }
}
#endif

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    using model = bert<tiny::bert_w16_h2>;
    const auto weights = weights_of<model>("bert_w16_h2");
    std::vector<float> x(80 * model::width);
    memory scratch(model::scratch(80));
    const auto why = [&](const bert_inputs& in, int count, std::size_t bytes) {
        const status done =
            weights->forward(in, {x.data(), count}, basic_workspace<>::over(scratch.bytes().first(bytes)));
        return done ? std::string("no error") : std::string(done.error().what());
    };
    const std::size_t all = scratch.bytes().size();
    const std::vector<int> none, three{1, 2, 3}, outside{1, 97}, negative{-1}, many(71, 1), two{1, 1}, wrong{0, 2, 0};
    BOOST_TEST(why({.ids = none}, 0, all) == "bert: no tokens; a forward needs at least one");
    BOOST_TEST(why({.ids = outside}, 2, all) == "bert: token id 97 is outside the vocabulary of 97");
    BOOST_TEST(why({.ids = negative}, 1, all) == "bert: token id -1 is outside the vocabulary of 97");
    BOOST_TEST(why({.ids = many}, 71, all) == "bert: 71 tokens, this model has 70 positions");
    BOOST_TEST(why({.ids = three, .each = two}, 3, all) ==
               "bert: the lengths of the batch add up to 2, but there are 3 tokens");
    BOOST_TEST(why({.ids = three, .segments = wrong}, 3, all) == "bert: segment 2, this model has 2");
    BOOST_TEST(why({.ids = three, .segments = two}, 3, all) == "bert: 2 segments for 3 tokens");
    BOOST_TEST(why({.ids = three, .keep = two}, 3, all) == "bert: a mask of 2 for 3 tokens");
    BOOST_TEST(why({.ids = three}, 2, all) == "bert: 3 tokens, but room for 2");
    const std::size_t exact = model::scratch(3);
    BOOST_TEST(why({.ids = three}, 3, exact) == "no error");
    BOOST_TEST(why({.ids = three}, 3, exact - 1) == "bert: the workspace holds " + std::to_string(exact - 1) +
                                                        " bytes, this forward needs " + std::to_string(exact));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
