#include <boost/test/unit_test.hpp>

#include "constformer/files/safetensors.hpp"
#include "constformer/files/write_safetensors.hpp"
#include "support.hpp"

#include <array>
#include <sys/resource.h>

using namespace constformer;
using namespace files_test;

namespace {
constexpr std::array<float, 4> reals{1, -2, 0.5f, 3};
constexpr std::array<std::int64_t, 2> ids{101, -102};
constexpr std::array<std::int64_t, 2> square{2, 2};
constexpr std::array<std::int64_t, 1> pair{2};
tensor_view real(std::string_view name) { return {name, dtype::f32, square, std::as_bytes(std::span(reals))}; }
} // namespace

BOOST_AUTO_TEST_SUITE(files_write_safetensors)

BOOST_AUTO_TEST_CASE(round_trip) {
    const directory here;
    const unsigned char one = 1;
    const tensor_view tensors[] = {{"mask", dtype::boolean, {}, std::as_bytes(std::span(&one, 1))},
                                   real("b"),
                                   {"ids", dtype::i64, pair, std::as_bytes(std::span(ids))},
                                   real("a \"quoted\"\\\n\x01 n\xc3\xa4me")};
    const std::pair<std::string_view, std::string_view> metadata[] = {{"format", "pt"}, {"by", "a \"test\""}};
    same(sentence(write_safetensors(here / "a", tensors, metadata)), "");
    const auto file = safetensors::open(here / "a");
    same(sentence(file), "");
    BOOST_TEST(file->size() == 4u);
    BOOST_TEST(file->metadata().size() == 2u);
    same(file->metadata()[1].second, "a \"test\"");
    for (const auto& tensor : tensors) {
        const auto* found = file->find(tensor.name);
        BOOST_REQUIRE(found);
        BOOST_TEST((found->type == tensor.type));
        BOOST_TEST(found->shape == std::vector<std::int64_t>(tensor.shape.begin(), tensor.shape.end()),
                   boost::test_tools::per_element());
        BOOST_TEST(std::memcmp(found->bytes.data(), tensor.bytes.data(), tensor.bytes.size()) == 0);
        BOOST_TEST(reinterpret_cast<std::uintptr_t>(found->bytes.data()) % (std::size_t(facts(tensor.type).bits) / 8) ==
                   0u);
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_a_file) {
    const directory here;
    same(sentence(write_safetensors(here / "a", {})), "");
    same(get(here / "a"), std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
    BOOST_TEST(safetensors::open(here / "a")->size() == 0u);
}

BOOST_AUTO_TEST_CASE(writes_only_what_can_be_read) {
    const directory here;
    const auto refusal = [&](std::initializer_list<tensor_view> tensors) {
        const std::string why = sentence(write_safetensors(here / "a", std::span(tensors.begin(), tensors.size())));
        BOOST_CHECK(why.starts_with((here / "a") + ": "));
        return why.substr((here / "a").size() + 2);
    };
    same(refusal({real("a"), real("a")}), "tensor a is there twice");
    same(refusal({real("__metadata__")}), "a tensor cannot be named __metadata__");
    same(refusal({real("\xff")}).substr(0, 30), "the header is not valid UTF-8 ");
    same(refusal({{"a", dtype::f32, pair, std::as_bytes(std::span(reals))}}),
         "tensor a: F32 (2) needs 8 bytes, its offsets [0, 16] cover 16");
    constexpr std::array<std::int64_t, 2> negative{-2, -2};
    same(refusal({{"a", dtype::f32, negative, std::as_bytes(std::span(reals))}}),
         "tensor a: shape holds a negative number");
    BOOST_TEST(here.files() == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_the_old_file) {
    const directory here;
    put(here / "a", "old");
    const std::vector<std::byte> large(1 << 16);
    constexpr std::array<std::int64_t, 1> shape{1 << 16};
    const tensor_view tensors[] = {{"x", dtype::u8, shape, large}};
    rlimit before{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit small{4096, before.rlim_max};
    BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const std::string why = sentence(write_safetensors(here / "a", tensors));
    ::setrlimit(RLIMIT_FSIZE, &before);
    same(why, (here / "a") + ": cannot be written: File too large; nothing was changed");
    same(get(here / "a"), "old");
    BOOST_TEST(here.files() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
