#include <boost/test/unit_test.hpp>

#include "constformer/core/hadamard.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(core_hadamard)

BOOST_AUTO_TEST_CASE(groups_are_powers_of_two_and_cover_every_width) {
    BOOST_TEST(hadamard::padded(1) == 16);
    BOOST_TEST(hadamard::padded(384) == 384);
    BOOST_TEST(hadamard::padded(385) == 400);
    for (int left = 1; left < 40; ++left) {
        const int g = hadamard::group(left);
        BOOST_TEST((g <= left && g <= 8 && (g & (g - 1)) == 0 && (g == 8 || 2 * g > left)));
    }
}

// Mixed twice and divided, a row is what it was; and inner products are those of the rows themselves.
BOOST_AUTO_TEST_CASE(mixing_is_undone_by_mixing_and_keeps_inner_products) {
    for (int width : {16, 32, 48, 64, 80, 112, 128, 144, 240, 384}) {
        laws::sheet x(1, width, laws::noise(70)), w(1, width, laws::noise(71));
        const laws::sheet before = x;
        double expected = 0;
        for (int i = 0; i < width; ++i) expected += double(x.at(0, i)) * w.at(0, i);
        hadamard::mix(x.data(), width);
        hadamard::mix(w.data(), width);
        hadamard::divide(w.data(), width);
        double mixed = 0;
        for (int i = 0; i < width; ++i) mixed += double(x.at(0, i)) * w.at(0, i);
        BOOST_TEST(std::abs(mixed - expected) <= 1e-5);
        hadamard::mix(x.data(), width);
        hadamard::divide(x.data(), width);
        BOOST_TEST(laws::farthest(x, before.exact()) <= 2e-6);
        BOOST_TEST(x.guarded());
    }
}

// What it is for: an outlier is shared out evenly among its block.
BOOST_AUTO_TEST_CASE(an_outlier_becomes_numbers_of_one_size) {
    laws::sheet x(1, 128, [] { return laws::noise(72); }());
    for (int i = 0; i < 128; ++i) x.at(0, i) = i == 37 ? 100.0f : 0.0f;
    hadamard::mix(x.data(), 128);
    int hundreds = 0;
    for (int i = 0; i < 128; ++i) hundreds += std::abs(x.at(0, i)) == 100.0f;
    BOOST_TEST(hundreds == 32);
}

BOOST_AUTO_TEST_SUITE_END()
