// crew: workers that share the steps of a forward, wherever their threads come from: std::thread (core/team.hpp), or a
// page's workers over one WebAssembly memory. A step neither allocates nor locks.
#pragma once

#include "constformer/core/check.hpp"

#include <atomic>
#include <cstdint>
#include <vector>

#if !defined(__wasm__)
#include <thread>
#endif

namespace constformer {

// A step is cut into a part for each worker. A worker begins with its own; then it takes what nobody has begun, so that
// a worker that another program or a sleeping processor keeps away delays nobody.
class crew {
  public:
    // `size` workers, worker 0 among them, which calls split(). At least 1.
    explicit crew(int size) : begun_(std::size_t(size < 1 ? 1 : size)) {
        if (size < 1) refuse("crew: needs at least one worker");
    }
    [[nodiscard]] int size() const { return int(begun_.size()); }

    // f(begin, end, worker) over size() nearly equal parts of [0, n); returns when all are done. One caller at a time;
    // no two calls of f with the same `worker` run at once.
    template <class F> void split(int n, F&& f) {
        if (size() == 1 || n <= 1) {
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
        round_.store(round, std::memory_order_release);
        wake();
        work(round, 0);
        for (int spins = 0; left_.load(std::memory_order_acquire) != 0;)
            if (++spins > patience) yield();
    }

    // What every other worker's thread does, until dismiss(). `worker`: from 1 to size() - 1, each once.
    void serve(int worker) {
        for (unsigned seen = 0;;) {
            for (int spins = 0; round_.load(std::memory_order_acquire) == seen && spins < patience; ++spins) {}
            sleep(seen);
            seen = round_.load(std::memory_order_acquire);
            if (over_.load(std::memory_order_relaxed)) return;
            work(seen, worker);
        }
    }
    // Ends every serve().
    void dismiss() {
        over_.store(true, std::memory_order_relaxed);
        round_.fetch_add(1, std::memory_order_release);
        wake();
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

    // Waits while the round is `seen`; wakes all who wait; lets others run.
#if defined(__wasm_atomics__)
    void sleep(unsigned seen) {
        while (round_.load(std::memory_order_acquire) == seen)
            __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int*>(&round_), int(seen), -1);
    }
    void wake() { __builtin_wasm_memory_atomic_notify(reinterpret_cast<int*>(&round_), ~0u); }
    void yield() {} // (a page's own thread may not sleep)
#elif defined(__wasm__)
    void sleep(unsigned) {}
    void wake() {}
    void yield() {}
#else
    void sleep(unsigned seen) { round_.wait(seen, std::memory_order_acquire); }
    void wake() { round_.notify_all(); }
    void yield() { std::this_thread::yield(); }
#endif

    struct alignas(64) mark {
        std::atomic<unsigned> round = 0;
    };
    void (*job_)(void*, int part, int worker) = nullptr;
    void* argument_ = nullptr;
    std::vector<mark> begun_; // each part's latest round
    alignas(64) std::atomic<unsigned> round_ = 0;
    alignas(64) std::atomic<int> left_ = 0; // parts of this round
    std::atomic<bool> over_ = false;
};

// The policy that hands a forward's steps to a crew, or to what is split like one.
template <class Crew> struct on {
    Crew* workers = nullptr;
    [[nodiscard]] int size() const { return workers ? workers->size() : 1; }
    template <class F> void split(int n, F&& f) const {
        if (workers)
            workers->split(n, f);
        else if (n > 0)
            f(0, n, 0);
    }
};

} // namespace constformer
