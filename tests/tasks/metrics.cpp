#include "constformer/tasks/metrics.hpp"
#include "tests/support/data.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(tasks_metrics)

BOOST_AUTO_TEST_CASE(equal_to_scikit_learn_and_scipy) {
    std::ifstream file(data_path("golden/metrics.tsv"));
    BOOST_REQUIRE(file);
    int lines = 0;
    for (std::string line; std::getline(file, line); ++lines) {
        std::istringstream parts(line);
        std::string name, value, found, wanted;
        std::getline(parts, name, '\t'), std::getline(parts, value, '\t');
        std::getline(parts, found, '\t'), std::getline(parts, wanted, '\t');
        const auto numbers = [](const std::string& text) {
            std::vector<double> all;
            std::istringstream in(text);
            for (std::string one; std::getline(in, one, ',');) all.push_back(std::stod(one));
            return all;
        };
        const std::vector<double> x = numbers(found), y = numbers(wanted);
        const std::vector<int> a(x.begin(), x.end()), b(y.begin(), y.end());
        const double measured = name == "accuracy"   ? metrics::accuracy(a, b)
                                : name == "f1"       ? metrics::f1(a, b)
                                : name == "matthews" ? metrics::matthews(a, b)
                                : name == "pearson"  ? metrics::pearson(x, y)
                                                     : metrics::spearman(x, y);
        BOOST_TEST_CONTEXT(line) BOOST_TEST(std::abs(measured - std::stod(value)) < 1e-12);
    }
    BOOST_TEST(lines > 50);
}

BOOST_AUTO_TEST_CASE(where_nothing_can_be_said) {
    const std::vector<double> constant{2, 2, 2}, some{1, 2, 3};
    BOOST_TEST(std::isnan(metrics::pearson(constant, some)));
    BOOST_TEST(std::isnan(metrics::spearman(some, constant)));
    BOOST_TEST(std::isnan(metrics::pearson({}, {})));
    BOOST_TEST(std::isnan(metrics::accuracy({}, {})));
    BOOST_TEST(std::isnan(metrics::f1({}, {})));
    BOOST_TEST(std::isnan(metrics::matthews({}, {})));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
