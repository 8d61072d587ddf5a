#include "constformer/ops/attend_one.hpp"

#include "tests/support/laws.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

// Adds what depends on head and key.
struct slope {
    [[nodiscard]] ops::key_range visible(int, int keys) const { return {0, keys}; }
    void operator()(int head, const ops::score_tile& s) const {
        for (int k = 0; k < s.keys; ++k) s(0, k) += 0.01f * float((head + 1) * ((s.key + k) % 7));
    }
    [[nodiscard]] slope sentence(int, int) const { return *this; }
};

// Nobody sees anything.
struct nothing {
    using only_limits = void;
    [[nodiscard]] ops::key_range visible(int, int) const { return {2, 2}; }
    void operator()(int, const ops::score_tile&) const {}
    [[nodiscard]] nothing sentence(int, int) const { return *this; }
};

struct counted_threads { // parts go to workers in an order of their own
    int workers = 1;
    [[nodiscard]] int size() const { return workers; }
    template <class F> void split(int n, F&& f) const {
        for (int w = workers; w-- > 0;)
            if (n * w / workers < n * (w + 1) / workers) f(n * w / workers, n * (w + 1) / workers, w);
    }
};

template <int Heads, int KvHeads, int HeadWidth, class Rule> void equals_attend(const Rule& rule) {
    constexpr int wide = Heads * HeadWidth, narrow = KvHeads * HeadWidth;
    for (const int keys : {1, 2, 3, 5, 16, 127, 128, 129, 300}) {
        laws::sheet q(1, wide, laws::noise(1)), k(keys, narrow, laws::noise(2), 3), v(keys, narrow, laws::noise(3), 3);
        for (float& x : q.all) x = x == laws::guard ? x : 3 * x;
        laws::sheet one(1, wide), many(1, wide);
        const laws::aligned_memory room(ops::attend_scratch(keys, HeadWidth));
        ops::attend<Heads, KvHeads, HeadWidth>(q.view<wide>(), k.view<narrow>(), v.view<narrow>(), many.view<wide>(),
                                               {}, {}, 0.3f, rule, basic_workspace<>::over(room));
        std::vector<float> first;
        for (const int workers : {1, 2, 3}) {
            const std::size_t size = ops::attend_one_scratch(keys, Heads, HeadWidth, workers);
            const laws::aligned_memory memory(size);
            std::size_t high = 0;
            auto m = basic_workspace<silent, counted_threads>::over(memory, {}, {workers});
            m.high = &high;
            ops::attend_one<Heads, KvHeads, HeadWidth>(q.view<wide>(), k.view<narrow>(), v.view<narrow>(),
                                                       one.view<wide>(), 0.3f, rule, m);
            BOOST_TEST(high == size);
            BOOST_TEST(one.guarded());
            BOOST_TEST_CONTEXT(keys << " keys, " << Heads << " heads") {
                BOOST_TEST(laws::farthest(one, many.exact()) <= 2e-6);
            }
            if (first.empty()) first = one.all;
            BOOST_TEST((first == one.all)); // whoever computes it
        }
    }
}

// Over a memory of bfloat16 it is what it is over the same numbers as floats, to the last bit.
template <int Heads, int KvHeads, int HeadWidth> void reads_bfloat16() {
    constexpr int wide = Heads * HeadWidth, narrow = KvHeads * HeadWidth;
    for (const int keys : {1, 3, 17, 129}) {
        laws::sheet q(1, wide, laws::noise(1)), k(keys, narrow, laws::noise(2)), v(keys, narrow, laws::noise(3));
        std::vector<std::uint16_t> bits[2];
        for (auto* one : {&k, &v})
            for (int r = 0; r < keys; ++r)
                for (int c = 0; c < narrow; ++c) {
                    bits[one == &v].push_back(to_bfloat16(one->at(r, c)));
                    one->at(r, c) = from_bfloat16(bits[one == &v].back());
                }
        laws::sheet floats(1, wide), halves(1, wide);
        const laws::aligned_memory memory(ops::attend_one_scratch<bf16>(keys, Heads, HeadWidth));
        const auto m = basic_workspace<>::over(memory);
        ops::attend_one<Heads, KvHeads, HeadWidth>(q.view<wide>(), k.view<narrow>(), v.view<narrow>(),
                                                   floats.view<wide>(), 0.3f, ops::everything{}, m);
        ops::attend_one<Heads, KvHeads, HeadWidth, bf16>(
            q.view<wide>(), rows<narrow, std::uint16_t>{bits[0].data(), keys},
            rows<narrow, std::uint16_t>{bits[1].data(), keys}, halves.view<wide>(), 0.3f, ops::everything{}, m);
        BOOST_TEST((floats.all == halves.all));
        BOOST_TEST(halves.guarded());
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(ops_attend_one)

BOOST_AUTO_TEST_CASE(equals_attention_of_many_queries) {
    equals_attend<9, 3, 64>(ops::causal{299});
    equals_attend<3, 3, 12>(ops::everything{});
    equals_attend<5, 1, 36>(ops::sliding_window{100, 299});
    equals_attend<4, 2, 7>(slope{});
    equals_attend<2, 1, 33>(slope{} & ops::sliding_window{2, 299});
}

BOOST_AUTO_TEST_CASE(a_memory_of_bfloat16) {
    reads_bfloat16<9, 3, 64>();
    reads_bfloat16<5, 1, 36>();
    reads_bfloat16<4, 2, 7>();
}

BOOST_AUTO_TEST_CASE(what_sees_nothing_is_zero) {
    laws::sheet q(1, 8, laws::noise(1)), k(3, 8, laws::noise(2)), y(1, 8);
    const laws::aligned_memory memory(ops::attend_one_scratch(3, 2, 4));
    ops::attend_one<2, 2, 4>(q.view<8>(), k.view<8>(), k.view<8>(), y.view<8>(), 1, nothing{},
                             basic_workspace<>::over(memory));
    for (int i = 0; i < 8; ++i) BOOST_TEST(y.at(0, i) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
