#include <boost/test/unit_test.hpp>

#include "constformer/ops/activate.hpp"
#include "tests/support/laws.hpp"

#include <bit>

using namespace constformer;

namespace {

struct errors {
    double absolute = 0, relative = 0;
};

// Half a million points in equal steps, and every 4099th float in between, so that no scale is left out.
template <class F, class G> errors worst(float low, float high, F fast, G exact) {
    std::vector<float> x;
    for (int i = 0; i <= 500'000; ++i) x.push_back(low + (high - low) * float(i) / 500'000);
    for (std::uint32_t bits = 0x00800000; bits < 0x7f800000; bits += 4099)
        for (float sign : {1.0f, -1.0f})
            if (const float v = sign * std::bit_cast<float>(bits); v >= low && v <= high) x.push_back(v);
    std::vector<float> y(x.size());
    map(x.data(), y.data(), int(x.size()), fast);
    errors most;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double e = exact(double(x[i])), off = std::abs(y[i] - e);
        most.absolute = std::max(most.absolute, std::isnan(off) ? HUGE_VAL : off);
        if (std::abs(e) > 1e-37) most.relative = std::max(most.relative, off / std::abs(e)); // normal floats
    }
    return most;
}

template <activation A> float one(float x) {
    float y;
    map(&x, &y, 1, [](vec v) { return ops::activate<A>(v); });
    return y;
}
template <class F> float one(float x, F f) {
    float y;
    map(&x, &y, 1, f);
    return y;
}
constexpr auto fast_exp = [](vec v) { return ops::exp(v); };
constexpr auto fast_exp2_below = [](vec v) { return ops::exp2_below(v); };
constexpr auto fast_erf = [](vec v) { return ops::erf(v); };
constexpr auto fast_tanh = [](vec v) { return ops::tanh(v); };

} // namespace

BOOST_AUTO_TEST_SUITE(ops_activate)

// The three bounds are those that the header states; without fused multiply-adds tanh comes close to its own.
BOOST_AUTO_TEST_CASE(exp_is_within_2e_7_relative) {
    const errors e = worst(-87.3f, 88.0f, fast_exp, [](double x) { return std::exp(x); });
    BOOST_TEST_MESSAGE("exp: relative " << e.relative);
    BOOST_TEST(e.relative < 2e-7);
    BOOST_TEST(one(0.0f, fast_exp) == 1.0f);
    for (float x : {-88.0f, -1e4f, -1e30f, -HUGE_VALF}) BOOST_TEST(one(x, fast_exp) == 0.0f);
    for (float x : {89.0f, 1e30f, HUGE_VALF}) BOOST_TEST(one(x, fast_exp) > 1e38f);
}

BOOST_AUTO_TEST_CASE(exp2_below_zero_is_within_3e_7_relative) {
    const errors e = worst(-125.0f, 1e-5f, fast_exp2_below, [](double x) { return std::exp2(x); });
    BOOST_TEST_MESSAGE("exp2 below 0: relative " << e.relative);
    BOOST_TEST(e.relative < 3e-7);
    for (int x = 0; x > -126; --x) BOOST_TEST(one(float(x), fast_exp2_below) == std::ldexp(1.0f, x));
    for (float x : {-126.5f, -1e4f, -1e30f, -3e30f, -HUGE_VALF}) BOOST_TEST(one(x, fast_exp2_below) < 1.3e-38f);
}

BOOST_AUTO_TEST_CASE(erf_is_within_4e_7) {
    const errors e = worst(-6.0f, 6.0f, fast_erf, [](double x) { return std::erf(x); });
    BOOST_TEST_MESSAGE("erf: absolute " << e.absolute << ", relative " << e.relative);
    BOOST_TEST(e.absolute < 4e-7);
    BOOST_TEST(e.relative < 4e-7);
    for (float x : {0.0f, 0.1f, 1.0f, 3.0f, 5.0f, 1e30f, HUGE_VALF}) BOOST_TEST(one(-x, fast_erf) == -one(x, fast_erf));
}

BOOST_AUTO_TEST_CASE(tanh_is_within_4e_7) {
    const errors e = worst(-12.0f, 12.0f, fast_tanh, [](double x) { return std::tanh(x); });
    BOOST_TEST_MESSAGE("tanh: absolute " << e.absolute << ", relative " << e.relative);
    BOOST_TEST(e.absolute < 4e-7);
    BOOST_TEST(e.relative < 4e-7);
    for (float x : {0.0f, 0.1f, 1.0f, 3.0f, 9.0f, 1e30f, HUGE_VALF})
        BOOST_TEST(one(-x, fast_tanh) == -one(x, fast_tanh));
}

// x/2 (1 + f) for f off by 4e-7: 2e-7 |x|, and the roundings of the sum and the two products.
BOOST_AUTO_TEST_CASE(activations_are_within_half_a_millionth_of_their_argument) {
    const auto check = []<activation A>() {
        double most = 0;
        for (int i = -120'000; i <= 120'000; i += 7) {
            const float x = float(i) / 10'000;
            const double off = std::abs(one<A>(x) - reference::activate(A, x));
            most = std::max(most, off / std::max(1.0, std::abs(double(x))));
        }
        return most;
    };
    BOOST_TEST(check.operator()<activation::none>() == 0);
    BOOST_TEST(check.operator()<activation::relu>() == 0);
    BOOST_TEST(check.operator()<activation::gelu>() < 5e-7);
    BOOST_TEST(check.operator()<activation::gelu_tanh>() < 5e-7);
    BOOST_TEST(check.operator()<activation::silu>() < 5e-7);
    BOOST_TEST(check.operator()<activation::tanh>() < 5e-7);
}

// Far to the left the factor must vanish, or a large x would make its last bit large.
BOOST_AUTO_TEST_CASE(far_from_zero_an_activation_is_nothing_or_its_argument) {
    for (float x : {7.0f, 12.0f, 100.0f, 1e4f, 1e6f, 1e12f}) {
        BOOST_TEST(std::abs(one<activation::gelu>(-x)) <= 1e-6f);
        BOOST_TEST(std::abs(one<activation::gelu_tanh>(-x)) <= 1e-6f);
        BOOST_TEST(std::abs(one<activation::silu>(-x)) <= 1e-2f);
        BOOST_TEST(std::abs(one<activation::gelu>(x) / x - 1) <= 4e-7f);
        BOOST_TEST(std::abs(one<activation::gelu_tanh>(x) / x - 1) <= 4e-7f);
        BOOST_TEST(std::abs(one<activation::silu>(x) / x - 1) <= 1e-3f);
    }
}

BOOST_AUTO_TEST_CASE(a_block_is_activated_within_its_columns) {
    BOOST_TEST((ops::block_of<activation::none> == nullptr));
    for (int width : laws::some_widths) {
        laws::sheet y(5, width, laws::noise(5), 3);
        reference::sheet expected = y.exact();
        for (double& v : expected.values) v = v > 0 ? v : 0;
        ops::block_of<activation::relu>(y.data(), y.count, y.width, y.stride);
        BOOST_TEST(laws::farthest(y, expected) == 0);
        BOOST_TEST(y.guarded());
    }
}

BOOST_AUTO_TEST_SUITE_END()
