// measure: the clock, the machine's peak, and rounds in which everything that is compared takes its turn, so that a
// machine that is busy or changes its frequency meanwhile treats all alike.
#pragma once

#include "constformer/core/simd.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

// Whether to count the time that the calling thread computes instead of the time that passes: says more on a machine
// that is busy with other things, but nothing about several threads.
inline bool cpu_time = false;

// Seconds.
inline double now() {
    timespec t{};
    clock_gettime(cpu_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// What repeated timing of one thing gave, in seconds.
struct times {
    std::vector<double> each;
    [[nodiscard]] double median() const {
        std::vector<double> sorted = each;
        std::nth_element(sorted.begin(), sorted.begin() + std::ptrdiff_t(sorted.size() / 2), sorted.end());
        return sorted[sorted.size() / 2];
    }
    [[nodiscard]] double best() const { return *std::min_element(each.begin(), each.end()); }
};

// Times several things in turns. A sample is as many calls as take about `span` seconds, after one that is not timed.
class rounds {
  public:
    explicit rounds(double span = 0) : span_(span) {}

    // Returns the number under which of(…) answers.
    std::size_t add(std::function<void()> call) {
        all_.push_back({std::move(call), 1, {}});
        return all_.size() - 1;
    }
    void run(int count) {
        for (entry& e : all_) {
            e.call();
            const double start = now();
            e.call();
            e.calls = std::clamp(int(span_ / (now() - start + 1e-9)), 1, 1 << 20);
        }
        for (int r = 0; r < count; ++r)
            for (entry& e : all_) {
                e.call();
                const double start = now();
                for (int i = 0; i < e.calls; ++i) e.call();
                e.taken.each.push_back((now() - start) / e.calls);
            }
    }
    [[nodiscard]] const times& of(std::size_t number) const { return all_[number].taken; }

  private:
    struct entry {
        std::function<void()> call;
        int calls;
        times taken;
    };
    std::vector<entry> all_;
    double span_;
};

namespace detail {
template <std::size_t... I>
[[gnu::noinline]] float multiply_add(int steps, float start, float factor, float term, std::index_sequence<I...>) {
    using namespace constformer;
    vec sums[] = {splat(start + float(I))...};
    const vec f = splat(factor), t = splat(term);
    for (int s = 0; s < steps; ++s) ((sums[I] = fma(sums[I], f, t)), ...);
    vec all = sums[0];
    ((all = all + sums[I]), ...);
    return xsimd::reduce_add(all);
}
inline volatile float numbers[] = {1.0f, 0.5f, 1.0f}; // the compiler must not know them
inline volatile float sink;                           // nor that nobody reads the result
} // namespace detail

// One thread's floating-point peak: chains of multiply-adds that wait for nothing but themselves. 12 chains cover the
// latency of every processor here and still leave registers free in instruction sets that have 16.
struct fma_peak {
    static constexpr int steps = 20'000, chains = 12;
    static constexpr double flops = 2.0 * constformer::lanes * chains * steps;
    void operator()() const {
        detail::sink = detail::multiply_add(steps, detail::numbers[0], detail::numbers[1], detail::numbers[2],
                                            std::make_index_sequence<chains>{});
    }
};

// `count` numbers in [-1, 1], the same in every run, at a multiple of 64 bytes.
class numbers {
  public:
    explicit numbers(std::size_t count)
        : data_(static_cast<float*>(std::aligned_alloc(64, (count * 4 + 63) / 64 * 64))) {
        if (!data_) std::abort();
        unsigned state = 1;
        for (std::size_t i = 0; i < count; ++i) {
            state = state * 1664525u + 1013904223u;
            data_.get()[i] = float(state >> 8) / float(1 << 23) - 1.0f;
        }
    }
    [[nodiscard]] float* data() const { return data_.get(); }

  private:
    struct release {
        void operator()(float* p) const { std::free(p); }
    };
    std::unique_ptr<float, release> data_;
};

inline constexpr std::string_view compiler =
#ifdef __clang__
    "Clang " __clang_version__;
#else
    "GCC " __VERSION__;
#endif

} // namespace bench
