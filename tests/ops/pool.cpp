#include <boost/test/unit_test.hpp>

#include "constformer/ops/pool.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

constexpr int each[] = {3, 1, 17, 5};
constexpr int tokens = 26;

reference::sheet sentence(const laws::sheet& x, int first, int count) {
    reference::sheet s(count, x.width);
    for (int r = 0; r < count; ++r)
        for (int c = 0; c < x.width; ++c) s(r, c) = x.at(first + r, c);
    return s;
}

template <int Width> void means_and_firsts_agree() {
    laws::sheet x(tokens, Width, laws::noise(50), 3), y(4, Width, 5);
    std::vector<int> keep(tokens, 1);
    for (int hidden : {1, 3, 5, 6, 19, 21}) keep[std::size_t(hidden)] = 0; // 3: all of the second sentence
    for (const std::vector<int>& mask : {std::vector<int>{}, keep}) {
        ops::mean(const_rows<Width>(x.template view<Width>()), each, mask, y.template view<Width>());
        for (int s = 0, first = 0; s < 4; first += each[s++]) {
            const auto part =
                mask.empty() ? mask : std::vector<int>(mask.begin() + first, mask.begin() + first + each[s]);
            const std::vector<double> expected = reference::mean(sentence(x, first, each[s]), part);
            for (int c = 0; c < Width; ++c) // up to 17 values below 1: 17 roundings
                BOOST_TEST(std::abs(y.at(s, c) - expected[std::size_t(c)]) <= 20 * laws::rounding);
        }
        BOOST_TEST(y.guarded());
    }
    ops::first(const_rows<Width>(x.template view<Width>()), each, y.template view<Width>());
    for (int s = 0, first = 0; s < 4; first += each[s++])
        for (int c = 0; c < Width; ++c) BOOST_TEST(y.at(s, c) == x.at(first, c));
    ops::last(const_rows<Width>(x.template view<Width>()), each, y.template view<Width>());
    for (int s = 0, end = 0; s < 4; ++s) {
        end += each[s];
        for (int c = 0; c < Width; ++c) BOOST_TEST(y.at(s, c) == x.at(end - 1, c));
    }
    BOOST_TEST((x.guarded() && y.guarded()));
}

} // namespace

BOOST_AUTO_TEST_SUITE(ops_pool)

BOOST_AUTO_TEST_CASE(means_and_first_tokens_of_a_packed_batch_agree) {
    means_and_firsts_agree<7>();
    means_and_firsts_agree<16>();
    means_and_firsts_agree<36>();
}

BOOST_AUTO_TEST_CASE(no_lengths_mean_one_sentence) {
    laws::sheet x(5, 12, laws::noise(51)), y(1, 12);
    ops::mean(const_rows<12>(x.view<12>()), {}, {}, y.view<12>());
    const std::vector<double> expected = reference::mean(x.exact(), {});
    for (int c = 0; c < 12; ++c) BOOST_TEST(std::abs(y.at(0, c) - expected[std::size_t(c)]) <= 6 * laws::rounding);
    ops::first(const_rows<12>(x.view<12>()), {}, y.view<12>());
    for (int c = 0; c < 12; ++c) BOOST_TEST(y.at(0, c) == x.at(0, c));
    ops::last(const_rows<12>(x.view<12>()), {}, y.view<12>());
    for (int c = 0; c < 12; ++c) BOOST_TEST(y.at(0, c) == x.at(4, c));
}

// A length is a sum of squares, a root and a quotient: a handful of roundings.
BOOST_AUTO_TEST_CASE(normalized_rows_have_length_one_and_a_zero_row_stays_zero) {
    laws::sheet x(4, 36, laws::noise(52), 3);
    for (int c = 0; c < 36; ++c) x.at(1, c) = 0, x.at(2, c) *= 1e-15f, x.at(3, c) *= 1e15f;
    ops::normalize(x.view<36>());
    for (int r : {0, 3}) {
        double square = 0;
        for (double v : x.row(r)) square += v * v;
        BOOST_TEST(std::abs(square - 1) <= 2e-6);
    }
    for (int c = 0; c < 36; ++c) {
        BOOST_TEST(x.at(1, c) == 0.0f);
        BOOST_TEST(std::abs(x.at(2, c)) <= 1e-2f); // F.normalize divides by 1e-12 at least
    }
    BOOST_TEST(x.guarded());
}

BOOST_AUTO_TEST_SUITE_END()
