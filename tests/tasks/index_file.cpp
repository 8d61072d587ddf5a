#include "tests/tasks/support.hpp"

#include "constformer/tasks/index_file.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <cstdlib>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(tasks_index_file)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
    char folder[] = "/tmp/constformer-index-XXXXXX";
    BOOST_REQUIRE(::mkdtemp(folder));
    const std::string path = std::string(folder) + "/index";
    const std::vector<float> vectors{1, 2, 3, 4, 5, 6, 7, 8, 9};
    const std::string_view texts[] = {"one", "", "drei"};
    for (const int with : {3, 0}) { // an odd number of floats: the texts' table is padded to 8 bytes
        const status done = write_index(path, vectors.data(), 3, 3, std::span(texts).first(std::size_t(with)), 42);
        BOOST_REQUIRE_MESSAGE(done, why(done));
        const auto file = index_file::open(path);
        BOOST_REQUIRE_MESSAGE(file, why(file));
        const index_view& view = file->view();
        BOOST_TEST(std::equal(vectors.begin(), vectors.end(), view.vectors()));
        BOOST_TEST(view.header().model == 42u);
        for (int i = 0; i < with; ++i) BOOST_TEST(view.text(i) == texts[i]);
        BOOST_TEST(view.has_texts() == (with != 0));
    }
    BOOST_REQUIRE(write_index(path, nullptr, 0, 3));
    const auto empty = index_file::open(path);
    BOOST_REQUIRE_MESSAGE(empty, why(empty));
    BOOST_TEST(empty->view().count() == 0);

    BOOST_TEST(why(write_index(path, vectors.data(), 3, 0)) == "index: 3 vectors of width 0 cannot be");
    BOOST_TEST(why(write_index(path, vectors.data(), 3, 3, std::span(texts).first(2))) ==
               "index: 2 texts for 3 vectors");
    BOOST_TEST(!write_index(std::string(folder) + "/no/index", vectors.data(), 3, 3));
    BOOST_TEST(!index_file::open(std::string(folder) + "/none"));
    std::remove(path.c_str());
    std::remove(folder);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
