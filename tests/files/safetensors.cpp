#include <boost/test/unit_test.hpp>

#include "constformer/files/safetensors.hpp"
#include "support.hpp"

#include <random>

using namespace constformer;
using namespace files_test;

namespace {
std::string length(std::uint64_t n) {
    std::string text(8, '\0');
    std::memcpy(text.data(), &n, 8);
    return text;
}
std::string file_of(const std::string& header, std::size_t data_bytes) {
    return length(header.size()) + header + std::string(data_bytes, '\1');
}
std::string refusal(const std::string& file) {
    const auto bytes = bytes_of(file);
    std::string why = sentence(safetensors::view(bytes));
    constexpr std::string_view subject = "safetensors: ";
    BOOST_TEST((why.empty() || why.starts_with(subject)));
    return why.empty() ? "" : why.substr(subject.size());
}
std::string refusal(const std::string& header, std::size_t data_bytes) { return refusal(file_of(header, data_bytes)); }
std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
    return '"' + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets + "]}";
}
std::string refusal_of_one(const std::string& dtype, const std::string& shape, const std::string& offsets,
                           std::size_t data_bytes) {
    return refusal("{" + tensor("a", dtype, shape, offsets) + "}", data_bytes);
}
} // namespace

BOOST_AUTO_TEST_SUITE(files_safetensors)

BOOST_AUTO_TEST_CASE(reads_what_is_there) {
    const std::string header = "{\"__metadata__\":{\"format\":\"pt\"}," + tensor("b", "F32", "2,2", "8,24") + "," +
                               tensor("a", "I64", "1", "0,8") + "," + tensor("s", "U8", "", "24,25") + "," +
                               tensor("none", "F32", "0,7", "8,8") + "}   ";
    const auto bytes = bytes_of(file_of(header, 25));
    const auto file = safetensors::view(bytes);
    BOOST_REQUIRE(file);
    BOOST_TEST(file->size() == 4u);
    std::string order;
    for (const auto& tensor : *file) order += tensor.name + " ";
    BOOST_TEST(order == "a none b s ");
    const stored_tensor* b = file->find("b");
    BOOST_REQUIRE(b);
    BOOST_TEST(facts(b->type).name == "F32");
    BOOST_TEST(b->shape == (std::vector<std::int64_t>{2, 2}), boost::test_tools::per_element());
    BOOST_TEST(b->bytes.size() == 16u);
    BOOST_TEST(b->elements() == 4u);
    BOOST_TEST((b->bytes.data() == bytes.data() + 8 + header.size() + 8));
    BOOST_TEST(file->find("none")->elements() == 0u);
    BOOST_TEST(file->find("s")->elements() == 1u);
    BOOST_TEST(file->find("c") == nullptr);
    BOOST_TEST(file->find("") == nullptr);
    BOOST_REQUIRE(file->metadata().size() == 1u);
    BOOST_TEST(file->metadata()[0].second == "pt");
}

BOOST_AUTO_TEST_CASE(opens_a_file_and_names_it) {
    const directory here;
    put(here / "a", file_of("{" + tensor("x", "F32", "1", "0,4") + "}", 4));
    auto file = safetensors::open(here / "a");
    BOOST_REQUIRE(file);
    safetensors moved = std::move(*file);
    BOOST_TEST(moved.find("x")->bytes.size() == 4u);
    put(here / "b", "short");
    same(sentence(safetensors::open(here / "b")), (here / "b") + ": 5 bytes are too few for a safetensors file");
    same(sentence(safetensors::open(here / "c")), (here / "c") + ": cannot be opened: No such file or directory");
}

BOOST_AUTO_TEST_CASE(no_tensors_is_a_file_too) {
    same(refusal("{}", 0), "");
    same(refusal("{}", 1), "the tensors cover 0 bytes of data, the file holds 1");
    same(refusal("{\"__metadata__\":{}}", 0), "");
}

BOOST_AUTO_TEST_CASE(header_length) {
    same(refusal(""), "0 bytes are too few for a safetensors file");
    same(refusal(length(3) + "{}"), "the header's length is 3 bytes, but only 2 follow");
    same(refusal(length(0)), "the header does not begin with {");
    for (const std::uint64_t n : {100'000'001ull, 1ull << 63, ~0ull, ~0ull - 7})
        same(refusal(length(n) + "{}"), "the header's length is " + std::to_string(n) +
                                            " bytes, at most 100000000 are allowed: not a safetensors file?");
    same(refusal(length(100'000'000) + "{}"), "the header's length is 100000000 bytes, but only 2 follow");
}

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
    const std::string whole = file_of("{" + tensor("a", "F32", "2", "0,8") + "}", 8);
    same(refusal(whole), "");
    for (std::size_t size = 0; size < whole.size(); ++size) BOOST_TEST(refusal(whole.substr(0, size)) != "");
    same(refusal(whole + "x"), "the tensors cover 8 bytes of data, the file holds 9");
}

BOOST_AUTO_TEST_CASE(shapes_that_wrap) {
    same(refusal_of_one("F32", "4294967296,4294967296", "0,0", 0),
         "tensor a: F32 (4294967296, 4294967296) is not a size below 2^64 bits in whole bytes");
    same(refusal_of_one("F32", "2305843009213693953,8", "0,32", 32),
         "tensor a: F32 (2305843009213693953, 8) is not a size below 2^64 bits in whole bytes");
    same(refusal_of_one("F32", "4611686018427387905", "0,4", 4),
         "tensor a: F32 (4611686018427387905) is not a size below 2^64 bits in whole bytes");
    same(refusal_of_one("F32", "4294967296,4294967296,0", "0,0", 0),
         "tensor a: F32 (4294967296, 4294967296, 0) is not a size below 2^64 bits in whole bytes");
    same(refusal_of_one("U8", "9223372036854775808", "0,8", 8), "tensor a: shape holds a length of 2^63 or more");
    same(refusal_of_one("U8", "18446744073709551616", "0,0", 0),
         "tensor a: shape holds a number that is not whole or not below 2^64");
    same(refusal_of_one("F4", "3", "0,1", 1), "tensor a: F4 (3) is not a size below 2^64 bits in whole bytes");
    std::string many = "1";
    for (int i = 0; i < 64; ++i) many += ",1";
    same(refusal_of_one("U8", many, "0,1", 1), "tensor a: shape holds more than 64 dimensions");
}

BOOST_AUTO_TEST_CASE(offsets) {
    same(refusal_of_one("F32", "2,2", "0,8", 8), "tensor a: F32 (2, 2) needs 16 bytes, its offsets [0, 8] cover 8");
    same(refusal_of_one("F32", "2,2", "0,32", 32), "tensor a: F32 (2, 2) needs 16 bytes, its offsets [0, 32] cover 32");
    same(refusal_of_one("F32", "0", "0,4", 4), "tensor a: F32 (0) needs 0 bytes, its offsets [0, 4] cover 4");
    same(refusal_of_one("F32", "2", "0,8", 4), "tensor a ends at byte 8 of the data, the file holds 4");
    same(refusal_of_one("F32", "1", "-4,0", 4), "tensor a: data_offsets holds a negative number");
    same(refusal_of_one("F32", "-1", "0,4", 4), "tensor a: shape holds a negative number");
    same(refusal_of_one("F32", "1", "4,0", 4), "tensor a: data_offsets [4, 0] are reversed");
    same(refusal_of_one("F32", "1", "18446744073709551612,0", 4),
         "tensor a: data_offsets [18446744073709551612, 0] are reversed");
    same(refusal_of_one("F32", "1", "18446744073709551608,18446744073709551612", 4),
         "tensor a ends at byte 18446744073709551612 of the data, the file holds 4");
    same(refusal_of_one("F32", "1", "0,4.0", 4),
         "tensor a: data_offsets holds a number that is not whole or not below 2^64");
    BOOST_TEST(refusal_of_one("F32", "1", "0,1e999", 4).starts_with("the header is not JSON at byte "));
    same(refusal_of_one("F32", "1", "0", 4), "tensor a: data_offsets holds fewer than two numbers");
    same(refusal_of_one("F32", "1", "0,4,4", 4), "tensor a: data_offsets holds more than two numbers");
    same(refusal_of_one("F32", "1", "0,\"4\"", 4), "tensor a: data_offsets holds a string");
    same(refusal_of_one("F32", "1", "0,[4]", 4), "tensor a: data_offsets holds a list");
    same(refusal_of_one("F32", "null", "0,4", 4), "tensor a: shape holds null");
    same(refusal_of_one("F32", "true", "0,4", 4), "tensor a: shape holds true or false");
}

BOOST_AUTO_TEST_CASE(overlaps_and_holes) {
    const auto two = [](const std::string& a, const std::string& b, std::size_t bytes) {
        return refusal("{" + tensor("a", "U8", "4", a) + "," + tensor("b", "U8", "4", b) + "}", bytes);
    };
    same(two("0,4", "4,8", 8), "");
    same(two("4,8", "0,4", 8), "");
    same(two("0,4", "0,4", 4), "tensor b at [0, 4] overlaps tensor a at [0, 4]");
    same(two("0,4", "2,6", 6), "tensor b at [2, 6] overlaps tensor a at [0, 4]");
    same(two("0,4", "5,9", 9), "no tensor covers bytes 4 to 5 of the data, before tensor b");
    same(two("1,5", "5,9", 9), "no tensor covers bytes 0 to 1 of the data, before tensor a");
    same(two("0,4", "4,8", 9), "the tensors cover 8 bytes of data, the file holds 9");
}

BOOST_AUTO_TEST_CASE(zero_size_tensors) {
    const auto with = [](const std::string& rest) {
        return refusal("{" + tensor("a", "U8", "4", "0,4") + "," + rest + "}", 4);
    };
    same(with(tensor("z", "F32", "0", "4,4")), "");
    same(with(tensor("z", "F32", "0", "0,0")), "");
    same(with(tensor("z", "F32", "0", "2,2")), "tensor z at [2, 2] overlaps tensor a at [0, 4]");
    same(with(tensor("z", "F32", "0", "5,5")), "tensor z ends at byte 5 of the data, the file holds 4");
    same(with(tensor("z", "F32", "0", "0,4")), "tensor z: F32 (0) needs 0 bytes, its offsets [0, 4] cover 4");
    same(with(tensor("y", "F32", "0", "4,4") + "," + tensor("z", "F32", "0,9", "4,4")),
         "the zero-size tensors y and z share the range [4, 4]");
}

BOOST_AUTO_TEST_CASE(names_given_twice) {
    const std::string a = tensor("a", "U8", "4", "0,4");
    same(refusal("{" + a + "," + a + "}", 4), "tensor a is there twice");
    same(refusal("{" + a + "," + tensor("\\u0061", "U8", "4", "4,8") + "}", 8), "tensor a is there twice");
    same(refusal("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4),
         "tensor a has dtype twice");
    same(refusal("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4],\"shape\":[4]}}", 4),
         "tensor a has shape twice");
    same(refusal("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "__metadata__ is there twice");
    same(refusal("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0), "__metadata__ has k twice");
}

BOOST_AUTO_TEST_CASE(fields) {
    same(refusal_of_one("F33", "1", "0,4", 4), "tensor a has the unknown dtype F33");
    same(refusal_of_one("\\u001b[2J", "1", "0,4", 4), "tensor a has the unknown dtype \"\\x1b[2J\"");
    same(refusal("{\"a\":{\"shape\":[4],\"data_offsets\":[0,4]}}", 4), "tensor a has no dtype");
    same(refusal("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,4]}}", 4), "tensor a has no shape");
    same(refusal("{\"a\":{\"dtype\":\"U8\",\"shape\":[4]}}", 4), "tensor a has no data_offsets");
    same(refusal("{\"a\":{}}", 4), "tensor a has no dtype");
    same(refusal("{\"a\":{\"dtyp\":1}}", 4), "tensor a has the unknown field dtyp");
    same(refusal("{\"a\":{\"dtype\":1}}", 4), "tensor a: dtype is a number, not a string");
    same(refusal("{\"a\":{\"dtype\":[1]}}", 4), "tensor a: dtype is a list, not a string");
    same(refusal("{\"a\":{\"shape\":1}}", 4), "tensor a: shape is a number, not a list");
    same(refusal("{\"a\":{\"shape\":\"F32\"}}", 4), "tensor a: shape is a string, not a list");
    same(refusal("{\"a\":{\"shape\":{}}}", 4), "tensor a: shape is an object, not a list");
    same(refusal("{\"a\":null}", 4), "tensor a is null, not an object");
    same(refusal("{\"a\":[]}", 4), "tensor a is a list, not an object");
    same(refusal("{\"__metadata__\":[]}", 0), "__metadata__ is a list, not an object");
    same(refusal("{\"__metadata__\":{\"k\":1}}", 0), "__metadata__ k is a number, not a string");
    same(refusal("{\"__metadata__\":{\"k\":{}}}", 0), "__metadata__ k is an object, not a string");
    same(refusal("{\"__metadata__\":{\"k\":[]}}", 0), "__metadata__ k is a list, not a string");
    same(refusal("{\"__metadata__\":{\"k\":true}}", 0), "__metadata__ k is true or false, not a string");
}

BOOST_AUTO_TEST_CASE(json) {
    same(refusal("[]", 0), "the header does not begin with {");
    same(refusal(" {}", 0), "the header does not begin with {");
    same(refusal("\xef\xbb\xbf{}", 0), "the header does not begin with {");
    same(refusal("{} {}", 0), "the header is not JSON at byte 4");
    same(refusal("{}x", 0), "the header is not JSON at byte 3");
    same(refusal(std::string("{}\0{}", 5), 0), "the header holds a NUL at byte 2");
    same(refusal("{,}", 0), "the header is not JSON at byte 2");
    BOOST_TEST(refusal("{\"a\":{}", 0).starts_with("tensor a has no dtype"));
    same(refusal("{/**/}", 0), "the header is not JSON at byte 2");
    BOOST_TEST(refusal("{\"a\":NaN}", 0).starts_with("the header is not JSON at byte "));
    same(refusal("{" + tensor("\xff", "U8", "1", "0,1") + "}", 1), "the header is not valid UTF-8 at byte 3");
    same(refusal("{" + tensor("\xc0\x80", "U8", "1", "0,1") + "}", 1), "the header is not valid UTF-8 at byte 3");
    same(refusal("{" + tensor("\xed\xa0\x80", "U8", "1", "0,1") + "}", 1), "the header is not valid UTF-8 at byte 4");
    BOOST_TEST(
        refusal("{" + tensor("\\ud800", "U8", "1", "0,1") + "}", 1).starts_with("the header is not JSON at byte "));
    same(refusal("{" + tensor("\xc3\xa4\\u00e4\\n", "U8", "1", "0,1") + "}", 1), "");
}

BOOST_AUTO_TEST_CASE(deep_nesting_stops_at_once) {
    for (const std::string open : {"[", "{\"a\":"}) {
        std::string deep;
        for (int i = 0; i < 1'000'000; ++i) deep += open;
        BOOST_TEST(refusal("{\"a\":" + deep, 0) != "");
        BOOST_TEST(refusal("{\"a\":{\"shape\":" + deep, 0) != "");
        BOOST_TEST(refusal("{\"a\":{\"shape\":[" + deep, 0) != "");
        BOOST_TEST(refusal("{\"__metadata__\":{\"a\":" + deep, 0) != "");
    }
}

// Whatever a damaged header becomes: refused, or every tensor's bytes lie within the file (the sanitizers watch).
BOOST_AUTO_TEST_CASE(mutations) {
    const std::string sound = "{\"__metadata__\":{\"format\":\"pt\"}," + tensor("emb.weight", "F32", "3,2", "0,24") +
                              "," + tensor("half", "F16", "4", "24,32") + "," + tensor("ids", "I64", "1,2", "32,48") +
                              "," + tensor("none", "BF16", "0", "48,48") + "}";
    const std::string pieces[] = {"0",
                                  "-1",
                                  "18446744073709551615",
                                  "9223372036854775807",
                                  "4294967296",
                                  "1e5",
                                  "[",
                                  "]",
                                  "{",
                                  "}",
                                  ",",
                                  ":",
                                  "\"",
                                  "\\",
                                  "\\u",
                                  "\"F64\"",
                                  "\"shape\"",
                                  "\"__metadata__\"",
                                  "null",
                                  "48",
                                  "24",
                                  std::string(1, '\0'),
                                  "\xff",
                                  "\xc3\xa4",
                                  " "};
    std::mt19937 random(20);
    const auto below = [&](std::size_t n) { return std::size_t(random() % n); };
    int accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string header = sound;
        std::uint64_t said = 0;
        for (std::size_t changes = 1 + below(4); changes != 0; --changes) {
            const std::size_t at = below(header.size()), to = below(header.size());
            switch (below(6)) {
            case 0:
                header[at] = static_cast<char>(random());
                break;
            case 1:
                header.erase(at, 1 + below(8));
                break;
            case 2:
                header.insert(at, pieces[below(std::size(pieces))]);
                break;
            case 3:
                header.insert(at, header.substr(to, below(40)));
                break;
            case 4:
                header[at] = static_cast<char>('0' + below(10));
                break;
            default:
                header.replace(at, 1 + below(3), pieces[below(std::size(pieces))]);
            }
            if (header.empty()) header = "{";
        }
        said = below(8) ? header.size() : std::uint64_t{random()} << below(33);
        const auto bytes = bytes_of(length(said) + header + std::string(48 - (below(8) ? 0 : below(48)), '\1'));
        const auto file = safetensors::view(bytes);
        if (!file) {
            BOOST_REQUIRE(!file.error().what().empty());
            continue;
        }
        ++accepted;
        for (const auto& tensor : *file) {
            BOOST_REQUIRE(file->find(tensor.name) == &tensor);
            std::vector<float> reals(tensor.elements());
            std::vector<std::int64_t> wholes(tensor.elements());
            BOOST_REQUIRE((bool(to_float(tensor, reals)) == is_real(tensor.type)));
            static_cast<void>(to_int64(tensor, wholes).has_value());
        }
    }
    BOOST_TEST(accepted > 100); // renamed tensors, other metadata: the loop reaches the reading
}

BOOST_AUTO_TEST_SUITE_END()
