#include <boost/test/unit_test.hpp>

#include "gguf_support.hpp"

using namespace constformer;
using namespace files_test;
using namespace std::string_literals;
using t = gguf_type;

namespace {
std::string refusal(const std::string& file) {
    const auto bytes = bytes_of(file);
    std::string why = sentence(gguf::view(bytes));
    constexpr std::string_view subject = "gguf: ";
    BOOST_TEST((why.empty() || why.starts_with(subject)));
    return why.empty() ? "" : why.substr(subject.size());
}
std::string refusal_of_values(std::uint64_t count, const std::string& values) {
    return refusal(gguf_file(count, values, 0, "", ""));
}
std::string refusal_of_tensors(std::uint64_t count, const std::string& tensors, std::size_t data_bytes) {
    return refusal(gguf_file(0, "", count, tensors, std::string(data_bytes, '\1')));
}
std::string refusal_of_one(std::initializer_list<std::uint64_t> shape, std::uint32_t type, std::uint64_t offset,
                           std::size_t data_bytes) {
    return refusal_of_tensors(1, gguf_tensor("a", shape, type, offset), data_bytes);
}
} // namespace

BOOST_AUTO_TEST_SUITE(files_gguf)

BOOST_AUTO_TEST_CASE(reads_what_is_there) {
    const std::string sample = gguf_sample();
    const auto bytes = bytes_of(sample);
    const auto file = gguf::view(bytes);
    BOOST_REQUIRE(file);
    BOOST_TEST(file->version() == 3u);
    BOOST_TEST(file->alignment() == 8u);
    BOOST_TEST(file->metadata().size() == 17u);
    std::string order;
    for (const auto& tensor : *file)
        order += tensor.name + " " + std::string(facts(tensor.type).name) + spell(tensor.shape) + ";";
    same(order, "w Q8_0(2, 32);x F32(3);y F16(2, 1, 2);none F32(0);z I64(2);");
    BOOST_TEST((file->find("x")->bytes.data() == bytes.data() + bytes.size() - 112 + 72));
    BOOST_TEST(file->find("x")->bytes.size() == 12u);
    BOOST_TEST(file->find("w")->elements() == 64u);
    BOOST_TEST(file->find("v") == nullptr);
    BOOST_TEST(file->find_metadata("q") == nullptr);
    BOOST_TEST(gguf::begins(bytes));
    BOOST_TEST(!gguf::begins(std::span(bytes).first(3)));
    BOOST_TEST(!gguf::begins(bytes_of("GGUX")));
}

// What the `gguf` package wrote.
BOOST_AUTO_TEST_CASE(reads_the_golden_file) {
    const auto file = gguf::open(CONSTFORMER_TESTS "/golden/gguf/blocks.gguf");
    same(sentence(file), "");
    BOOST_TEST(file->alignment() == 64u);
    BOOST_TEST(*file->text("general.architecture") == "test");
    BOOST_TEST(*file->whole("one.uint32") == 4000000000);
    BOOST_TEST(*file->whole("one.int64") == std::numeric_limits<std::int64_t>::min());
    BOOST_TEST(*file->real("one.float64") == 0.1);
    BOOST_TEST(*file->real("one.float32") == double{0.1f});
    BOOST_TEST(*file->flag("one.bool"));
    BOOST_TEST(*file->text("one.string") == "na\xc3\xafve\n");
    const auto ids = file->wholes("all.int16");
    BOOST_REQUIRE(ids);
    BOOST_TEST(*ids == (std::vector<std::int64_t>{-30000, 0, 1}), boost::test_tools::per_element());
    const auto reals = file->reals("all.float64");
    BOOST_REQUIRE(reals);
    BOOST_TEST(*reals == (std::vector<double>{0.1, 0, 1}), boost::test_tools::per_element());
    const auto texts = file->texts("all.string");
    BOOST_REQUIRE(texts);
    BOOST_TEST(*texts == (std::vector<std::string_view>{"", "a b", "\u2581\U0001f600"}),
               boost::test_tools::per_element());
    BOOST_TEST(file->find_metadata("all.array")->count == 2u);
    BOOST_TEST((file->find("f32.weight")->shape == std::vector<std::int64_t>{2, 1, 3, 5}));
}

BOOST_AUTO_TEST_CASE(opens_a_file_and_names_it) {
    const directory here;
    put(here / "a", gguf_sample());
    auto file = gguf::open(here / "a");
    BOOST_REQUIRE(file);
    const gguf moved = std::move(*file);
    BOOST_TEST(*moved.text("i") == "na\xc3\xafve");
    BOOST_TEST(moved.find("z")->bytes.size() == 16u);
    same(sentence(moved.text("nothing")), (here / "a") + ": nothing is missing, needed is a text");
    put(here / "b", "GGUF");
    same(sentence(gguf::open(here / "b")),
         (here / "b") + ": the head needs 4 bytes at byte 4, the file ends at byte 4");
    same(sentence(gguf::open(here / "c")), (here / "c") + ": cannot be opened: No such file or directory");
}

BOOST_AUTO_TEST_CASE(values_are_asked_for_as_what_they_must_be) {
    const auto bytes = bytes_of(gguf_sample());
    const auto file = gguf::view(bytes);
    BOOST_REQUIRE(file);
    same(sentence(file->whole("x")), "gguf: x is missing, needed is a whole number below 2^63");
    same(sentence(file->whole("k")), "gguf: k is U64, needed is a whole number below 2^63");
    same(sentence(file->whole("i")), "gguf: i is STRING, needed is a whole number below 2^63");
    same(sentence(file->real("a")), "gguf: a is U8, needed is a floating-point number");
    same(sentence(file->flag("n")), "gguf: n is ARRAY of I16, needed is a boolean");
    same(sentence(file->text("a")), "gguf: a is U8, needed is a text");
    same(sentence(file->texts("x")), "gguf: x is missing, needed is an array of texts");
    same(sentence(file->texts("i")), "gguf: i is STRING, needed is an array of texts");
    same(sentence(file->texts("n")), "gguf: element 0 of n is I16, needed are texts");
    same(sentence(file->wholes("o")), "gguf: element 0 of o is ARRAY of U8, needed are whole numbers below 2^63");
    same(sentence(file->reals("j")), "gguf: element 0 of j is STRING, needed are floating-point numbers");
}

BOOST_AUTO_TEST_CASE(heads) {
    same(refusal(""), "the head needs 4 bytes at byte 0, the file ends at byte 0");
    same(refusal("GGML" + u32(3)), "the file begins with GGML, not with GGUF");
    same(refusal("\x1b[2J" + u32(3)), "the file begins with \"\\x1b[2J\", not with GGUF");
    same(refusal("GGUF" + u32(1) + u64(0)), "the file is of version 1, 2 and 3 are read");
    same(refusal("GGUF" + u32(4)), "the file is of version 4, 2 and 3 are read");
    same(refusal("GGUF" + u32(0)), "the file is of version 0, 2 and 3 are read");
    same(refusal("GGUF" + u32(3u << 24)), "the file is big-endian, only little-endian ones are read");
    same(refusal("GGUF" + u32(3) + u64(1) + "a"), "the head needs 8 bytes at byte 16, the file ends at byte 17");
    same(refusal(gguf_head(0, 0)), "");
    same(refusal(gguf_head(0, 0, 2)), "");
    same(refusal(gguf_head(0, 0) + "12345678"), ""); // padding
    same(refusal(gguf_head(0, 0) + "123456789"), "the tensors cover 0 bytes of data, the file holds 1");
    for (const std::uint64_t n : {1ull, 1ull << 32, 1ull << 60, ~0ull}) {
        same(refusal(gguf_head(n, 0)),
             "the file says that it holds 0 values and " + std::to_string(n) + " tensors, more than its 24 bytes can");
        same(refusal(gguf_head(0, n)),
             "the file says that it holds " + std::to_string(n) + " values and 0 tensors, more than its 24 bytes can");
    }
}

BOOST_AUTO_TEST_CASE(metadata) {
    const std::string a = gguf_pair("a", t::u8, "1");
    same(refusal_of_values(1, a), "");
    same(refusal_of_values(1, gguf_pair("", t::u8, "1")), "");
    same(refusal_of_values(2, a + a), "the key a is there twice");
    same(refusal_of_values(1, gguf_pair("k\xff", t::u8, "1")), "the key of value 0 of 1 is not UTF-8 at byte 33");
    same(refusal(gguf_head(0, 1) + u64(1ull << 63) + "abcde"),
         "the key of value 0 of 1 needs 9223372036854775808 bytes at byte 32, the file ends at byte 37");
    same(refusal_of_values(1, gguf_text("a") + u32(13)), "a, value 0 of 1, has the unknown type 13, 0 to 12 are known");
    same(refusal(gguf_head(0, 1) + gguf_text("a") + u32(4)),
         "a, value 0 of 1, needs 4 bytes at byte 37, the file ends at byte 37");
    same(refusal_of_values(1, gguf_pair("a\nb", t::boolean, "2")),
         "\"a\\x0ab\", value 0 of 1, holds the boolean 50, needed is 0 or 1");
    same(refusal_of_values(1, gguf_pair("a", t::array, gguf_array(t::u32, 1ull << 62, ""))),
         "a, value 0 of 1, is an array of 4611686018427387904 elements of type U32, but only 15 bytes follow");
}

BOOST_AUTO_TEST_CASE(alignments) {
    const auto with = [](const std::string& value, t type = t::u32) {
        return refusal_of_values(1, gguf_pair("general.alignment", type, value));
    };
    same(with(u32(32)), "");
    same(with(u32(1u << 31)), "");
    same(with(u32(0)), "general.alignment is 0, needed is a power of two");
    same(with(u32(24)), "general.alignment is 24, needed is a power of two");
    same(with(u64(32), t::u64), "general.alignment is of type U64, needed is U32");
    same(with(gguf_text("32"), t::string), "general.alignment is of type STRING, needed is U32");
    same(refusal(gguf_file(1, gguf_pair("general.alignment", t::u32, u32(1u << 31)), 1, gguf_tensor("a", {4}, 0, 0),
                           std::string(16, '\1'))),
         "tensor a, F32 (4), needs 16 bytes at byte 0 of the data, the file holds 0");
}

BOOST_AUTO_TEST_CASE(tensors) {
    same(refusal_of_one({2, 3}, 0, 0, 24), "");
    same(refusal_of_one({}, 0, 0, 4), "");
    same(refusal_of_one({2, 3}, 0, 0, 32), ""); // padded
    same(refusal_of_one({2, 3}, 0, 0, 33), "the tensors cover 24 bytes of data, the file holds 33");
    same(refusal_of_one({2, 3}, 0, 0, 23),
         "tensor a, F32 (3, 2), needs 24 bytes at byte 0 of the data, the file holds 23");
    same(refusal_of_one({1, 1, 1, 1, 1}, 0, 0, 4), "tensor a has 5 dimensions, at most 4 are allowed");
    same(refusal_of_one({1ull << 63}, 0, 0, 4),
         "tensor a has the length 9223372036854775808, needed is one below 2^63");
    same(refusal_of_one({1ull << 32, 1ull << 32}, 0, 0, 0),
         "tensor a: F32 (4294967296, 4294967296) is not a size below 2^64 bits");
    same(refusal_of_one({1ull << 32, 1ull << 32, 0}, 0, 0, 0), ""); // empty, however long its rows
    same(refusal_of_one({0, 1ull << 32, 1ull << 32}, 0, 0, 0),
         "tensor a: F32 (4294967296, 4294967296, 0) is not a size below 2^64 bits");
    same(refusal_of_one({(1ull << 61) + 1, 8}, 0, 0, 32),
         "tensor a: F32 (8, 2305843009213693953) is not a size below 2^64 bits");
    same(refusal_of_one({32, 1ull << 58}, 8, 0, 32),
         "tensor a: Q8_0 (288230376151711744, 32) is not a size below 2^64 bits");
    same(refusal_of_one({16, 2}, 8, 0, 34), "tensor a: Q8_0 (2, 16) needs rows of whole blocks of 32");
    same(refusal_of_one({32, 8}, 14, 0, 210), "tensor a: Q6_K (8, 32) needs rows of whole blocks of 256");
    same(refusal_of_one({}, 8, 0, 34), "tensor a: Q8_0 () needs rows of whole blocks of 32");
    same(refusal_of_one({32}, 4, 0, 20), "tensor a has the unknown type 4");
    same(refusal_of_one({32}, 42, 0, 20), "tensor a has the unknown type 42");
    same(refusal_of_one({32}, ~0u, 0, 20), "tensor a has the unknown type 4294967295");
    same(refusal_of_one({256}, 10, 0, 84),
         "tensor a is Q2_K, which is not read; F64, F32, F16, BF16, Q8_0, Q4_0, Q4_1, "
         "Q5_0, Q5_1, Q4_K, Q5_K, Q6_K and I8 to I64 are");
    same(refusal_of_one({1}, 0, 4, 8), "tensor a begins at byte 4 of the data, needed is a multiple of 32");
    same(refusal_of_one({1}, 0, ~31ull, 8),
         "tensor a, F32 (1), needs 4 bytes at byte 18446744073709551584 of the data, the file holds 8");
    same(refusal_of_tensors(1, gguf_tensor("\xff", {1}, 0, 0), 4), "the name of tensor 0 of 1 is not UTF-8 at byte 32");
    same(refusal(gguf_head(1, 0) + gguf_text("a") + u32(1) + u64(4) + "123"),
         "tensor a: its type needs 4 bytes at byte 45, the file ends at byte 48");
}

BOOST_AUTO_TEST_CASE(overlaps_and_holes) {
    const auto two = [](std::uint64_t a, std::uint64_t b, std::size_t bytes) {
        return refusal_of_tensors(2, gguf_tensor("a", {10}, 0, a) + gguf_tensor("b", {8}, 0, b), bytes);
    };
    same(two(0, 64, 96), "");
    same(two(32, 0, 72), "");
    same(two(0, 0, 64), "tensor a at [0, 40] overlaps tensor b at [0, 32]");
    same(two(0, 32, 64), "tensor b at [32, 64] overlaps tensor a at [0, 40]");
    same(two(0, 96, 128), "no tensor covers bytes 40 to 96 of the data, before tensor b");
    same(two(32, 96, 128), "no tensor covers bytes 0 to 32 of the data, before tensor a");
    same(two(0, 64, 97), "the tensors cover 96 bytes of data, the file holds 97");
    same(refusal_of_tensors(2, gguf_tensor("a", {8}, 0, 0) + gguf_tensor("a", {8}, 0, 32), 64),
         "tensor a is there twice");
    const auto empty_at = [](std::uint64_t at) {
        return refusal_of_tensors(2, gguf_tensor("a", {16}, 0, 0) + gguf_tensor("b", {0, 7}, 0, at), 64);
    };
    same(empty_at(0), "");
    same(empty_at(64), "");
    same(empty_at(32), "tensor b at [32, 32] overlaps tensor a at [0, 64]");
    same(empty_at(96), "tensor b, F32 (7, 0), needs 0 bytes at byte 96 of the data, the file holds 64");
}

BOOST_AUTO_TEST_SUITE_END()
