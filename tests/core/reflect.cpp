#include <boost/test/unit_test.hpp>

#include "constformer/core/reflect.hpp"
#include "constformer/core/tensor.hpp"

#include <array>

using namespace constformer;

namespace {

struct pair {
    int first;
    float second_one;
};
struct nested {
    pair both;
    std::array<pair, 3> many;
    vector<4> weight;
    int last;
};
struct nothing {};
struct full {
    int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x;
};
namespace shape::inline v1 {
template <int N, class T> struct holds {
    T _underscored;
    vector<N> digits0;
    vector<N> m0;
};
} // namespace shape::inline v1

} // namespace

BOOST_AUTO_TEST_SUITE(core_reflect)

BOOST_AUTO_TEST_CASE(members_are_counted) {
    BOOST_TEST(reflect::count<nothing>() == 0u);
    BOOST_TEST(reflect::count<pair>() == 2u);
    BOOST_TEST(reflect::count<nested>() == 4u); // an array counts once, and so does a struct
    BOOST_TEST(reflect::count<full>() == 24u);
}

BOOST_AUTO_TEST_CASE(members_have_the_names_that_the_source_says) {
    BOOST_TEST((reflect::name<pair, 0>() == "first"));
    BOOST_TEST((reflect::name<pair, 1>() == "second_one"));
    BOOST_TEST((reflect::name<nested, 0>() == "both"));
    BOOST_TEST((reflect::name<nested, 1>() == "many"));
    BOOST_TEST((reflect::name<nested, 2>() == "weight"));
    BOOST_TEST((reflect::name<nested, 3>() == "last"));
    BOOST_TEST((reflect::name<full, 0>() == "a"));
    BOOST_TEST((reflect::name<full, 23>() == "x"));
    using templated = shape::holds<3, pair>;
    BOOST_TEST((reflect::name<templated, 0>() == "_underscored"));
    BOOST_TEST((reflect::name<templated, 1>() == "digits0"));
    BOOST_TEST((reflect::name<templated, 2>() == "m0"));
}

BOOST_AUTO_TEST_CASE(members_are_references_in_order) {
    full all{};
    reflect::at<23>(reflect::members(all)) = 5;
    BOOST_TEST(all.x == 5);
    const pair two{1, 2.5f};
    BOOST_TEST(&reflect::at<1>(reflect::members(two)) == &two.second_one);
}

BOOST_AUTO_TEST_SUITE_END()
