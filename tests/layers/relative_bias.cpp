#include <boost/test/unit_test.hpp>

#include "constformer/layers/relative_bias.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {
using two_ways = relative_bias<8, 3, 16, direction::both>;
using backward = relative_bias<8, 3, 16, direction::backward>;
static_assert(ops::rule<by_distance<3>>);
} // namespace

BOOST_AUTO_TEST_SUITE(layers_relative_bias)

// As T5Attention._relative_position_bucket(distance, num_buckets=8, max_distance=16) answers.
BOOST_AUTO_TEST_CASE(distances_fall_into_the_buckets_of_the_paper) {
    BOOST_TEST(two_ways::bucket(0) == 0);
    BOOST_TEST(two_ways::bucket(-1) == 1);
    BOOST_TEST(two_ways::bucket(-2) == 2);
    BOOST_TEST(two_ways::bucket(-6) == 3);
    BOOST_TEST(two_ways::bucket(-1000000) == 3);
    BOOST_TEST(two_ways::bucket(1) == 5);
    BOOST_TEST(two_ways::bucket(2) == 6);
    BOOST_TEST(two_ways::bucket(1000000) == 7);
    BOOST_TEST(backward::bucket(5) == 0); // what comes is not looked at
    BOOST_TEST(backward::bucket(-3) == 3);
    BOOST_TEST(backward::bucket(-4) == 4);
    BOOST_TEST(backward::bucket(-16) == 7);
    for (int d = -40; d < 40; ++d) {
        BOOST_TEST((two_ways::bucket(d) >= 0 && two_ways::bucket(d) < 8));
        BOOST_TEST((backward::bucket(d) >= 0 && backward::bucket(d) < 8));
        if (d < -1) BOOST_TEST(two_ways::bucket(d - 1) >= two_ways::bucket(d));
    }
}

BOOST_AUTO_TEST_CASE(each_score_gets_what_its_distance_says) {
    const auto bias = laws::random_weights<two_ways>(140);
    for (int past : {0, 4})
        for (int queries : {1, 5})
            for (int keys : {past + queries, past + queries + 3}) {
                const laws::aligned_memory memory(two_ways::scratch(queries, keys));
                auto m = basic_workspace<>::over(memory);
                const auto rule = bias->spread(queries, keys, past, m);
                BOOST_TEST(m.left() == 0u);
                // all queries at once, a key's scores side by side; keys from the second on
                for (int head = 0; head < 3; ++head) {
                    std::vector<float> scores(std::size_t(keys * queries), 1.0f);
                    rule(head, {.data = scores.data(),
                                .query_step = 1,
                                .key_step = queries,
                                .query = 0,
                                .queries = queries,
                                .key = 1,
                                .keys = keys - 1});
                    for (int i = 0; i < queries; ++i)
                        for (int j = 1; j < keys; ++j)
                            BOOST_TEST(scores[std::size_t((j - 1) * queries + i)] ==
                                       1.0f + bias->weight.at(two_ways::bucket(j - past - i), head));
                }
            }
}

BOOST_AUTO_TEST_SUITE_END()
