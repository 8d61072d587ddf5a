// A forward allocates nothing: every way to the heap is counted while it runs.
#include <boost/test/unit_test.hpp>

#include "kernels/tiny.hpp"
#include "tests/support/laws.hpp"

#include <atomic>
#include <cstdlib>

#ifndef __EMSCRIPTEN__
#include "constformer/core/team.hpp"
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#endif

namespace {
std::atomic<long> allocations = 0;
void count() { allocations.fetch_add(1, std::memory_order_relaxed); }
} // namespace

// operator new ends in one of these, so counting them counts all.
#if defined(SANITIZED)
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
#define CAN_COUNT
namespace {
const bool counting = __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t) { count(); },
                                                                [](const volatile void*) {}) != 0;
} // namespace
#elif defined(__EMSCRIPTEN__)
#define CAN_COUNT
extern "C" {
void* emscripten_builtin_malloc(std::size_t);
void* emscripten_builtin_calloc(std::size_t, std::size_t);
void* emscripten_builtin_memalign(std::size_t, std::size_t);
void emscripten_builtin_free(void*);
void* malloc(std::size_t n) { return count(), emscripten_builtin_malloc(n); }
void* calloc(std::size_t n, std::size_t size) { return count(), emscripten_builtin_calloc(n, size); }
void* aligned_alloc(std::size_t to, std::size_t n) { return count(), emscripten_builtin_memalign(to, n); }
void free(void* p) { emscripten_builtin_free(p); }
}
namespace {
constexpr bool counting = true;
}
#elif defined(__GLIBC__)
#define CAN_COUNT
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
void* malloc(std::size_t n) noexcept { return count(), __libc_malloc(n); }
void* calloc(std::size_t n, std::size_t size) noexcept { return count(), __libc_calloc(n, size); }
void* realloc(void* p, std::size_t n) noexcept { return count(), __libc_realloc(p, n); }
void* memalign(std::size_t to, std::size_t n) noexcept { return count(), __libc_memalign(to, n); }
void* aligned_alloc(std::size_t to, std::size_t n) noexcept { return count(), __libc_memalign(to, n); }
int posix_memalign(void** p, std::size_t to, std::size_t n) noexcept {
    count();
    *p = __libc_memalign(to, n);
    return *p || n == 0 ? 0 : 12; // ENOMEM
}
void free(void* p) noexcept { __libc_free(p); }
}
namespace {
constexpr bool counting = true;
}
#endif

BOOST_AUTO_TEST_SUITE(core_allocation)

#ifdef CAN_COUNT

using namespace constformer;

namespace {

template <class F> long counted(F&& f) {
    const long before = allocations.load();
    f();
    return allocations.load() - before;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_trap_sees_an_allocation) {
    BOOST_TEST(counting);
    void* volatile kept = nullptr;
    BOOST_TEST(counted([&] { kept = std::malloc(10); }) == 1);
    std::free(kept);
    int* volatile one = nullptr;
    BOOST_TEST(counted([&] { one = new int(3); }) == 1);
    delete one;
    std::byte* volatile line = nullptr;
    BOOST_TEST(counted([&] { line = new (std::align_val_t(64)) std::byte[64]; }) == 1);
    ::operator delete[](const_cast<std::byte*>(line), std::align_val_t(64));
}

namespace {
template <element E> void allocates_nothing() {
    using model = bert<tiny::bert_w36_h3, E>;
    const auto net = laws::random_weights<model>(80);
    const std::vector<int> ids(30, 5), each{17, 13}, keep(30, 1);
    laws::sheet x(30, 36), pooled(2, 36);
    const lengths shape{std::span<const int>(each)};
    const bert_inputs in{.ids = ids, .segments = {}, .keep = keep, .each = each};
    bool good = false;

    const laws::aligned_memory memory(model::scratch(shape));
    const auto m = basic_workspace<>::over(memory);
    const laws::aligned_memory more_for_pooling(model::pool_scratch(2));
    BOOST_TEST(counted([&] {
                   good = net->forward(in, x.view<36>(), m).has_value();
                   net->pool(x.view<36>(), each, pooled.view<36>(), basic_workspace<>::over(more_for_pooling));
               }) == 0);
    BOOST_TEST(good);
    BOOST_TEST(counted([&] { good = !net->forward(in, x.view<36>(), basic_workspace<>::over({})); }) ==
               0); // nor does no
    BOOST_TEST(good);

#ifndef __EMSCRIPTEN__
    for (int threads : {2, 3}) {
        team workers(threads);
        const laws::aligned_memory more(model::scratch(shape, threads));
        const auto with = basic_workspace<silent, on_team>::over(more, {}, {&workers});
        std::atomic<int> here = 0; // until all have come: a thread's first steps may be the C library's own
        workers.split(threads, [&](int, int, int) {
            for (++here; here < threads;) std::this_thread::yield();
        });
        BOOST_TEST(counted([&] {
                       for (int round = 0; round < 5; ++round) good = net->forward(in, x.view<36>(), with).has_value();
                   }) == 0);
        BOOST_TEST(good);
    }
#else
    const std::size_t pages = __builtin_wasm_memory_size(0);
    for (int round = 0; round < 5; ++round) good = net->forward(in, x.view<36>(), m).has_value();
    BOOST_TEST(good);
    BOOST_TEST(__builtin_wasm_memory_size(0) == pages);
#endif
}
} // namespace
BOOST_AUTO_TEST_CASE(a_forward_allocates_nothing) {
    allocates_nothing<f32>();
    allocates_nothing<bf16>();
    allocates_nothing<i8>();
}

BOOST_AUTO_TEST_CASE(a_decoder_allocates_nothing) {
    using model = llama<tiny::llama_w42_h6>;
    const auto net = laws::random_weights<model>(81);
    const laws::aligned_memory states(model::state::bytes(40)), memory(model::scratch(30, 40));
    auto past = model::state::in(basic_workspace<>::over(states), 40);
    const std::vector<int> ids(30, 5);
    laws::sheet y(1, model::outputs);
    bool good = false;
    for (const int n : {30, 1, 2}) {
        BOOST_TEST(counted([&] {
                       good = net->forward(std::span(ids).first(std::size_t(n)), past, y.view<model::outputs>(),
                                           basic_workspace<>::over(memory))
                                  .has_value();
                   }) == 0);
        BOOST_TEST(good);
    }
}

#endif

BOOST_AUTO_TEST_SUITE_END()
