#include <boost/test/unit_test.hpp>

#include "constformer/ops/normalize.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

// Weights as a vector<N> has them: padded to whole panels.
struct affine {
    laws::sheet weight, bias;
    explicit affine(int width)
        : weight(1, round_up(width, panel), laws::noise(8)), bias(1, round_up(width, panel), laws::noise(9)) {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(ops_normalize)

// Results are of size 1 (a normalized value is at most sqrt(width) = 10 in a row of 100, and weights at most 1). Their
// error is that of the mean of the row: (lanes of a sum + a few) roundings of the largest value over the deviation.
BOOST_AUTO_TEST_CASE(layer_norm_agrees_at_every_width_and_stride_and_in_place) {
    for (int width : laws::some_widths) {
        const affine w(width);
        std::vector<double> weight, bias;
        for (int i = 0; i < width; ++i) weight.push_back(w.weight.at(0, i)), bias.push_back(w.bias.at(0, i));
        for (int rows : {0, 1, 3, 17})
            for (float mean : {0.0f, 100.0f}) {
                laws::sheet x(rows, width, laws::noise(10), 3), y(rows, width, 5);
                for (int r = 0; r < rows; ++r)
                    for (int c = 0; c < width; ++c) x.at(r, c) += mean;
                const reference::sheet expected = reference::layer_norm(x.exact(), weight, bias, 1e-5);
                const double tolerance = width == 1 ? 1e-2 : mean != 0 ? 3e-4 : 4e-6; // one number has no deviation
                ops::layer_norm(x.data(), x.stride, y.data(), y.stride, rows, width, w.weight.data(), w.bias.data(),
                                1e-5f);
                BOOST_TEST(laws::farthest(y, expected) <= tolerance);
                BOOST_TEST(y.guarded());
                ops::layer_norm(x.data(), x.stride, x.data(), x.stride, rows, width, w.weight.data(), w.bias.data(),
                                1e-5f);
                BOOST_TEST(laws::farthest(x, expected) <= tolerance);
                BOOST_TEST(x.guarded());
            }
    }
}

BOOST_AUTO_TEST_CASE(a_row_without_deviation_becomes_the_bias) {
    for (int width : laws::some_widths) {
        const affine w(width);
        laws::sheet x(2, width);
        for (int c = 0; c < width; ++c) x.at(0, c) = 0.0f, x.at(1, c) = 0.5f;
        ops::layer_norm(x.data(), x.stride, x.data(), x.stride, 2, width, w.weight.data(), w.bias.data(), 1e-12f);
        for (int c = 0; c < width; ++c) {
            BOOST_TEST(x.at(0, c) == w.bias.at(0, c));
            BOOST_TEST(x.at(1, c) == w.bias.at(0, c)); // a half sums and divides exactly
        }
    }
}

// No mean is taken away: 4e-6 covers the sum of squares (relative, of all-positive terms) at values of up to 10.
BOOST_AUTO_TEST_CASE(rms_norm_agrees_at_every_width_and_stride_and_in_place) {
    for (int width : laws::some_widths) {
        const affine w(width);
        std::vector<double> weight;
        for (int i = 0; i < width; ++i) weight.push_back(w.weight.at(0, i));
        for (int rows : {0, 1, 3, 17}) {
            laws::sheet x(rows, width, laws::noise(11), 3), y(rows, width, 5);
            const reference::sheet expected = reference::rms_norm(x.exact(), weight, 1e-6);
            ops::rms_norm(x.data(), x.stride, y.data(), y.stride, rows, width, w.weight.data(), 1e-6f);
            BOOST_TEST(laws::farthest(y, expected) <= 4e-6);
            BOOST_TEST(y.guarded());
            ops::rms_norm(x.data(), x.stride, x.data(), x.stride, rows, width, w.weight.data(), 1e-6f);
            BOOST_TEST(laws::farthest(x, expected) <= 4e-6);
            BOOST_TEST(x.guarded());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
