#include <boost/test/unit_test.hpp>

#include "gguf_support.hpp"

using namespace constformer;
using namespace files_test;
using namespace std::string_literals;
using t = gguf_type;

namespace {
std::string refusal(gguf_type type, const std::string& value) {
    const auto bytes = bytes_of(value);
    detail::gguf_cursor from(bytes);
    gguf_value read;
    const bool good = from.value(type, read);
    BOOST_TEST(good == from.why().empty());
    return from.why();
}
} // namespace

BOOST_AUTO_TEST_SUITE(files_gguf_metadata)

BOOST_AUTO_TEST_CASE(values_of_every_type) {
    const auto bytes = bytes_of(gguf_sample());
    const auto file = gguf::view(bytes);
    same(sentence(file), "");
    const auto whole = [&](const char* key) { return file->find_metadata(key)->whole(); };
    BOOST_TEST(*whole("a") == 200);
    BOOST_TEST(*whole("b") == -100);
    BOOST_TEST(*whole("c") == 60000);
    BOOST_TEST(*whole("d") == -30000);
    BOOST_TEST(*whole("e") == 4000000000);
    BOOST_TEST(*whole("f") == -2);
    BOOST_TEST(*whole("l") == -3);
    BOOST_TEST(!whole("k")); // 2^64 - 1
    for (const char* key : {"g", "h", "i", "j", "m"}) BOOST_TEST(!whole(key));
    BOOST_TEST(*file->find_metadata("g")->real() == 0.5);
    BOOST_TEST(*file->find_metadata("m")->real() == 0.1);
    BOOST_TEST(*file->find_metadata("h")->flag());
    BOOST_TEST(*file->find_metadata("i")->text() == "na\xc3\xafve");
    for (const char* key : {"a", "h", "i", "j"}) BOOST_TEST(!file->find_metadata(key)->real());
    for (const char* key : {"a", "g", "i", "p"}) BOOST_TEST(!file->find_metadata(key)->flag());
    for (const char* key : {"a", "g", "h", "j"}) BOOST_TEST(!file->find_metadata(key)->text());
}

BOOST_AUTO_TEST_CASE(arrays_within_arrays) {
    const auto bytes = bytes_of(gguf_sample());
    const auto file = gguf::view(bytes);
    BOOST_REQUIRE(file);
    std::string found;
    for (const gguf_value& inner : *file->find_metadata("o"))
        for (const gguf_value& one : inner)
            found += one.text() ? std::string(*one.text()) : std::to_string(*one.whole()) + ",";
    same(found, "1,2,deep");
    int count = 0;
    for (const gguf_value& none : *file->find_metadata("i")) count += none.count == 0 ? 1 : 2;
    BOOST_TEST(count == 0);
}

BOOST_AUTO_TEST_CASE(what_a_value_may_not_be) {
    same(refusal(t::u32, "\1\2\3\4"), "");
    same(refusal(t::u32, "\1\2\3"), "needs 4 bytes at byte 0, the file ends at byte 3");
    same(refusal(t::boolean, "\2"), "holds the boolean 2, needed is 0 or 1");
    same(refusal(t::string, u64(3) + "ab"), "needs 3 bytes at byte 8, the file ends at byte 10");
    same(refusal(t::string, u64(~0ull) + "ab"), "needs 18446744073709551615 bytes at byte 8, the file ends at byte 10");
    same(refusal(t::string, "\1\0\0"s), "needs 8 bytes at byte 0, the file ends at byte 3");
    same(refusal(t::string, gguf_text("ab\xff")), "is not UTF-8 at byte 10");
    same(refusal(t::string, gguf_text("\xed\xa0\x80")), "is not UTF-8 at byte 8");
    same(refusal(t::array, u32(13) + u64(0)), "has the unknown type 13, 0 to 12 are known");
    same(refusal(t::array, u32(0xffffffff) + u64(0)), "has the unknown type 4294967295, 0 to 12 are known");
    same(refusal(t::array, gguf_array(t::u8, 3, "ab")),
         "is an array of 3 elements of type U8, but only 2 bytes follow");
    for (const std::uint64_t n : {1ull << 61, 1ull << 62, ~0ull})
        same(refusal(t::array, gguf_array(t::u64, n, std::string(16, 'a'))),
             "is an array of " + std::to_string(n) + " elements of type U64, but only 16 bytes follow");
    same(refusal(t::array, gguf_array(t::string, 2, gguf_text("abcdefgh"))),
         "needs 8 bytes at byte 28, the file ends at byte 28");
    same(refusal(t::array, gguf_array(t::string, 1, gguf_text("\x80"))), "is not UTF-8 at byte 20");
    same(refusal(t::array, gguf_array(t::boolean, 2, "\1\3")), "holds the boolean 3, needed is 0 or 1");
    same(refusal(t::array, gguf_array(t::u8, 0, "")), "");
}

BOOST_AUTO_TEST_CASE(deep_nesting_stops_at_once) {
    std::string deep;
    for (int i = 0; i < 8; ++i) deep += gguf_array(t::array, 1, "");
    same(refusal(t::array, deep.substr(12) + gguf_array(t::u8, 1, "a")), "");
    same(refusal(t::array, deep + gguf_array(t::u8, 1, "a")), "nests arrays deeper than 8");
    for (int i = 0; i < 100'000; ++i) deep += gguf_array(t::array, 1, "");
    same(refusal(t::array, deep), "nests arrays deeper than 8");
}

BOOST_AUTO_TEST_SUITE_END()
