#include <boost/test/unit_test.hpp>

#include "constformer/ops/step.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {
// A line of weights is 64 bytes of 16 outputs, whatever the element, and a step is whole lines.
template <element E>
constexpr bool a_line = sizeof(typename ops::step<E>::weight) * ops::step<E>::beside * panel == 64 &&
                        ops::step<E>::inputs % ops::step<E>::beside == 0;
static_assert(a_line<f32> && a_line<bf16> && a_line<i8> && a_line<q8> && a_line<q4>);
static_assert(matrix<1, 1, f32>::step == ops::step<f32>::beside &&
              matrix<1, 1, bf16>::step == ops::step<bf16>::beside && matrix<1, 1, i8>::step == ops::step<i8>::beside);
static_assert(matrix<1, 1, i8>::depth % ops::step<i8>::inputs == 0);
// A tile's sums fit into the registers, and run_rows has a tile for each smaller count of rows.
template <element E>
constexpr bool fits =
    ops::best_tile<E>.rows * ops::best_tile<E>.registers <= 16 && ops::few_rows_tile<E>.rows <= ops::best_tile<E>.rows;
static_assert(fits<f32> && fits<bf16> && fits<i8> && fits<q8> && fits<q4>);
} // namespace

BOOST_AUTO_TEST_SUITE(ops_step)

BOOST_AUTO_TEST_CASE(a_step_of_floats_adds_one_product) {
    laws::noise random(95);
    float w[lanes], got[lanes];
    for (float& v : w) v = random();
    const float x = random();
    auto sum = ops::step<f32>::zero();
    ops::step<f32>::add(sum, ops::step<f32>::spread(&x), ops::step<f32>::loaded(w));
    store(got, sum);
    for (int i = 0; i < lanes; ++i) BOOST_TEST(got[i] == x * w[i]);
}

BOOST_AUTO_TEST_CASE(a_step_of_bytes_adds_eight_out_of_two_lines) {
    laws::noise random(96);
    std::int8_t w[4 * panel + 4 * lanes];
    std::uint8_t x[8];
    for (auto& v : w) v = std::int8_t(random.below(129) - 64); // four of them fit where they meet
    for (auto& v : x) v = std::uint8_t(random.below(128));
    auto sum = ops::step<i8>::zero();
    ops::step<i8>::add(sum, ops::step<i8>::spread(x), ops::step<i8>::loaded(w));
    std::int32_t got[lanes];
    sum.store_unaligned(got);
    for (int i = 0; i < lanes; ++i) {
        int expected = 0;
        for (int k = 0; k < 8; ++k) expected += x[k] * w[k / 4 * 4 * panel + 4 * i + k % 4];
        BOOST_TEST(got[i] == expected);
    }
}

BOOST_AUTO_TEST_SUITE_END()
