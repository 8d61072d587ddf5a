#include "constformer/layers/gru.hpp"
#include "tests/support/laws.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {
using cell = gru_cell<5, 11>;
constexpr double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
} // namespace

BOOST_AUTO_TEST_SUITE(layers_gru)

// Against the formula, in double; in exactly the memory that is said.
BOOST_AUTO_TEST_CASE(gates_as_the_formula_has_them) {
    const auto weights = laws::random_weights<cell>(3);
    const auto linear = [](const auto& layer, const std::vector<double>& x, int out) {
        double sum = layer.bias.at(0, out);
        for (std::size_t i = 0; i < x.size(); ++i) sum += double(layer.weight.at(out, int(i))) * x[i];
        return sum;
    };
    for (const int n : {1, 2, 7}) {
        laws::sheet x(n, 5, laws::noise(1)), h(n, 11, laws::noise(2));
        const laws::sheet before = h;
        const laws::aligned_memory memory(cell::scratch(n));
        std::size_t high = 0;
        auto m = basic_workspace<>::over(memory);
        m.high = &high;
        weights->forward(x.view<5>(), h.view<11>(), m);
        BOOST_TEST(high == cell::scratch(n));
        BOOST_TEST(h.guarded());
        for (int r = 0; r < n; ++r)
            for (int i = 0; i < 11; ++i) {
                const auto in = x.row(r), old = before.row(r);
                const auto both = [&](int gate) {
                    return linear(weights->input, in, 11 * gate + i) + linear(weights->past, old, 11 * gate + i);
                };
                const double reset = sigmoid(both(0)), keep = sigmoid(both(1)),
                             next = std::tanh(linear(weights->input, in, 22 + i) +
                                              reset * linear(weights->past, old, 22 + i));
                BOOST_TEST(std::abs(double(h.at(r, i)) - ((1 - keep) * next + keep * old[std::size_t(i)])) < 1e-6);
            }
    }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
