#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>

#include "tests/support/data.hpp"

BOOST_AUTO_TEST_SUITE(support_data)

BOOST_AUTO_TEST_CASE(a_test_finds_its_files_natively_and_in_webassembly) {
    std::ifstream file(data_path("support/data.cpp"));
    std::ostringstream text;
    text << file.rdbuf();
    BOOST_TEST(text.str().starts_with("#include <boost/test/unit_test.hpp>\n"));
}

BOOST_AUTO_TEST_SUITE_END()
