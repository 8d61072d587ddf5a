#include <boost/test/unit_test.hpp>

#include "constformer/ops/rounded.hpp"
#include "tests/support/laws.hpp"

#include <limits>

namespace constformer::test {
namespace {

// Every row by itself, shared out as a team of three would.
struct three {
    template <class F> void split(int n, F&& f) const {
        for (int w = 0; w < 3; ++w) f(n * w / 3, n * (w + 1) / 3, w);
    }
};

template <int Width> void there_and_back() {
    for (const int n : {0, 1, 2, 5}) {
        laws::sheet x(n, Width, laws::noise(1), 3), back(n, Width, 3);
        if (n > 1) x.at(1, Width - 1) = std::numeric_limits<float>::infinity();
        std::vector<std::uint16_t> bits(std::size_t(n) * Width + 1, 0xabcd);
        const auto m = basic_workspace<silent, three>::over({});
        ops::to_bfloat16<Width>(x.view<Width>(), {bits.data(), n}, m);
        ops::from_bfloat16<Width>({bits.data(), n}, back.view<Width>(), m);
        for (int r = 0; r < n; ++r)
            for (int c = 0; c < Width; ++c) {
                const std::uint16_t exact = to_bfloat16(x.at(r, c));
                BOOST_TEST(bits[std::size_t(r * Width + c)] == exact);
                BOOST_TEST(back.at(r, c) == from_bfloat16(exact));
            }
        BOOST_TEST(bits.back() == 0xabcd);
        BOOST_TEST(back.guarded());
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(ops_rounded)

BOOST_AUTO_TEST_CASE(rows_there_and_back) {
    there_and_back<1>();
    there_and_back<15>();
    there_and_back<16>();
    there_and_back<37>();
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
