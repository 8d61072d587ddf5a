#include "constformer/generate/sampling.hpp"

#include "tests/support/golden.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(generate_sampling)

BOOST_AUTO_TEST_CASE(leaves_what_transformers_leaves) {
    const tensors io(data_path("golden/sampling/io.safetensors"));
    const auto options = io.floats("options"), logits = io.floats("logits"), wanted = io.floats("probabilities");
    const auto ids = io.ints("ids");
    const int cases = io.extent("logits", 0), size = io.extent("logits", 1);
    for (int i = 0; i < cases; ++i) {
        const float* o = options.data() + 5 * i;
        const sampling_options one{o[0], o[1], int(o[2]), o[3], o[4]};
        BOOST_REQUIRE(check(one));
        sampler draw(one, size);
        std::vector<float> scores(logits.begin() + i * size, logits.begin() + (i + 1) * size);
        std::vector<float> found(std::size_t(size), 0.0f);
        for (const candidate& c : draw.distribution(scores, std::span(ids).subspan(std::size_t(30 * i), 30)))
            found[std::size_t(c.token)] = c.probability;
        BOOST_TEST_CONTEXT("options " << i) {
            for (int t = 0; t < size; ++t) {
                const float want = wanted[std::size_t(i * size + t)], have = found[std::size_t(t)];
                BOOST_TEST((want > 0) == (have > 0));
                BOOST_TEST(std::abs(have - want) <= 2e-6f);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(draws_as_often_as_is_probable_and_the_same_for_a_seed) {
    const std::vector<float> scores{0, std::log(2.0f), std::log(5.0f), -100};
    const auto drawn = [&](std::uint64_t seed, bool again = false) {
        const sampling_options options{.temperature = 1, .seed = seed};
        sampler draw(again ? sampling_options{.temperature = 9} : options, 4);
        std::vector<int> all;
        if (again) {
            auto copy = scores;
            BOOST_TEST(bool(draw.next(copy, {})));
            draw.restart(options);
        }
        for (int i = 0; i < 8000; ++i) {
            auto copy = scores;
            all.push_back(*draw.next(copy, {}));
        }
        return all;
    };
    const auto one = drawn(7);
    BOOST_TEST((one == drawn(7)));
    BOOST_TEST((one == drawn(7, true)));
    BOOST_TEST((one != drawn(8)));
    const auto share = [&](int token) { return double(std::count(one.begin(), one.end(), token)) / 8000; };
    BOOST_TEST(std::abs(share(0) - 1.0 / 8) < 0.015);
    BOOST_TEST(std::abs(share(1) - 2.0 / 8) < 0.02);
    BOOST_TEST(std::abs(share(2) - 5.0 / 8) < 0.02);
    BOOST_TEST(share(3) == 0);
    // The first numbers of the seed 7 and of 0, whatever the machine.
    BOOST_TEST((std::vector(one.begin(), one.begin() + 12) == std::vector{2, 0, 2, 2, 2, 1, 2, 1, 1, 2, 0, 2}));
    BOOST_TEST(random_numbers()() == 0xe220a8397b1dcdaf);
}

BOOST_AUTO_TEST_CASE(without_temperature_takes_the_best) {
    sampler draw({.repetition_penalty = 2}, 4);
    std::vector<float> scores{1, 3, 3, -1};
    BOOST_TEST(*draw.next(scores, {}) == 1);
    const std::vector<int> before{1, 1, 2};
    BOOST_TEST(*draw.next(scores, before) == 1); // 1.5, as the other is
    scores = {1.6f, 3, 3, -1};
    BOOST_TEST(*draw.next(scores, before) == 0);
}

BOOST_AUTO_TEST_CASE(bad_options_and_scores_are_a_sentence) {
    const auto said = [](sampling_options options) {
        const status done = check(options);
        return done ? std::string("no error") : std::string(done.error().what());
    };
    BOOST_TEST(said({.temperature = -1}) == "sampling: the temperature must be a number of at least 0");
    BOOST_TEST(said({.temperature = INFINITY}) == "sampling: the temperature must be a number of at least 0");
    BOOST_TEST(said({.top_k = -1}) == "sampling: top-k is -1, at least 0 is needed");
    BOOST_TEST(said({.top_p = 0}) == "sampling: top-p must be above 0 and at most 1");
    BOOST_TEST(said({.min_p = 1.5f}) == "sampling: min-p must lie from 0 to 1");
    BOOST_TEST(said({.repetition_penalty = 0}) == "sampling: the repetition penalty must be a number above 0");
    BOOST_TEST(said({}) == "no error");
    sampler draw({.temperature = 1}, 2);
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
        std::vector<float> scores{0, bad};
        const auto token = draw.next(scores, {});
        BOOST_REQUIRE(!token);
        BOOST_TEST(token.error().what() == "sampling: the model's scores are not numbers: its weights are damaged");
    }
    BOOST_TEST(!draw.next({}, {}));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
