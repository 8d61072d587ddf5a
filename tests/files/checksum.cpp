#include <boost/test/unit_test.hpp>

#include "constformer/files/checksum.hpp"

#include <string_view>
#include <vector>

using namespace constformer;

BOOST_AUTO_TEST_SUITE(files_checksum)

BOOST_AUTO_TEST_CASE(equals_xxhsum) { // each expected value is the xxhash package's
    constexpr std::string_view text = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ";
    const auto of = [&](std::size_t count) { return checksum(std::as_bytes(std::span(text.substr(0, count)))); };
    BOOST_TEST(of(0) == 0xef46db3751d8e999u);
    BOOST_TEST(of(1) == 0xd24ec4f1a98c6e5bu);
    BOOST_TEST(of(3) == 0x44bc2cf5ad770999u);
    BOOST_TEST(of(4) == 0xde0327b0d25d92ccu);
    BOOST_TEST(of(8) == 0x3ad351775b4634b7u);
    BOOST_TEST(of(15) == 0x2e1218a2b1375068u);
    BOOST_TEST(of(31) == 0x16058c7b947da137u);
    BOOST_TEST(of(32) == 0xbf2cd639b4143b80u);
    BOOST_TEST(of(33) == 0x4f89e4082bcbf673u);
    BOOST_TEST(of(46) == 0x4efdb622d9f95091u);
}

BOOST_AUTO_TEST_CASE(sees_every_flipped_bit) {
    std::vector<std::byte> data(101);
    const auto sound = checksum(data);
    for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
        data[bit / 8] ^= std::byte(1 << bit % 8);
        BOOST_TEST(checksum(data) != sound);
        data[bit / 8] ^= std::byte(1 << bit % 8);
    }
}

BOOST_AUTO_TEST_SUITE_END()
