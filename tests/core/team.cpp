#include <boost/test/unit_test.hpp>

#ifndef __EMSCRIPTEN__ // no threads there

#include "constformer/core/team.hpp"

#include <memory>
#include <vector>

using namespace constformer;

BOOST_AUTO_TEST_SUITE(core_team)

BOOST_AUTO_TEST_CASE(every_part_is_run_exactly_once) {
    for (int size : {1, 2, 3, 5}) {
        team workers(size);
        BOOST_TEST(workers.size() == size);
        for (int n : {0, 1, 2, 3, 4, 5, 7, 16, 1000}) {
            std::vector<int> runs(std::size_t(n), 0); // parts do not overlap, so plain numbers will do
            std::atomic<int> calls = 0;
            std::atomic<bool> strange = false;
            workers.split(n, [&](int begin, int end, int worker) {
                ++calls;
                if (worker < 0 || worker >= size || begin >= end) strange = true;
                for (int i = begin; i < end; ++i) ++runs[std::size_t(i)];
            });
            BOOST_TEST(runs == std::vector<int>(std::size_t(n), 1));
            BOOST_TEST(calls <= size);
            BOOST_TEST(!strange);
        }
    }
}

BOOST_AUTO_TEST_CASE(nobody_works_twice_at_a_time_under_one_number) {
    team workers(3);
    std::atomic<int> inside[3] = {};
    std::atomic<bool> twice = false;
    for (int round = 0; round < 200; ++round)
        workers.split(3, [&](int, int, int worker) {
            if (inside[worker]++ != 0) twice = true;
            inside[worker]--;
        });
    BOOST_TEST(!twice);
}

BOOST_AUTO_TEST_CASE(many_tiny_rounds_end) {
    for (int size : {2, 3}) {
        team workers(size);
        std::vector<long> sums(std::size_t(size), 0);
        constexpr int rounds = 3000;
        for (int round = 0; round < rounds; ++round)
            workers.split(size, [&](int begin, int, int) { sums[std::size_t(begin)] += round; });
        for (long sum : sums) BOOST_TEST(sum == long(rounds) * (rounds - 1) / 2);
    }
}

BOOST_AUTO_TEST_CASE(a_sleeping_team_wakes_up_and_an_idle_one_goes) {
    for (int round = 0; round < 20; ++round) team idle(3); // destroyed before its threads have begun
    auto workers = std::make_unique<team>(3);
    int done[3] = {};
    for (int round = 1; round <= 3; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5)); // long enough to fall asleep
        workers->split(3, [&](int begin, int, int) { ++done[begin]; });
        for (int d : done) BOOST_TEST(d == round);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    workers.reset();
}

BOOST_AUTO_TEST_CASE(a_policy_without_a_team_is_one_thread) {
    int done = 0;
    on_team{}.split(4, [&](int begin, int end, int) { done += end - begin; });
    on_team{}.split(0, [&](int, int, int) { done = -1; });
    BOOST_TEST(done == 4);
    BOOST_TEST(on_team{}.size() == 1);
    team workers(2);
    BOOST_TEST(on_team{&workers}.size() == 2);
}

BOOST_AUTO_TEST_SUITE_END()

#endif
