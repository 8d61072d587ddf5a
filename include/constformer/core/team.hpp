// team: threads that wait for the next step of a forward. They are made once; a step neither allocates nor locks.
#pragma once

#include "constformer/core/check.hpp"

#include <atomic>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace constformer {

// A step is cut into a part for each worker. A worker begins with its own; then it takes what nobody has begun, so that
// a worker that another program or a sleeping processor keeps away delays nobody.
class team {
  public:
    // `size` workers, the calling thread included; size - 1 threads are started. At least 1.
    explicit team(int size) : begun_(std::size_t(size < 1 ? 1 : size)) {
        if (size < 1) refuse("team: needs at least one worker");
        threads_.reserve(std::size_t(size - 1));
        for (int worker = 1; worker < size; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
    }
    team(const team&) = delete;
    team& operator=(const team&) = delete;
    ~team() {
        over_.store(true, std::memory_order_relaxed);
        round_.fetch_add(1, std::memory_order_release);
        round_.notify_all();
        for (std::thread& t : threads_) t.join();
    }
    [[nodiscard]] int size() const { return int(threads_.size()) + 1; }

    // f(begin, end, worker) over size() nearly equal parts of [0, n); returns when all are done. One caller at a time;
    // no two calls of f with the same `worker` run at once.
    template <class F> void split(int n, F&& f) {
        if (threads_.empty() || n <= 1) {
            if (n > 0) f(0, n, 0);
            return;
        }
        struct task {
            F& f;
            int n, parts;
            void run(int part, int worker) const {
                const int begin = int(std::int64_t(n) * part / parts), end = int(std::int64_t(n) * (part + 1) / parts);
                if (begin < end) f(begin, end, worker);
            }
        };
        task t{f, n, size()};
        argument_ = &t;
        job_ = [](void* p, int part, int worker) { static_cast<task*>(p)->run(part, worker); };
        left_.store(size(), std::memory_order_relaxed);
        const unsigned round = round_.load(std::memory_order_relaxed) + 1;
        keep_off();
        round_.store(round, std::memory_order_release);
        round_.notify_all();
        work(round, 0);
        for (int spins = 0; left_.load(std::memory_order_acquire) != 0;)
            if (++spins > patience) std::this_thread::yield();
    }

  private:
    static constexpr int patience = 20'000; // polls before a waiting thread gives its core away: about 20 µs

    // Every part of this round that nobody has begun, `worker`'s own first.
    void work(unsigned round, int worker) {
        for (int i = 0, part = worker; i < size(); ++i, part = part + 1 < size() ? part + 1 : 0) {
            unsigned before = round - 1; // (a part's mark follows the rounds: whoever comes too late finds it moved on)
            if (!begun_[std::size_t(part)].round.compare_exchange_strong(before, round, std::memory_order_acquire))
                continue;
            job_(argument_, part, worker);
            left_.fetch_sub(1, std::memory_order_release);
        }
    }
    void serve(int worker) {
        for (unsigned seen = 0;;) {
            for (int spins = 0; round_.load(std::memory_order_acquire) == seen && spins < patience; ++spins) {}
            round_.wait(seen, std::memory_order_acquire);
            seen = round_.load(std::memory_order_acquire);
            if (over_.load(std::memory_order_relaxed)) return;
            work(seen, worker);
        }
    }

    // The workers shall run on other processors than the caller's. Linux wakes them up on the caller's own where the
    // others sleep too deeply, as those of virtual machines do, and takes milliseconds to see that it has chosen badly.
    void keep_off() {
#if defined(__linux__)
        const int here = ::sched_getcpu();
        if (here == kept_off_) return;
        cpu_set_t others;
        if (here < 0 || ::sched_getaffinity(0, sizeof others, &others) != 0) return;
        CPU_CLR(here, &others);
        if (CPU_COUNT(&others) == 0) return;
        for (std::thread& t : threads_) ::pthread_setaffinity_np(t.native_handle(), sizeof others, &others);
        kept_off_ = here;
#endif
    }

    struct alignas(64) mark {
        std::atomic<unsigned> round = 0;
    };
    void (*job_)(void*, int part, int worker) = nullptr;
    void* argument_ = nullptr;
    [[maybe_unused]] int kept_off_ = -1; // the processor that the workers avoid
    std::vector<mark> begun_;            // each part's latest round
    alignas(64) std::atomic<unsigned> round_ = 0;
    alignas(64) std::atomic<int> left_ = 0; // parts of this round
    std::atomic<bool> over_ = false;
    std::vector<std::thread> threads_; // last: the threads use the members above
};

// The policy that hands a forward's steps to a team.
struct on_team {
    team* workers = nullptr;
    [[nodiscard]] int size() const { return workers ? workers->size() : 1; }
    template <class F> void split(int n, F&& f) const {
        if (workers)
            workers->split(n, f);
        else if (n > 0)
            f(0, n, 0);
    }
};

} // namespace constformer
