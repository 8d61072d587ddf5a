// read: how fast this machine reads memory, for generate.py: read BYTES THREADS prints GB/s, the best of some readings.
#include "../support/limits.hpp"
#include "constformer/core/team.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

int main(int count, char** words) {
    if (count != 3) return std::fprintf(stderr, "read BYTES THREADS\n"), 2;
    const std::size_t values = std::strtoull(words[1], nullptr, 10) / sizeof(float);
    const int threads = std::max(1, std::atoi(words[2]));
    const bench::numbers from(values);
    constformer::team workers(threads);
    double best = 1e9;
    for (int round = 0; round < 12; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        workers.split(threads, [&](int first, int last, int) {
            const std::size_t at = values * std::size_t(first) / std::size_t(threads) / 16 * 16,
                              to = values * std::size_t(last) / std::size_t(threads) / 16 * 16;
            bench::read_all({from.data() + at, to - at});
        });
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    std::printf("%.2f\n", double(values * sizeof(float)) / best / 1e9);
}
