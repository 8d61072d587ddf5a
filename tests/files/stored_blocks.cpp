#include <boost/test/unit_test.hpp>

#include "constformer/core/matrix.hpp"
#include "constformer/files/checkpoint.hpp"
#include "constformer/files/stored_blocks.hpp"
#include "gguf_support.hpp"

#include <memory>
#include <random>

using namespace constformer;
using namespace files_test;

namespace stored_blocks_test {
struct layer {
    matrix<3, 64, q8> eight;
    matrix<3, 64, q4> four;
};
constexpr name both_of_one[] = {{"eight", "w", {.part = 1, .of = 2}}, {"four", "w", {.part = 0, .of = 2}}};

// `count` blocks of a type, random bits with finite halves.
std::vector<std::byte> random_blocks(dtype type, std::size_t count, std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto each = static_cast<std::size_t>(facts(type).bits) / 8;
    std::vector<std::byte> bytes(count * each);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    for (std::size_t b = 0; b < count; ++b)
        for (std::size_t half = 0; half < (type == dtype::q4_1 ? 2u : 1u); ++half)
            bytes[b * each + 2 * half + 1] &= std::byte{0xaf}; // up to 3 · 2^4: also negative and subnormal
    return bytes;
}
// The tensor w of a GGUF file, (6, 64), in both leaves.
std::string pack_into(layer& to, dtype type, std::uint32_t number, std::span<const std::byte> blocks) {
    const directory here;
    const std::string data(reinterpret_cast<const char*>(blocks.data()), blocks.size());
    files_test::put(here / "a.gguf", gguf_file(0, "", 1, gguf_tensor("w", {64, 6}, number, 0), data));
    const auto file = open_tensors(here / "a.gguf");
    if (!file) return sentence(file);
    BOOST_TEST((file->find("w") && file->find("w")->type == type));
    return sentence(pack(*file, to, both_of_one));
}
} // namespace stored_blocks_test
using namespace stored_blocks_test;

BOOST_AUTO_TEST_SUITE(files_stored_blocks)

// Every number is what decoding makes of it, bit by bit.
BOOST_AUTO_TEST_CASE(a_kept_block_means_what_it_meant) {
    for (const auto type : {dtype::q8_0, dtype::q4_0, dtype::q4_1, dtype::q5_0})
        for (const auto e : {q8, q4}) {
            if (!keeps_blocks(e, type)) continue;
            const auto bytes = random_blocks(type, 50, 21);
            const stored_tensor tensor{"w", type, {50, 32}, bytes};
            std::vector<float> values(tensor.elements());
            same(sentence(to_float(tensor, values)), "");
            for (std::size_t b = 0; b < 50; ++b) {
                const auto kept = kept_block(tensor, b, e);
                BOOST_REQUIRE(kept);
                for (int i = 0; i < block_size; ++i)
                    BOOST_TEST((*kept)[i] == values[b * 32 + static_cast<std::size_t>(i)],
                               facts(type).name << " as " << name_of(e) << ", block " << b << ", number " << i);
            }
        }
    BOOST_TEST((!keeps_blocks(q8, dtype::q4_1) && !keeps_blocks(q4, dtype::q8_0) && !keeps_blocks(i8, dtype::q8_0)));
    BOOST_TEST((!keeps_blocks(q8, dtype::f32) && !keeps_blocks(q4, dtype::q4_k) && !keeps_blocks(f32, dtype::q4_0)));
}

BOOST_AUTO_TEST_CASE(matrices_in_blocks_take_the_integers_of_a_file) {
    const auto weights = std::make_unique<layer>();
    for (const auto& [type, number] : {std::pair{dtype::q8_0, 8u}, {dtype::q4_0, 2u}, {dtype::q4_1, 3u}}) {
        const auto bytes = random_blocks(type, 12, 22);
        same(pack_into(*weights, type, number, bytes), "");
        std::vector<float> values(6 * 64);
        same(sentence(to_float({"w", type, {6, 64}, bytes}, values)), "");
        double eight = 0, four = 0;
        for (int r = 0; r < 3; ++r)
            for (int c = 0; c < 64; ++c) {
                eight = std::max(eight, std::abs(double(weights->eight.at(r, c)) -
                                                 values[static_cast<std::size_t>((r + 3) * 64 + c)]));
                four = std::max(
                    four, std::abs(double(weights->four.at(r, c)) - values[static_cast<std::size_t>(r * 64 + c)]));
            }
        // what is not kept is rounded
        BOOST_TEST((keeps_blocks(q8, type) ? eight == 0 : eight > 0));
        BOOST_TEST((keeps_blocks(q4, type) ? four == 0 : four > 0));
    }
}

// -8 times this scale is more than a half can say: the row is rounded, and no infinity gets in.
BOOST_AUTO_TEST_CASE(a_scale_too_large_to_be_moved_is_rounded) {
    auto bytes = random_blocks(dtype::q4_0, 12, 23);
    bytes[18] = std::byte{0xff}, bytes[19] = std::byte{0x70}; // 2^13 · 1.25
    BOOST_TEST(!kept_block({"w", dtype::q4_0, {6, 64}, bytes}, 1, q4));
    BOOST_TEST(kept_block({"w", dtype::q4_0, {6, 64}, bytes}, 1, q8).has_value());
    const auto weights = std::make_unique<layer>();
    same(pack_into(*weights, dtype::q4_0, 2, bytes), "");
    for (int c = 0; c < 64; ++c) BOOST_TEST(std::isfinite(weights->four.at(0, c)));
}

BOOST_AUTO_TEST_CASE(scales_that_are_not_finite_are_refused) {
    const auto weights = std::make_unique<layer>();
    for (const std::size_t at : {0u, 2u}) { // scale, least
        auto bytes = random_blocks(dtype::q4_1, 12, 24);
        bytes[at] = std::byte{0}, bytes[at + 1] = std::byte{0x7c};
        BOOST_TEST(pack_into(*weights, dtype::q4_1, 3, bytes).find("our ") != std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
