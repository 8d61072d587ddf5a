#include <boost/test/unit_test.hpp>

#ifndef __EMSCRIPTEN__ // no threads there

#include "constformer/core/crew.hpp"

#include <chrono>
#include <thread>
#include <vector>

using namespace constformer;

BOOST_AUTO_TEST_SUITE(core_crew)

BOOST_AUTO_TEST_CASE(one_worker_does_everything_itself) {
    crew alone(1);
    std::vector<int> seen;
    alone.split(3, [&](int begin, int end, int worker) { seen.insert(seen.end(), {begin, end, worker}); });
    alone.split(0, [&](int, int, int) { seen.clear(); });
    BOOST_TEST(seen == (std::vector<int>{0, 3, 0}));
}

BOOST_AUTO_TEST_CASE(a_worker_that_never_comes_delays_nobody) {
    crew workers(3); // nobody serves
    std::vector<int> runs(10, 0), by;
    workers.split(10, [&](int begin, int end, int worker) {
        by.push_back(worker);
        for (int i = begin; i < end; ++i) ++runs[std::size_t(i)];
    });
    BOOST_TEST(runs == std::vector<int>(10, 1));
    BOOST_TEST(by == (std::vector<int>{0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(those_who_serve_share_the_work_until_they_are_dismissed) {
    crew workers(3);
    std::thread late([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        workers.serve(2);
    }); // takes part from then on
    std::thread early([&] { workers.serve(1); });
    std::atomic<int> helped = 0;
    for (int round = 0; round < 400; ++round) {
        std::vector<int> runs(7, 0);
        workers.split(7, [&](int begin, int end, int worker) {
            if (worker != 0) ++helped;
            for (int i = begin; i < end; ++i) ++runs[std::size_t(i)];
            if (worker == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
        });
        BOOST_TEST(runs == std::vector<int>(7, 1));
    }
    BOOST_TEST(helped > 0);
    workers.dismiss();
    early.join(), late.join();
}

BOOST_AUTO_TEST_SUITE_END()

#endif
