#include "constformer/ops/rotate.hpp"

#include "tests/support/laws.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(ops_rotate)

BOOST_AUTO_TEST_CASE(turns_the_pairs_of_every_head_and_nothing_else) {
    for (const int turned : {2, 6, 16, 24, 34, 64})
        for (const int heads : {1, 3}) {
            const int head = turned + 5, count = 4;
            std::vector<float> frequencies(std::size_t(turned / 2)), table(std::size_t(count * turned));
            for (std::size_t i = 0; i < frequencies.size(); ++i) frequencies[i] = 1.0f / float(1 + i);
            ops::turns_of(frequencies, 1000, count, table.data());
            laws::sheet x(count, heads * head, laws::noise(7), 3);
            const laws::sheet before = x;
            ops::rotate(x.data(), x.stride, count, heads, head, turned, table.data());
            BOOST_TEST(x.guarded());
            for (int r = 0; r < count; ++r)
                for (int h = 0; h < heads; ++h)
                    for (int i = 0; i < head; ++i) {
                        const int at = h * head + i, half = turned / 2, j = i % half;
                        const double angle = double(float(1000 + r) * frequencies[std::size_t(j)]);
                        const double a = double(before.at(r, h * head + j)),
                                     b = double(before.at(r, h * head + half + j));
                        const double wanted = i >= turned ? double(before.at(r, at))
                                              : i < half  ? a * std::cos(angle) - b * std::sin(angle)
                                                          : b * std::cos(angle) + a * std::sin(angle);
                        BOOST_TEST(std::abs(double(x.at(r, at)) - wanted) <= (i < turned ? 4 * laws::rounding : 0));
                    }
        }
}

BOOST_AUTO_TEST_CASE(products_depend_on_distances_alone) {
    static constexpr auto frequencies = rotary_frequencies<rotary_shape{.width = 8}>();
    const auto product = [&](int one, int other) {
        float q[8] = {1, 2, 3, 4, 5, 6, 7, 8}, k[8] = {3, 1, 4, 1, 5, 9, 2, 6}, table[8];
        ops::turns_of(frequencies, one, 1, table);
        ops::rotate(q, 8, 1, 1, 8, 8, table);
        ops::turns_of(frequencies, other, 1, table);
        ops::rotate(k, 8, 1, 1, 8, 8, table);
        double sum = 0;
        for (int i = 0; i < 8; ++i) sum += double(q[i]) * double(k[i]);
        return sum;
    };
    BOOST_TEST(std::abs(product(5, 2) - product(105, 102)) < 1e-3);
    BOOST_TEST(std::abs(product(5, 2) - product(5, 3)) > 1);
}

BOOST_AUTO_TEST_CASE(frequencies_are_those_of_the_papers) {
    constexpr auto plain = rotary_frequencies<rotary_shape{.width = 8}>();
    constexpr auto nearer = rotary_frequencies<rotary_shape{.width = 8, .factor = 4}>();
    constexpr auto waves = rotary_frequencies<rotary_shape{.width = 8, .factor = 4, .original = 128}>();
    for (int i = 0; i < 4; ++i) {
        const double exact = std::pow(10000.0, -i / 4.0);
        BOOST_TEST(std::abs(double(plain[std::size_t(i)]) / exact - 1) < 2 * laws::rounding);
        BOOST_TEST(nearer[std::size_t(i)] == plain[std::size_t(i)] / 4);
    }
    BOOST_TEST(waves[0] == plain[0]);     // a wave of 6 tokens, shorter than 128 / 4
    BOOST_TEST(waves[3] == plain[3] / 4); // of 6283, longer than 128
    BOOST_TEST(waves[1] < plain[1]);      // of 63: mixed
    BOOST_TEST(waves[1] > plain[1] / 4);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
