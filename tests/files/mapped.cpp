#include <boost/test/unit_test.hpp>

#include "constformer/files/mapped.hpp"
#include "support.hpp"

#include <sys/stat.h>

using namespace constformer;
using namespace files_test;

BOOST_AUTO_TEST_SUITE(files_mapped)

BOOST_AUTO_TEST_CASE(gives_the_bytes_and_moves) {
    const directory here;
    put(here / "a", "hello");
    auto file = mapped::open(here / "a");
    BOOST_REQUIRE(file);
    const std::byte* data = file->bytes().data();
    mapped moved = std::move(*file);
    BOOST_TEST(moved.bytes().data() == data);
    BOOST_TEST(moved.bytes().size() == 5u);
    BOOST_TEST(std::to_integer<char>(moved.bytes()[4]) == 'o');
    put(here / "b", "b");
    auto other = mapped::open(here / "b");
    BOOST_REQUIRE(other);
    moved = std::move(*other);
    BOOST_TEST(moved.bytes().size() == 1u);
}

BOOST_AUTO_TEST_CASE(outlives_the_name) {
    const directory here;
    put(here / "a", "hello");
    const auto file = mapped::open(here / "a");
    std::filesystem::remove(here / "a");
    BOOST_REQUIRE(file);
    BOOST_TEST(std::to_integer<char>(file->bytes()[0]) == 'h');
}

BOOST_AUTO_TEST_CASE(says_what_it_cannot_map) {
    const directory here;
    same(sentence(mapped::open(here / "none")), (here / "none") + ": cannot be opened: No such file or directory");
    put(here / "empty", "");
    same(sentence(mapped::open(here / "empty")), (here / "empty") + ": is empty");
    same(sentence(mapped::open(here / ".")), (here / ".") + ": is a directory, not a file");
    BOOST_REQUIRE(::mkfifo((here / "pipe").c_str(), 0600) == 0);
    same(sentence(mapped::open(here / "pipe")), (here / "pipe") + ": is a pipe or a device, not a file");
    same(sentence(mapped::open("/dev/null")), "/dev/null: is a pipe or a device, not a file");
    same(sentence(mapped::open("")), ": cannot be opened: No such file or directory");
}

BOOST_AUTO_TEST_CASE(keeps_the_reason_of_a_very_long_path) {
    const std::string why = sentence(mapped::open(std::string(100000, 'x')));
    BOOST_TEST(why == "..." + std::string(200, 'x') + ": cannot be opened: File name too long");
}

BOOST_AUTO_TEST_SUITE_END()
