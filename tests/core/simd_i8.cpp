#include <boost/test/unit_test.hpp>

#include "constformer/core/simd_i8.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(core_simd_i8)

BOOST_AUTO_TEST_CASE(the_int8_dot_product_is_exact_up_to_its_stated_range) {
    laws::noise random(4);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::uint8_t> a(4 * std::size_t(lanes));
        std::vector<std::int8_t> b(a.size());
        std::int32_t expected[lanes], got[lanes];
        for (std::uint8_t& v : a) v = std::uint8_t(round == 0 ? 127 : random.below(128));
        for (std::int8_t& v : b) v = std::int8_t(round == 0 ? -128 : round == 1 ? 127 : random.below(256) - 128);
        for (std::int32_t& v : expected) v = random.below(1'000'000) - 500'000;
        const ivec sums =
            dot_i8(ivec::load_unaligned(expected),
                   ivec::load_unaligned(reinterpret_cast<const std::int32_t*>(a.data())), load_bytes(b.data()));
        for (std::size_t i = 0; i < a.size(); ++i) expected[i / 4] += std::int32_t(a[i]) * b[i];
        sums.store_unaligned(got);
        for (int i = 0; i < lanes; ++i) BOOST_TEST(got[i] == expected[i]);
        const ivec same = dot_i8(ivec(0), splat_bytes(a.data()), load_bytes(b.data()));
        same.store_unaligned(got);
        for (int i = 0; i < lanes; ++i) {
            std::int32_t sum = 0;
            for (int k = 0; k < 4; ++k) sum += std::int32_t(a[std::size_t(k)]) * b[std::size_t(4 * i + k)];
            BOOST_TEST(got[i] == sum);
        }
    }
}

BOOST_AUTO_TEST_CASE(two_dot_products_in_one_are_exact_where_the_four_that_meet_fit_into_16_bits) {
    laws::noise random(5);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::uint8_t> a(8 * std::size_t(lanes));
        std::vector<std::int8_t> b(a.size());
        for (std::uint8_t& v : a) v = std::uint8_t(round < 2 ? 127 : random.below(128));
        const std::size_t half = b.size() / 2;
        for (std::size_t i = 0; i < half; i += 2) { // i, i + 1, and the same of the other half
            const int most = round < 2 ? 64 : random.below(65), rest = 129 - most;
            const int numbers[] = {most, rest, 129 - most, most};
            const std::size_t at[] = {i, i + 1, half + i, half + i + 1};
            for (int k = 0; k < 4; ++k) {
                const bool negative = round < 2 ? round == 1 : random.below(2) == 0;
                b[at[k]] = std::int8_t(negative ? -numbers[k] : numbers[k]);
            }
        }
        const auto words = [](const auto& bytes, std::size_t from) {
            return ivec::load_unaligned(reinterpret_cast<const std::int32_t*>(bytes.data() + from));
        };
        std::int32_t expected[lanes], got[lanes];
        for (std::int32_t& v : expected) v = random.below(1'000'000) - 500'000;
        const ivec start = ivec::load_unaligned(expected);
        for (std::size_t i = 0; i < a.size(); ++i) expected[i % half / 4] += std::int32_t(a[i]) * b[i];
        const auto all_agree = [&](ivec sums) {
            sums.store_unaligned(got);
            for (int i = 0; i < lanes; ++i) BOOST_TEST(got[i] == expected[i]);
        };
        all_agree(dot_i8<summed::in_pairs>(start, words(a, 0), words(b, 0), words(a, half), words(b, half)));
        all_agree(dot_i8<summed::in_fours>(start, words(a, 0), words(b, 0), words(a, half), words(b, half)));
    }
}

BOOST_AUTO_TEST_CASE(numbers_go_to_the_nearest_byte_and_ties_to_the_even_one) {
    for (float shift : {0.0f, 0.25f, 0.5f, 0.75f, -0.5f}) {
        float numbers[16];
        ivec bytes[16 / lanes];
        for (int i = 0; i < 16; ++i) numbers[i] = float(i * 8) + 1 + shift;
        for (int v = 0; v < 16 / lanes; ++v) bytes[v] = nearest(load(numbers + v * lanes));
        std::uint8_t got[17];
        got[16] = 77;
        store_bytes(got, bytes);
        for (int i = 0; i < 16; ++i) BOOST_TEST(int(got[i]) == int(std::nearbyint(numbers[i])));
        BOOST_TEST(int(got[16]) == 77);
    }
}

BOOST_AUTO_TEST_CASE(neighbors_change_places) {
    float numbers[lanes], ones[lanes], twos[lanes];
    for (int i = 0; i < lanes; ++i) numbers[i] = float(i);
    store(ones, swap_ones(load(numbers)));
    store(twos, swap_twos(load(numbers)));
    for (int i = 0; i < lanes; ++i) {
        BOOST_TEST(ones[i] == float(i ^ 1));
        BOOST_TEST(twos[i] == float(i ^ 2));
    }
}

BOOST_AUTO_TEST_SUITE_END()
