#include <boost/test/unit_test.hpp>

#include "constformer/ops/quantize.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {
// A row back from its bytes: mixed once more and divided.
std::vector<float> back(const std::vector<std::uint8_t>& bytes, ops::byte_range range) {
    std::vector<float> x;
    for (std::uint8_t q : bytes) x.push_back(range.low + range.scale * float(q));
    hadamard::mix(x.data(), int(x.size()));
    hadamard::divide(x.data(), int(x.size()));
    return x;
}
} // namespace

BOOST_AUTO_TEST_SUITE(ops_quantize)

// A mixed number is off by half a step, a 254th of the row's range; mixing back sums 32 of those and divides by 32.
BOOST_AUTO_TEST_CASE(a_row_comes_back_within_half_a_step) {
    for (int width :
         {1, 7, 8, 12, 15, 16, 17, 31, 32, 33, 36, 40, 48, 56, 64, 100, 127, 128, 129, 144, 200, 384, 400}) {
        const laws::sheet x(1, width, laws::noise(80));
        const std::size_t padded = std::size_t(hadamard::padded(width));
        laws::sheet mixed(1, int(padded));
        std::vector<std::uint8_t> bytes(padded);
        const ops::byte_range range = ops::quantize_row(x.data(), width, mixed.data(), bytes.data());
        for (std::uint8_t q : bytes) BOOST_TEST(q <= 127);
        const auto y = back(bytes, range);
        for (std::size_t i = 0; i < padded; ++i) {
            const double was = int(i) < width ? x.at(0, int(i)) : 0.0;
            BOOST_TEST(std::abs(y[i] - was) <= range.scale * 0.5001, "width " << width << ", at " << i);
        }
        BOOST_TEST((x.guarded() && mixed.guarded()));
    }
}

// The same integers as the scalar form's, but for numbers that fall between two.
BOOST_AUTO_TEST_CASE(mixing_in_registers_is_mixing_in_numbers) {
    for (int width : {16, 48, 100, 128, 272}) {
        laws::sheet x(1, hadamard::padded(width), laws::noise(81)), mixed(1, x.width);
        for (int i = width; i < x.width; ++i) x.at(0, i) = 0;
        std::vector<std::uint8_t> bytes(std::size_t(x.width));
        (void)ops::quantize_row(x.data(), width, mixed.data(), bytes.data());
        hadamard::mix(x.data(), x.width);
        BOOST_TEST(laws::farthest(mixed, x.exact()) <= 1e-5);
    }
}

BOOST_AUTO_TEST_CASE(a_row_of_one_number_has_no_range) {
    for (float value : {0.0f, 3.0f}) {
        laws::sheet x(1, 4), mixed(1, 16);
        std::vector<std::uint8_t> bytes(16, 99);
        for (int i = 0; i < 4; ++i) x.at(0, i) = value;
        const auto y = back(bytes, ops::quantize_row(x.data(), 4, mixed.data(), bytes.data()));
        for (int i = 0; i < 4; ++i) BOOST_TEST(std::abs(y[std::size_t(i)] - value) <= 0.05f);
    }
}

BOOST_AUTO_TEST_SUITE_END()
