// team: a crew with threads of its own. They are made once and wait for the next step of a forward.
#pragma once

#include "constformer/core/crew.hpp"

#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace constformer {

class team {
  public:
    // `size` workers, the calling thread included; size - 1 threads are started. At least 1.
    explicit team(int size) : crew_(size) {
        threads_.reserve(std::size_t(size - 1));
        for (int worker = 1; worker < size; ++worker) threads_.emplace_back([this, worker] { crew_.serve(worker); });
    }
    team(const team&) = delete;
    team& operator=(const team&) = delete;
    ~team() {
        crew_.dismiss();
        for (std::thread& t : threads_) t.join();
    }
    [[nodiscard]] int size() const { return crew_.size(); }

    // f(begin, end, worker) over size() nearly equal parts of [0, n); returns when all are done. One caller at a time;
    // no two calls of f with the same `worker` run at once.
    template <class F> void split(int n, F&& f) {
        if (!threads_.empty() && n > 1) keep_off();
        crew_.split(n, f);
    }

  private:
    // The workers shall run on other processors than the caller's. Linux wakes them up on the caller's own where the
    // others sleep too deeply, as those of virtual machines do, and takes milliseconds to see that it has chosen badly.
    void keep_off() {
#if defined(__linux__)
        const int here = ::sched_getcpu();
        if (here == kept_off_) return;
        cpu_set_t others;
        if (here < 0 || ::sched_getaffinity(0, sizeof others, &others) != 0) return;
        CPU_CLR(std::size_t(here), &others);
        if (CPU_COUNT(&others) == 0) return;
        for (std::thread& t : threads_) ::pthread_setaffinity_np(t.native_handle(), sizeof others, &others);
        kept_off_ = here;
#endif
    }

    crew crew_;
    [[maybe_unused]] int kept_off_ = -1; // the processor that the workers avoid
    std::vector<std::thread> threads_;   // last: the threads use the members above
};

// The policy that hands a forward's steps to a team.
using on_team = on<team>;

} // namespace constformer
