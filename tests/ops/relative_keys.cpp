#include "constformer/ops/relative_keys.hpp"
#include "tests/support/laws.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

constexpr int heads = 2, width = 12;

// A tile of `queries` side by side, or key by key where `turned`, against dot products in double.
void tile_agrees(int query, int queries, int key, int keys, int past, bool turned) {
    const int n = query + queries, all = std::max(key + keys, past + n), zero = all - 1;
    laws::sheet x(n, heads * width, laws::noise(7)), r(2 * all, heads * width, laws::noise(8));
    const auto view = x.view<heads * width>(), distances = r.view<heads * width>();
    const ops::relative_keys<width> rule{.x = view.data,
                                         .r = distances.data,
                                         .x_stride = view.stride,
                                         .r_stride = distances.stride,
                                         .zero = zero,
                                         .past = past,
                                         .scale = 0.5f};
    const int wide = queries <= lanes ? lanes : 2 * lanes;
    std::vector<float> scores(std::size_t(turned ? queries * keys : keys * wide), 1.0f);
    const ops::score_tile tile{.data = scores.data(),
                               .query_step = turned ? keys : 1,
                               .key_step = turned ? 1 : wide,
                               .query = query,
                               .queries = queries,
                               .key = key,
                               .keys = keys};
    rule(1, tile);
    double most = 0;
    for (int q = 0; q < queries; ++q)
        for (int k = 0; k < keys; ++k) {
            double expected = 1;
            for (int d = 0; d < width; ++d)
                expected += 0.5 * double(x.at(query + q, width + d)) *
                            double(r.at(zero + key + k - past - query - q, width + d));
            most = std::max(most, std::abs(double(tile(q, k)) - expected));
        }
    BOOST_TEST(most <= 2 * width * laws::rounding); // `width` products and as many sums, all below 1
}

} // namespace

BOOST_AUTO_TEST_SUITE(ops_relative_keys)

BOOST_AUTO_TEST_CASE(tiles_agree) {
    for (const int queries : {1, 2, 3, lanes, lanes + 1, 2 * lanes})
        for (const bool turned : {true, false}) {
            tile_agrees(0, queries, 0, 1, 0, turned);
            tile_agrees(0, queries, 0, 37, 0, turned);
            tile_agrees(5, queries, 128, 128, 3, turned);
            tile_agrees(64, queries, 2, 50, 0, turned);
        }
}

BOOST_AUTO_TEST_CASE(a_sentence_begins_at_its_first_query) {
    laws::sheet x(5, heads * width, laws::noise(7)), r(9, heads * width, laws::noise(8));
    const ops::relative_keys<width> rule{
        x.view<24>().data, r.view<24>().data, x.view<24>().stride, r.view<24>().stride, 4, 0, 1.0f};
    std::vector<float> whole(5), part(2);
    rule(0, {whole.data(), 5, 1, 3, 1, 0, 5});
    rule.sentence(3, 2)(0, {part.data(), 2, 1, 0, 1, 0, 2});
    BOOST_TEST(part[0] == whole[3]);
    BOOST_TEST(part[1] == whole[4]);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
