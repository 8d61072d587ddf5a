#include <boost/test/unit_test.hpp>

#include "constformer/core/parallel.hpp"

using namespace constformer;

namespace {
struct thirds { // two parts of unequal size, by the workers 0 and 1
    [[nodiscard]] int size() const { return 2; }
    template <class F> void split(int n, F&& f) const { f(0, n / 3, 0), f(n / 3, n, 1); }
};
} // namespace

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

BOOST_AUTO_TEST_CASE(a_borrowed_policy_does_what_its_owner_does) {
    const thirds owner;
    const borrowed_threads borrowed(owner);
    BOOST_TEST(borrowed.size() == 2);
    int parts[2][2] = {};
    borrowed.split(9, [&](int begin, int end, int worker) { parts[worker][0] = begin, parts[worker][1] = end; });
    BOOST_TEST((parts[0][0] == 0 && parts[0][1] == 3 && parts[1][0] == 3 && parts[1][1] == 9));

    BOOST_TEST(borrowed_threads().size() == 1);
    int done = 0;
    borrowed_threads().split(0, [&](int, int, int) { done = -1; });
    BOOST_TEST(done == 0);
    borrowed_threads().split(7, [&](int begin, int end, int worker) { done = end - begin + worker; });
    BOOST_TEST(done == 7);
}

BOOST_AUTO_TEST_SUITE_END()
