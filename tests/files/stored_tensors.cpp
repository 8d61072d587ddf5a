#include <boost/test/unit_test.hpp>

#include "constformer/files/stored_tensors.hpp"
#include "support.hpp"

using namespace constformer;
using namespace files_test;

BOOST_AUTO_TEST_SUITE(files_stored_tensors)

BOOST_AUTO_TEST_CASE(finds_by_name_and_keeps_the_order) {
    const auto bytes = bytes_of("abcd");
    std::vector<stored_tensor> tensors;
    for (const char* name : {"b", "a", "ab", ""}) tensors.push_back({name, dtype::u8, {1}, std::span(bytes).first(1)});
    stored_tensors all(std::move(tensors));
    std::string order;
    for (const auto& tensor : all) {
        order += tensor.name + ",";
        BOOST_TEST(all.find(tensor.name) == &tensor);
    }
    same(order, "b,a,ab,,");
    BOOST_TEST(all.size() == 4u);
    for (const char* name : {"c", "aa", "abc", "B"}) BOOST_TEST(all.find(name) == nullptr);
    const auto* b = all.find("b");
    const stored_tensors moved = std::move(all);
    BOOST_TEST(moved.find("b") == b);
    BOOST_TEST(stored_tensors().find("") == nullptr);
}

BOOST_AUTO_TEST_CASE(keeps_files_and_gives_them_away) {
    const directory here;
    put(here / "a", "abcd");
    auto file = mapped::open(here / "a");
    BOOST_REQUIRE(file);
    const auto bytes = file->bytes();
    stored_tensors all({{"x", dtype::u8, {4}, bytes}});
    all.keep(std::move(*file));
    auto [tensors, files] = std::move(all).release();
    BOOST_TEST(all.size() == 0u);
    BOOST_TEST(all.find("x") == nullptr);
    BOOST_TEST(files.size() == 1u);
    const stored_tensors again(std::move(tensors), std::move(files));
    BOOST_TEST((again.find("x")->bytes[3] == std::byte{'d'}));
}

BOOST_AUTO_TEST_SUITE_END()
