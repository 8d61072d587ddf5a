// team: threads that wait for the next step of a forward. They are made once; a step neither allocates nor locks.
#pragma once

#include "constformer/core/check.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace constformer {

class team {
  public:
    // `size` workers, the calling thread included; size - 1 threads are started. At least 1.
    explicit team(int size) {
        if (size < 1) refuse("team: needs at least one worker");
        threads_.reserve(std::size_t(size - 1));
        for (int worker = 1; worker < size; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
    }
    team(const team&) = delete;
    team& operator=(const team&) = delete;
    ~team() {
        job_ = nullptr;
        round_.fetch_add(1, std::memory_order_release);
        round_.notify_all();
        for (std::thread& t : threads_) t.join();
    }
    [[nodiscard]] int size() const { return int(threads_.size()) + 1; }

    // f(begin, end, worker) over size() nearly equal parts of [0, n); returns when all are done. One caller at a time.
    template <class F> void split(int n, F&& f) {
        if (threads_.empty() || n <= 1) {
            if (n > 0) f(0, n, 0);
            return;
        }
        struct task {
            F& f;
            int n, parts;
            void run(int worker) const {
                const int begin = int(std::int64_t(n) * worker / parts),
                          end = int(std::int64_t(n) * (worker + 1) / parts);
                if (begin < end) f(begin, end, worker);
            }
        };
        task t{f, n, size()};
        argument_ = &t;
        job_ = [](void* p, int worker) { static_cast<task*>(p)->run(worker); };
        busy_.store(size() - 1, std::memory_order_relaxed);
        round_.fetch_add(1, std::memory_order_release);
        round_.notify_all();
        t.run(0);
        for (int spins = 0; busy_.load(std::memory_order_acquire) != 0;)
            if (++spins > patience) std::this_thread::yield();
    }

  private:
    static constexpr int patience = 20'000; // polls before a waiting thread gives its core away: about 20 µs

    void serve(int worker) {
        for (unsigned seen = 0;;) {
            for (int spins = 0; round_.load(std::memory_order_acquire) == seen && spins < patience; ++spins) {}
            round_.wait(seen, std::memory_order_acquire);
            seen = round_.load(std::memory_order_acquire);
            if (!job_) return;
            job_(argument_, worker);
            busy_.fetch_sub(1, std::memory_order_release);
        }
    }

    void (*job_)(void*, int) = nullptr;
    void* argument_ = nullptr;
    alignas(64) std::atomic<unsigned> round_ = 0;
    alignas(64) std::atomic<int> busy_ = 0;
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
