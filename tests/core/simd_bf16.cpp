#include <boost/test/unit_test.hpp>

#include "constformer/core/simd_bf16.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(core_simd_bf16)

BOOST_AUTO_TEST_CASE(pairs_widen_to_firsts_and_seconds) {
    std::uint16_t pairs[2 * lanes];
    laws::noise random(5);
    for (auto& p : pairs) p = to_bfloat16(random());
    float first[lanes], second[lanes];
    store(first, firsts(load_pairs(pairs)));
    store(second, seconds(load_pairs(pairs)));
    for (int i = 0; i < lanes; ++i) {
        BOOST_TEST(first[i] == from_bfloat16(pairs[2 * i]));
        BOOST_TEST(second[i] == from_bfloat16(pairs[2 * i + 1]));
    }
}

#if defined(CONSTFORMER_DOT_BF16)
BOOST_AUTO_TEST_CASE(the_dot_product_of_pairs_is_off_by_its_roundings) {
    laws::noise random(6);
    for (int round = 0; round < 100; ++round) {
        std::uint16_t a[2 * lanes], b[2 * lanes];
        float sums[lanes], got[lanes];
        for (auto& v : a) v = to_bfloat16(random());
        for (auto& v : b) v = to_bfloat16(random());
        for (auto& v : sums) v = random();
        store(got, dot_bf16(load(sums), load_pairs(a), load_pairs(b)));
        for (int i = 0; i < lanes; ++i) {
            const double x = double(from_bfloat16(a[2 * i])) * from_bfloat16(b[2 * i]),
                         y = double(from_bfloat16(a[2 * i + 1])) * from_bfloat16(b[2 * i + 1]);
            BOOST_TEST(std::abs(sums[i] + x + y - got[i]) <= 4 * laws::rounding);
        }
        store(got, dot_bf16(splat(0.0f), splat_pair(a), load_pairs(b)));
        const double x = double(from_bfloat16(a[0])) * from_bfloat16(b[2]),
                     y = double(from_bfloat16(a[1])) * from_bfloat16(b[3]);
        BOOST_TEST(std::abs(x + y - got[1]) <= 4 * laws::rounding);
    }
}
BOOST_AUTO_TEST_CASE(packing_rounds_as_the_scalar_form_does) {
    laws::noise random(7);
    float first[lanes], second[lanes];
    for (int i = 0; i < lanes; ++i) first[i] = random(), second[i] = random();
    std::uint16_t row[lanes], pairs[2 * lanes];
    store_bf16(row, load(first));
    pack_pairs(load(first), load(second)).store_unaligned(reinterpret_cast<std::int32_t*>(pairs));
    for (int i = 0; i < lanes; ++i) {
        BOOST_TEST(row[i] == to_bfloat16(first[i]));
        BOOST_TEST(pairs[2 * i] == to_bfloat16(first[i]));
        BOOST_TEST(pairs[2 * i + 1] == to_bfloat16(second[i]));
    }
}
#endif

BOOST_AUTO_TEST_SUITE_END()
