#include "tests/tasks/support.hpp"

#include "constformer/tasks/engine.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#include <boost/test/unit_test.hpp>

// Every vector and string comes through here.
namespace {
std::atomic<long> calls = 0;
[[maybe_unused]] void* counted(void* memory) {
    calls.fetch_add(1, std::memory_order_relaxed);
    if (!memory) throw std::bad_alloc();
    return memory;
}
} // namespace
#ifndef __SANITIZE_ADDRESS__ // which has its own, and checks that they are used in pairs
// (Out of line: where GCC sees through one of a pair it warns that the pair does not match.)
[[gnu::noinline]] void* operator new(std::size_t size) { return counted(std::malloc(size == 0 ? 1 : size)); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t to) {
    const auto step = static_cast<std::size_t>(to);
    return counted(std::aligned_alloc(step, (size + step) / step * step));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    calls.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void* operator new[](std::size_t size) { return operator new(size); }
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t to) { return operator new(size, to); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

namespace constformer::test {
long news() { return calls.load(); }

BOOST_AUTO_TEST_SUITE(tasks_engine)

using model = bert<tiny::bert_w16_h2>;

BOOST_AUTO_TEST_CASE(memory_is_aligned_and_large_enough) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{1000}}) {
        const aligned_memory some(size);
        BOOST_TEST(some.bytes().size() >= size);
        BOOST_TEST(reinterpret_cast<std::uintptr_t>(some.bytes().data()) % 64 == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_batch_is_its_texts_end_to_end) {
    const checkpoint<model> c("bert_w16_h2");
    engine<model> e(*c.weights, c.words, 12, 0);
    BOOST_REQUIRE(e.encode("the cat", false));
    BOOST_TEST(e.fits());
    e.append();
    BOOST_REQUIRE(e.encode("a", "b", false));
    e.append();
    const auto in = e.batch();
    const std::vector<int> each(in.each.begin(), in.each.end()), segments(in.segments.begin(), in.segments.end());
    const std::vector<int> lengths{4, 5}, zeros_then{0, 0, 0, 0, 0, 0, 0, 1, 1};
    BOOST_TEST(each == lengths, boost::test_tools::per_element());
    BOOST_TEST(segments == zeros_then, boost::test_tools::per_element());
    BOOST_REQUIRE(e.encode("the cat", false));
    BOOST_TEST(!e.fits());
    e.clear();
    BOOST_TEST(e.fits());
    BOOST_TEST(e.batch().ids.empty());
}

BOOST_AUTO_TEST_CASE(a_text_has_at_most_as_many_tokens_as_positions) {
    const checkpoint<model> c("bert_w16_h2");
    BOOST_TEST(engine<model>(*c.weights, c.words, 1000, 0).longest() == 70);
    BOOST_TEST(engine<model>(*c.weights, c.words, 20, 0).longest() == 20);
    engine<model> none(*c.weights, c.words, -5, 0);
    BOOST_TEST(none.longest() == 1);
    BOOST_TEST(!none.encode("a", true)); // no room for [CLS] and [SEP]
    engine<model> few(*c.weights, c.words, 3, 0);
    BOOST_TEST(!few.encode("the cat", false));
    BOOST_TEST(few.encode("the cat", true).has_value());
    BOOST_TEST(few.text().size() == 3);
    BOOST_TEST(!few.encode("\xff", true));
}

BOOST_AUTO_TEST_CASE(parts_are_counted_in_code_points) {
    code_points part("aäb€𝄞c");
    BOOST_TEST(part(0, 1) == "a");
    BOOST_TEST(part(1, 3) == "äb");
    BOOST_TEST(part(2, 5) == "b€𝄞"); // begins before the last part's end
    BOOST_TEST(part(5, 6) == "c");
    BOOST_TEST(part(0, 2) == "aä"); // and back
    BOOST_TEST(part(4, 100) == "𝄞c");
    BOOST_TEST(part(100, 200) == "");
    BOOST_TEST(part(3, 1) == "");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
