#include <boost/test/unit_test.hpp>

#include "constformer/files/stored_tensor.hpp"
#include "support.hpp"

#include <cmath>
#include <limits>

using namespace constformer;
using namespace files_test;

namespace {
template <class T> float only_value(dtype type, T bits) {
    float value = 0;
    const stored_tensor tensor{"x", type, {1}, std::as_bytes(std::span(&bits, 1))};
    same(sentence(to_float(tensor, std::span(&value, 1))), "");
    return value;
}
float f16(std::uint16_t bits) { return only_value(dtype::f16, bits); }
float bf16(std::uint16_t bits) { return only_value(dtype::bf16, bits); }
} // namespace

BOOST_AUTO_TEST_SUITE(files_stored_tensor)

BOOST_AUTO_TEST_CASE(halves_are_exact) {
    BOOST_TEST(f16(0x3c00) == 1.0f);
    BOOST_TEST(f16(0xc000) == -2.0f);
    BOOST_TEST(f16(0x7bff) == 65504.0f);
    BOOST_TEST(f16(0x0001) == std::ldexp(1.0f, -24));
    BOOST_TEST(f16(0x83ff) == -1023 * std::ldexp(1.0f, -24));
    BOOST_TEST(f16(0x0400) == std::ldexp(1.0f, -14));
    BOOST_TEST(f16(0x3555) == 0.333251953125f);
    BOOST_TEST((f16(0x8000) == 0.0f && std::signbit(f16(0x8000))));
    BOOST_TEST(f16(0x7c00) == std::numeric_limits<float>::infinity());
    BOOST_TEST(std::isnan(f16(0x7e00)));
    BOOST_TEST(bf16(0x3f80) == 1.0f);
    BOOST_TEST(bf16(0xff80) == -std::numeric_limits<float>::infinity());
    BOOST_TEST(only_value(dtype::f64, 0.1) == 0.1f);
    BOOST_TEST(only_value(dtype::f32, 0.1f) == 0.1f);
}

BOOST_AUTO_TEST_CASE(every_half_keeps_its_value_and_order) {
    float before = 0;
    for (std::uint16_t bits = 1; bits < 0x7c00; ++bits) {
        const float value = f16(bits);
        BOOST_REQUIRE(value > before);
        BOOST_REQUIRE(f16(static_cast<std::uint16_t>(bits | 0x8000)) == -value);
        before = value;
    }
}

BOOST_AUTO_TEST_CASE(reads_a_range_at_any_alignment) {
    std::vector<std::byte> bytes(1 + 4 * sizeof(float));
    const float values[] = {1, 2, 3, 4};
    std::memcpy(bytes.data() + 1, values, sizeof values);
    const stored_tensor tensor{"x", dtype::f32, {2, 2}, std::span(bytes).subspan(1)};
    std::vector<float> out(2);
    same(sentence(to_float(tensor, out, 1)), "");
    BOOST_TEST(out == (std::vector<float>{2, 3}), boost::test_tools::per_element());
    same(sentence(to_float(tensor, out, 3)), "x holds 4 values, not 3 + 2");
    same(sentence(to_float(tensor, out, SIZE_MAX)), "x holds 4 values, not 18446744073709551615 + 2");
    same(sentence(to_float(tensor, {}, 4)), "");
}

BOOST_AUTO_TEST_CASE(whole_numbers) {
    const std::int32_t ids[] = {101, -7};
    std::vector<std::int64_t> out(2);
    stored_tensor tensor{"ids", dtype::i32, {2}, std::as_bytes(std::span(ids))};
    same(sentence(to_int64(tensor, out)), "");
    BOOST_TEST(out == (std::vector<std::int64_t>{101, -7}), boost::test_tools::per_element());
    tensor.type = dtype::f32;
    same(sentence(to_int64(tensor, out)), "ids is F32, needed is a type of whole numbers");
    out.resize(3);
    same(sentence(to_int64(tensor, out)), "ids holds 2 values, not 3");
    const unsigned char mask[] = {0, 1, 255};
    const stored_tensor booleans{"mask", dtype::boolean, {3}, std::as_bytes(std::span(mask))};
    same(sentence(to_int64(booleans, out)), "");
    BOOST_TEST(out == (std::vector<std::int64_t>{0, 1, 1}), boost::test_tools::per_element());
    std::vector<float> reals(3);
    same(sentence(to_float(booleans, reals)), "mask is BOOL, needed is a type of real numbers");
}

BOOST_AUTO_TEST_CASE(sizes) {
    const std::int64_t huge[] = {std::int64_t{1} << 62, 4, 0}, odd[] = {3}, none[] = {0, std::int64_t{1} << 62};
    BOOST_TEST(bytes_needed(dtype::f32, {}).value() == 4u);
    BOOST_TEST(!bytes_needed(dtype::u8, huge));
    BOOST_TEST(!bytes_needed(dtype::f4, odd));
    BOOST_TEST(bytes_needed(dtype::f32, none).value() == 0u);
    for (std::size_t i = 0; i < dtypes.size(); ++i) {
        const auto type = static_cast<dtype>(i);
        if (is_quantized(type)) // no name of safetensors
            BOOST_TEST(!find_dtype(dtypes[i].name));
        else
            BOOST_TEST((find_dtype(dtypes[i].name) == type));
    }
    const std::int64_t two_rows[] = {2, 64}, half_a_block[] = {64, 16}, wide[] = {std::int64_t{1} << 58, 32};
    BOOST_TEST(bytes_needed(dtype::q8_0, two_rows).value() == 4u * 34);
    BOOST_TEST(bytes_needed(dtype::q8_0, none).value() == 0u);
    BOOST_TEST(!bytes_needed(dtype::q4_k, two_rows));
    BOOST_TEST(!bytes_needed(dtype::q8_0, half_a_block));
    BOOST_TEST(!bytes_needed(dtype::q8_0, {}));
    BOOST_TEST(!bytes_needed(dtype::q8_0, wide));
}

BOOST_AUTO_TEST_CASE(names_in_sentences) {
    same(spell("encoder.layer.0.weight"), "encoder.layer.0.weight");
    same(spell(std::string_view()), "\"\"");
    same(spell("a b\n\x1b[2J\""), "\"a b\\x0a\\x1b[2J\\x22\"");
    same(spell(std::string(1000, 'a')), std::string(60, 'a') + "..." + std::string(60, 'a'));
    same(spell(std::vector<std::int64_t>{72, 40}), "(72, 40)");
    same(spell(std::vector<std::int64_t>{}), "()");
}

BOOST_AUTO_TEST_SUITE_END()
