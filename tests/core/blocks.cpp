#include <boost/test/unit_test.hpp>

#include "constformer/core/blocks.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {
std::vector<float> numbers(std::uint64_t seed, int count, float size, float shift = 0) {
    laws::noise random(seed);
    std::vector<float> v;
    for (int i = 0; i < count; ++i) v.push_back(random() * size + shift);
    return v;
}
double off(const quantized_block& b, const std::vector<float>& v) {
    double most = 0;
    for (std::size_t i = 0; i < v.size(); ++i) most = std::max(most, std::abs(double(b[int(i)]) - v[i]));
    return most;
}
double squares(const quantized_block& b, const std::vector<float>& v) {
    double sum = 0;
    for (std::size_t i = 0; i < v.size(); ++i) sum += std::pow(double(b[int(i)]) - v[i], 2);
    return sum;
}
} // namespace

BOOST_AUTO_TEST_SUITE(core_blocks)

// Half a step, of a scale that is itself rounded to 11 bits.
BOOST_AUTO_TEST_CASE(bytes_are_within_half_a_step) {
    for (int count : {1, 2, 31, 32})
        for (float size : {1e-4f, 1.0f, 3000.0f}) {
            const auto v = numbers(std::uint64_t(count), count, size);
            const quantized_block b = to_bytes(v.data(), count);
            BOOST_TEST(off(b, v) <= from_float16(b.scale) * 0.5 * 1.13);
            BOOST_TEST(b.least == 0);
            for (int i = count; i < block_size; ++i) BOOST_TEST(int(b.q[i]) == 0);
        }
}

// What GGUF would make of it (least and scale from the extremes) is never better, and is improved upon.
BOOST_AUTO_TEST_CASE(nibbles_miss_less_than_an_even_division) {
    double ours = 0, even = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed)
        for (float shift : {0.0f, 5.0f, -0.3f}) {
            auto v = numbers(seed, 32, 1.0f, shift);
            if (seed % 3 == 0)
                for (float& x : v) x = (x - shift) * (x - shift) * (x - shift) + shift; // few far from many
            const auto [low, high] = std::minmax_element(v.begin(), v.end());
            const quantized_block plain = detail::in_steps(v.data(), 32, (*high - *low) / 15, *low),
                                  b = to_nibbles(v.data(), 32);
            for (std::int8_t q : b.q) BOOST_TEST((q >= 0 && q <= 15));
            BOOST_TEST(squares(b, v) <= squares(plain, v) * 1.0001);
            ours += squares(b, v), even += squares(plain, v);
        }
    BOOST_TEST(ours <= 0.9 * even);
}

BOOST_AUTO_TEST_CASE(one_number_and_equal_numbers_stay_what_they_are) {
    for (float value : {0.0f, -2.5f, 1024.0f}) {
        const std::vector<float> v(32, value);
        for (int count : {1, 5, 32}) {
            const quantized_block four = to_nibbles(v.data(), count), eight = to_bytes(v.data(), count);
            for (int i = 0; i < count; ++i) {
                BOOST_TEST(four[i] == value);
                BOOST_TEST(std::abs(eight[i] - value) <= std::abs(value) * 0x1p-11f);
            }
        }
    }
}

// Numbers that no half reaches, and that no half tells from zero: finite, whatever they are.
BOOST_AUTO_TEST_CASE(scales_stay_finite) {
    for (float size : {3e38f, 1e10f, 1e-12f}) {
        const auto v = numbers(7, 32, size);
        const quantized_block eight = to_bytes(v.data(), 32), four = to_nibbles(v.data(), 32);
        for (int i = 0; i < 32; ++i) BOOST_TEST((std::isfinite(eight[i]) && std::isfinite(four[i])));
    }
}

BOOST_AUTO_TEST_SUITE_END()
