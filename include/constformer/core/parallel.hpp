// parallel: who runs the parts of one step. A policy splits [0, n) into parts; every output is computed whole by one
// part, so results do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace constformer {

// One thread: the caller's.
struct sequential {
    [[nodiscard]] static constexpr int size() { return 1; }
    // f(begin, end, worker) over parts that cover [0, n); worker < size().
    template <class F> void split(int n, F&& f) const {
        if (n > 0) f(0, n, 0);
    }
};

} // namespace constformer
