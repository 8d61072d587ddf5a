#include <boost/test/unit_test.hpp>

#include "constformer/core/matrix.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

// What at() may differ from what was put: nothing, half a step of 8 bits, or half a step of 1/127 of the row's largest
// mixed number, which mixing back sums up over a block of at most 32 (each step's error independent).
template <int Outputs, int Inputs, element E> void gives_back_what_was_put() {
    using type = matrix<Outputs, Inputs, E>;
    const auto one = std::make_unique<type>();
    laws::noise random(50);
    std::vector<std::vector<float>> all;
    for (int r = 0; r < Outputs; ++r) {
        std::vector<float>& row = all.emplace_back();
        for (int c = 0; c < Inputs; ++c) row.push_back(random() * float(r + 1));
        one->put(r, row.data());
    }
    double most = 0;
    for (int r = 0; r < Outputs; ++r)
        for (int c = 0; c < Inputs; ++c) {
            const double was = all[std::size_t(r)][std::size_t(c)], off = std::abs(one->at(r, c) - was);
            most = std::max(most, E == i8 ? off / (r + 1) : off / std::max(1e-9, std::abs(was)));
        }
    BOOST_TEST(most <= (E == f32 ? 0 : E == bf16 ? 0x1p-8 : 0.03));
    BOOST_TEST((E == f32 || Inputs == 1 || most > 0));
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(one.get()) % 64 == 0);
    // the padding stays what it was
    std::vector<bool> used(std::size(one->data));
    for (int r = 0; r < Outputs; ++r)
        for (int c = 0; c < (E == i8 ? type::depth : Inputs); ++c) used[type::place(r, c)] = true;
    for (std::size_t i = 0; i < used.size(); ++i)
        if (!used[i]) BOOST_TEST(one->data[i] == 0);
    if constexpr (E == i8)
        for (int r = Outputs; r < type::panels * panel; ++r) BOOST_TEST((one->scale[r] == 0 && one->sum[r] == 0));
}
template <element E> void every_size() {
    gives_back_what_was_put<1, 1, E>();
    gives_back_what_was_put<17, 12, E>();
    gives_back_what_was_put<48, 33, E>();
    gives_back_what_was_put<16, 64, E>();
}

} // namespace

BOOST_AUTO_TEST_SUITE(core_matrix)

BOOST_AUTO_TEST_CASE(a_matrix_gives_back_what_was_put_up_to_its_element) {
    every_size<f32>();
    every_size<bf16>();
    every_size<i8>();
}

// Blocks are kept as they are: every number that 16 or 256 steps of two halves can mean.
template <element E, int Outputs, int Inputs> void blocks_stay_what_they_are() {
    using type = matrix<Outputs, Inputs, E>;
    const auto one = std::make_unique<type>();
    laws::noise random(51);
    std::vector<quantized_block> all;
    for (int r = 0; r < Outputs; ++r)
        for (int b = 0; b < type::blocks; ++b) {
            quantized_block& from = all.emplace_back();
            from.scale = to_float16(random()), from.least = E == q4 ? to_float16(random()) : 0;
            for (int i = 0; i < type::size_of(b); ++i)
                from.q[i] = std::int8_t(E == q4 ? random.below(16) : random.below(256) - 128);
            one->put(r, b, from);
        }
    std::vector<bool> used(std::size(one->data));
    for (int r = 0; r < Outputs; ++r)
        for (int c = 0; c < Inputs; ++c) {
            const quantized_block& from = all[std::size_t(r * type::blocks + c / block_size)];
            BOOST_TEST(one->at(r, c) == from[c % block_size]);
            used[type::place(r, c)] = true;
        }
    for (std::size_t i = 0; i < used.size(); ++i)
        if (!used[i]) BOOST_TEST(one->data[i] == 0);
}
BOOST_AUTO_TEST_CASE(blocks_are_kept_as_they_are) {
    blocks_stay_what_they_are<q8, 17, 33>();
    blocks_stay_what_they_are<q8, 1, 64>();
    blocks_stay_what_they_are<q4, 17, 33>();
    blocks_stay_what_they_are<q4, 16, 50>();
    static_assert(sizeof(matrix<16, 64, q8>) == 16 * 2 * 34 && sizeof(matrix<16, 64, q4>) == 16 * 2 * 20);
}
BOOST_AUTO_TEST_CASE(rows_become_blocks) {
    const auto eight = std::make_unique<matrix<2, 40, q8>>();
    const auto four = std::make_unique<matrix<2, 40, q4>>();
    laws::noise random(52);
    std::vector<float> row;
    for (int i = 0; i < 40; ++i) row.push_back(random());
    eight->put(1, row.data()), four->put(1, row.data());
    for (int c = 0; c < 40; ++c) {
        BOOST_TEST(std::abs(eight->at(1, c) - row[std::size_t(c)]) <= 0.5 / 126);
        BOOST_TEST(std::abs(four->at(1, c) - row[std::size_t(c)]) <= 2 * 0.65 / 15);
        BOOST_TEST((eight->at(0, c) == 0 && four->at(0, c) == 0));
    }
}

BOOST_AUTO_TEST_CASE(a_line_holds_one_input_of_16_outputs_or_two_or_four) {
    using floats = matrix<40, 3>;
    BOOST_TEST(floats::place(0, 0) == 0u);
    BOOST_TEST(floats::place(15, 0) == 15u);
    BOOST_TEST(floats::place(0, 1) == 16u);
    BOOST_TEST(floats::place(16, 0) == 48u);
    BOOST_TEST(floats::place(39, 2) == 2u * 48 + 2 * 16 + 7);
    BOOST_TEST(sizeof(floats) == 3 * 48 * sizeof(float));
    using halves = matrix<40, 3, bf16>;
    BOOST_TEST(halves::place(0, 1) == 1u);
    BOOST_TEST(halves::place(1, 0) == 2u);
    BOOST_TEST(halves::place(0, 2) == 32u);
    BOOST_TEST(halves::place(39, 2) == 2u * 64 + 32 + 14);
    BOOST_TEST(sizeof(halves) == 3 * 4 * 16 * 2);
    using bytes = matrix<40, 3, i8>;
    BOOST_TEST(bytes::place(0, 3) == 3u);
    BOOST_TEST(bytes::place(1, 0) == 4u);
    BOOST_TEST(bytes::place(0, 4) == 64u);
    BOOST_TEST(bytes::place(39, 2) == 2u * 256 + 28 + 2);
    BOOST_TEST(sizeof(bytes) == 3 * 16 * 16 + 2 * 48 * sizeof(float));
}

BOOST_AUTO_TEST_CASE(a_row_of_zeros_and_a_row_of_one_outlier_are_rows_of_bytes) {
    const auto one = std::make_unique<matrix<2, 32, i8>>();
    std::vector<float> row(32);
    one->put(0, row.data());
    for (int c = 0; c < 32; ++c) BOOST_TEST(one->at(0, c) == 0.0f);
    row[5] = -3e30f;
    one->put(1, row.data());
    BOOST_TEST(std::abs(one->at(1, 5) / -3e30f - 1) <= 1e-6);
    BOOST_TEST(std::abs(one->at(1, 6)) <= 1e24f);
}

// What lets a kernel add products of bytes in 16 bits: however a row looks.
BOOST_AUTO_TEST_CASE(the_four_bytes_that_meet_in_16_bits_fit_there) {
    constexpr int width = 64;
    using bytes = matrix<1, width, i8>;
    const auto one = std::make_unique<bytes>();
    laws::noise random(51);
    int largest = 0, most = 0;
    for (int round = 0; round < 300; ++round) {
        std::vector<float> row(width);
        for (float& v : row) v = round % 3 == 0 ? random() : 0.0f;
        if (round % 3 != 0) row[std::size_t(random.below(width))] = random() * 1e20f;
        if (round % 3 == 2) row[std::size_t(random.below(width))] = random() * 1e20f;
        if (round == 299) std::fill(row.begin(), row.end(), 1e-44f);
        one->put(0, row.data());
        for (int i = 0; i < width; i += 8)
            for (int k = i; k < i + 4; k += 2) {
                int sum = 0;
                for (int j : {k, k + 1, k + 4, k + 5}) {
                    const int q = std::abs(int(one->data[bytes::place(0, j)]));
                    sum += q, most = std::max(most, q);
                }
                largest = std::max(largest, sum);
            }
    }
    BOOST_TEST(largest <= fits_in_pairs);
    BOOST_TEST(largest > fits_in_pairs - 6); // no more is given away than rounding needs
    BOOST_TEST(most <= 127);
    BOOST_TEST(most > 90);
}

BOOST_AUTO_TEST_SUITE_END()
