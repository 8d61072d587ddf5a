#include <boost/test/unit_test.hpp>

#include "constformer/ops/quantize_blocks.hpp"
#include "tests/support/laws.hpp"

#include <limits>

using namespace constformer;

namespace {
struct made {
    std::vector<std::int8_t> bytes;
    std::vector<ops::block_range> ranges;
    made(const laws::sheet& x, int rows)
        : bytes(std::size_t(round_up(x.width, block_size) * rows), 99),
          ranges(std::size_t(round_up(x.width, block_size) / block_size * rows)) {
        for (int r = 0; r < rows; ++r)
            ops::quantize_blocks(x.data() + r * x.stride, x.width, bytes.data() + r * block_size, ranges.data() + r,
                                 std::size_t(rows));
    }
};
} // namespace

BOOST_AUTO_TEST_SUITE(ops_quantize_blocks)

BOOST_AUTO_TEST_CASE(a_row_comes_back_within_half_a_step_of_its_block) {
    for (int width : {1, 7, 31, 32, 33, 64, 100, 384})
        for (int rows : {1, 3}) {
            laws::sheet x(rows, width, laws::noise(82), 2);
            x.at(0, 0) = 40; // an outlier costs its own block's precision only
            const made q(x, rows);
            for (int r = 0; r < rows; ++r)
                for (int first = 0; first < width; first += block_size) {
                    const std::size_t at = std::size_t(first / block_size * rows + r);
                    const ops::block_range& range = q.ranges[at];
                    double most = 0;
                    int sum = 0;
                    for (int i = 0; i < block_size; ++i) {
                        const double was = first + i < width ? x.at(r, first + i) : 0.0;
                        const int byte = q.bytes[at * block_size + std::size_t(i)];
                        BOOST_TEST(byte >= -127);
                        BOOST_TEST(std::abs(double(range.scale) * byte - was) <= range.scale * 0.5001);
                        most = std::max(most, std::abs(was)), sum += byte;
                    }
                    BOOST_TEST(std::abs(range.scale - most / 127) <= 1e-6 * most);
                    BOOST_TEST(range.sum == range.scale * float(sum));
                    BOOST_TEST(range.start == -128 * sum);
                }
            BOOST_TEST(x.guarded());
        }
}

BOOST_AUTO_TEST_CASE(zeros_have_no_scale_and_what_is_not_finite_has_none_that_is) {
    laws::sheet x(1, 64);
    for (int i = 0; i < 64; ++i) x.at(0, i) = 0;
    const made zeros(x, 1);
    BOOST_TEST((zeros.ranges[0].scale == 0 && zeros.ranges[0].sum == 0 && zeros.ranges[0].start == 0));
    for (float tiny : {1e-37f, 1e-44f}) { // whose inverse is no number
        laws::sheet y = x;
        y.at(0, 3) = tiny;
        const made q(y, 1);
        BOOST_TEST((q.ranges[0].scale <= tiny && q.ranges[0].sum == 0 && q.ranges[0].start == 0));
    }
    for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
        for (int at : {0, 5, 17, 31}) {
            laws::sheet y = x;
            y.at(0, at) = bad, y.at(0, 40) = 1;
            const made q(y, 1);
            BOOST_TEST((std::isnan(q.ranges[0].scale) && std::isnan(q.ranges[0].sum)));
            BOOST_TEST(q.ranges[1].scale == 1.0f / 127);
        }
}

BOOST_AUTO_TEST_SUITE_END()
