#include <boost/test/unit_test.hpp>

#include "constformer/core/parallel.hpp"

using namespace constformer;

BOOST_AUTO_TEST_SUITE(core_parallel)

BOOST_AUTO_TEST_CASE(one_thread_does_all_at_once_or_nothing) {
    int calls = 0, done = 0;
    const auto f = [&](int begin, int end, int worker) {
        ++calls;
        done += end - begin;
        BOOST_TEST(worker == 0);
    };
    sequential{}.split(0, f);
    BOOST_TEST(calls == 0);
    sequential{}.split(7, f);
    BOOST_TEST(calls == 1);
    BOOST_TEST(done == 7);
    BOOST_TEST(sequential::size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
