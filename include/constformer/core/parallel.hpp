// parallel: who runs the parts of one step. A policy splits [0, n) into parts; every output is computed whole by one
// part, so results do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace constformer {

// One thread: the caller's.
struct sequential {
    [[nodiscard]] static constexpr int size() { return 1; }
    // f(begin, end, worker) over parts that cover [0, n); worker < size().
    template <class F> void split(int n, F&& f) const {
        if (n > 0) f(0, n, 0);
    }
};

// Another policy behind a function, for code that is compiled and linked apart from it. Whatever the policy shares with
// its threads (the standard library counts sleeping threads in a variable of an inline function) then exists once.
class borrowed_threads {
  public:
    borrowed_threads() = default; // the calling thread alone
    // The policy must outlive this.
    template <class Policy>
    explicit borrowed_threads(const Policy& policy)
        : policy_(&policy), size_(policy.size()), run_([](const void* of, int n, part* f, void* argument) {
              static_cast<const Policy*>(of)->split(
                  n, [=](int begin, int end, int worker) { f(argument, begin, end, worker); });
          }) {}
    [[nodiscard]] int size() const { return size_; }
    template <class F> void split(int n, F&& f) const {
        if (policy_)
            run_(
                policy_, n,
                [](void* argument, int begin, int end, int worker) {
                    (*static_cast<std::remove_reference_t<F>*>(argument))(begin, end, worker);
                },
                const_cast<void*>(static_cast<const void*>(std::addressof(f))));
        else if (n > 0)
            f(0, n, 0);
    }

  private:
    using part = void(void* argument, int begin, int end, int worker);
    const void* policy_ = nullptr;
    int size_ = 1;
    void (*run_)(const void* policy, int n, part* f, void* argument) = nullptr;
};

} // namespace constformer
