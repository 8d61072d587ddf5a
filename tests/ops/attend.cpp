#include <boost/test/unit_test.hpp>

#include "constformer/ops/attend.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

// Scores are sums of up to 64 products of size 1, times at most 1: an error of 64 · 2^-24 · 8 at most, which softmax
// passes on as a relative error of a probability; outputs are means of values below 1.
constexpr double tolerance = 2e-5;

constexpr double gone = -std::numeric_limits<double>::infinity();

// One head over rows that lie in wider ones; `expected` says what becomes of a score.
template <element E = f32, class Rule>
bool head_agrees(int queries, int keys, int width, const Rule& rule, const reference::score_rule& expected,
                 double within = tolerance) {
    const laws::sheet q(queries, width, laws::noise(60), 3), k(keys, width, laws::noise(61), 5),
        v(keys, width, laws::noise(62), 1);
    laws::sheet y(queries, width, 7);
    const laws::aligned_memory memory(ops::attend_room(keys, width, E != f32));
    const ops::head_view h{.q = q.data(),
                           .k = k.data(),
                           .v = v.data(),
                           .y = y.data(),
                           .q_stride = q.stride,
                           .kv_stride = k.stride,
                           .v_stride = v.stride,
                           .y_stride = y.stride,
                           .queries = queries,
                           .keys = keys,
                           .head_width = width,
                           .scale = 0.7f};
    ops::attend_head<E>(h, 0, 0, rule, memory.data.get(), silent{});
    return laws::farthest(y, reference::attend(q.exact(), k.exact(), v.exact(), 1, 1, 0.7, expected)) <= within &&
           y.guarded();
}

struct recorder : silent { // every row of probabilities that attention gives away
    struct seen {
        int rows = 0, keys = 0;
        double off = 0;
    };
    seen* all;
    [[nodiscard]] static bool wants_attention() { return true; }
    void attention(int, int, std::span<const float> probabilities) const {
        double sum = 0;
        for (float p : probabilities) sum += p;
        ++all->rows;
        all->keys = std::max(all->keys, int(probabilities.size()));
        all->off = std::max(all->off, std::abs(sum - 1));
    }
};

template <int Heads, int KvHeads, int HeadWidth> void heads_agree() {
    constexpr int wide = Heads * HeadWidth, narrow = KvHeads * HeadWidth;
    constexpr int each_query[] = {1, 9, 3}, each_key[] = {1, 17, 5};
    laws::sheet q(13, wide, laws::noise(63), 2), k(23, narrow, laws::noise(64), 4), v(23, narrow, laws::noise(65), 4);
    laws::sheet y(13, wide, 6), together(13, wide, 6);
    std::vector<int> keep(23, 1);
    keep[2] = keep[9] = keep[18] = keep[22] = 0;
    const ops::padding rule{keep};
    const laws::aligned_memory memory(ops::attend_scratch(17, HeadWidth));
    const auto m = basic_workspace<>::over(memory);
    ops::attend<Heads, KvHeads, HeadWidth>(q.view<wide>(), k.view<narrow>(), v.view<narrow>(), together.view<wide>(),
                                           each_query, each_key, 0.5f, rule, m);
    int query = 0, key = 0;
    for (int s = 0; s < 3; query += each_query[s], key += each_key[s], ++s) {
        const auto part = [](const laws::sheet& x, int first, int count) {
            reference::sheet some(count, x.width);
            for (int r = 0; r < count; ++r)
                for (int c = 0; c < x.width; ++c) some(r, c) = x.at(first + r, c);
            return some;
        };
        const auto expected = reference::attend(
            part(q, query, each_query[s]), part(k, key, each_key[s]), part(v, key, each_key[s]), Heads, KvHeads, 0.5,
            [&](int, int, int j, double score) { return keep[std::size_t(key + j)] ? score : gone; });
        for (int r = 0; r < each_query[s]; ++r)
            for (int c = 0; c < wide; ++c)
                BOOST_TEST(std::abs(together.at(query + r, c) - expected(r, c)) <= tolerance);
        // alone, the sentence gives the very same
        ops::attend<Heads, KvHeads, HeadWidth>(
            q.view<wide>().part(query, each_query[s]), k.view<narrow>().part(key, each_key[s]),
            v.view<narrow>().part(key, each_key[s]), y.view<wide>().part(query, each_query[s]), {}, {}, 0.5f,
            ops::padding{std::span<const int>(keep).subspan(std::size_t(key), std::size_t(each_key[s]))}, m);
    }
    BOOST_TEST(laws::same(y, together));
}

} // namespace

BOOST_AUTO_TEST_SUITE(ops_attend)

BOOST_AUTO_TEST_CASE(a_head_agrees_at_every_count_of_keys_and_head_width) {
    for (int width : {1, 8, 9, 12, 20, 32, 64, 80})
        for (int keys : {0, 1, 7, 15, 16, 17, 127, 128, 129, 257})
            for (int queries : {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65})
                BOOST_TEST(head_agrees(queries, keys, width, ops::everything{},
                                       [](int, int, int, double score) { return score; }),
                           "queries " << queries << ", keys " << keys << ", width " << width);
}

// Where the products are of bfloat16, scores of up to 0.7 · 80 / 3 are off by up to 2^-8 of what they are sums of, and
// so are the means of values below 1.
BOOST_AUTO_TEST_CASE(a_head_agrees_in_the_precision_of_bfloat16) {
    for (int width : {1, 8, 9, 12, 32, 80})
        for (int keys : {1, 2, 7, 15, 16, 17, 127, 128, 129, 257})
            for (int queries : {1, 3, 16, 17, 33}) {
                BOOST_TEST(head_agrees<bf16>(
                               queries, keys, width, ops::everything{},
                               [](int, int, int, double score) { return score; }, 0.03),
                           "queries " << queries << ", keys " << keys << ", width " << width);
                std::vector<int> keep(std::size_t(keys), 1);
                for (std::size_t j = 1; j < keep.size(); j += 3) keep[j] = 0;
                BOOST_TEST(head_agrees<i8>(
                    queries, keys, width, ops::sliding_window{21, keys - queries} & ops::padding{keep},
                    [&](int, int i, int j, double score) {
                        const int at = keys - queries + i;
                        return j > at || j <= at - 21 ? gone : keep[std::size_t(j)] ? score : double(ops::never);
                    },
                    0.03));
            }
}

BOOST_AUTO_TEST_CASE(padding_with_holes_hides_keys) {
    for (int width : {12, 32})
        for (int keys : {1, 15, 16, 17, 129})
            for (int kind : {0, 1, 2}) { // every third hidden; only the last visible; only the first visible
                std::vector<int> keep;
                for (int j = 0; j < keys; ++j)
                    keep.push_back(kind == 0 ? j % 3 != 1 : kind == 1 ? j == keys - 1 : j == 0);
                BOOST_TEST(head_agrees(9, keys, width, ops::padding{keep}, [&](int, int, int j, double score) {
                    return keep[std::size_t(j)] ? score : gone;
                }));
            }
}

BOOST_AUTO_TEST_CASE(where_all_is_hidden_the_values_are_averaged_and_nothing_is_nan) {
    for (int keys : {1, 15, 16, 17, 129, 300}) {
        const std::vector<int> keep(std::size_t(keys), 0);
        for (int queries : {1, 9, 40})
            BOOST_TEST(
                head_agrees(queries, keys, 12, ops::padding{keep}, [](int, int, int, double) { return ops::never; }));
    }
}

BOOST_AUTO_TEST_CASE(causal_with_and_without_a_past) {
    for (int width : {8, 20})
        for (int past : {0, 1, 15, 16, 40, 130})
            for (int queries : {1, 2, 8, 9, 17, 70}) {
                const auto ordered = [&](int, int i, int j, double score) { return j <= past + i ? score : gone; };
                BOOST_TEST(head_agrees(queries, past + queries, width, ops::causal{past}, ordered));
                std::vector<int> keep(std::size_t(past + queries), 1);
                for (std::size_t j = 1; j < keep.size(); j += 4) keep[j] = 0;
                BOOST_TEST(head_agrees(queries, past + queries, width, ops::causal{past} & ops::padding{keep},
                                       [&](int h, int i, int j, double score) {
                                           return keep[std::size_t(j)] ? ordered(h, i, j, score) : gone;
                                       }));
            }
}

BOOST_AUTO_TEST_CASE(a_sliding_window_sees_the_last_keys_only) {
    for (int size : {1, 2, 16, 33, 130, 1000})
        for (int past : {0, 5, 140})
            for (int queries : {1, 3, 16, 33, 70})
                BOOST_TEST(head_agrees(queries, past + queries, 12, ops::sliding_window{size, past},
                                       [&](int, int i, int j, double score) {
                                           return j <= past + i && j > past + i - size ? score : gone;
                                       }),
                           "window " << size << ", past " << past << ", queries " << queries);
}

// A query that sees nothing gets zeros; one whose visible keys are all hidden averages those, and no others.
BOOST_AUTO_TEST_CASE(what_is_not_visible_counts_less_than_what_is_hidden) {
    struct odd_see_nothing : ops::everything {
        ops::key_range visible(int query, int keys) const { return {0, query % 2 ? 0 : keys}; }
        odd_see_nothing sentence(int, int) const { return *this; }
    };
    for (int queries : {1, 2, 9, 40})
        for (int keys : {1, 17, 200}) {
            BOOST_TEST(head_agrees(queries, keys, 12, odd_see_nothing{},
                                   [](int, int i, int, double score) { return i % 2 ? gone : score; }));
            const std::vector<int> keep(std::size_t(keys), 0);
            BOOST_TEST(head_agrees(queries, keys, 12, ops::causal{} & ops::padding{keep},
                                   [](int, int i, int j, double) { return j <= i ? ops::never : gone; }));
        }
}

BOOST_AUTO_TEST_CASE(scores_of_any_size_stay_numbers) {
    struct tenfold {
        ops::key_range visible(int, int keys) const { return {0, keys}; }
        void operator()(int, const ops::score_tile& s) const {
            for (int q = 0; q < s.queries; ++q)
                for (int k = 0; k < s.keys; ++k)
                    s(q, k) = float((s.query + q) * 37 % 11 - (s.key + k) * 29 % 13) * 1e4f;
        }
        tenfold sentence(int, int) const { return *this; }
    };
    for (int queries : {1, 9, 40})
        for (int keys : {17, 300})
            BOOST_TEST(head_agrees(queries, keys, 12, tenfold{},
                                   [](int, int i, int j, double) { return (i * 37 % 11 - j * 29 % 13) * 1e4; }));
}

BOOST_AUTO_TEST_CASE(a_packed_batch_equals_separate_runs_also_with_grouped_queries) {
    heads_agree<1, 1, 12>();
    heads_agree<4, 2, 8>();
    heads_agree<3, 1, 20>();
}

BOOST_AUTO_TEST_CASE(an_observer_sees_each_row_once_and_rows_sum_to_one) {
    recorder::seen seen;
    recorder watch;
    watch.all = &seen;
    laws::sheet x(19, 36, laws::noise(66)), y(19, 36);
    const laws::aligned_memory memory(ops::attend_scratch(19, 12));
    const auto m = basic_workspace<recorder>::over(memory, watch);
    ops::attend<3, 3, 12>(x.view<36>(), x.view<36>(), x.view<36>(), y.view<36>(), {}, {}, 1.0f, ops::everything{}, m);
    BOOST_TEST(seen.rows == 3 * 19);
    BOOST_TEST(seen.keys == 19);
    BOOST_TEST(seen.off <= 1e-6);
    ops::attend<3, 3, 12>(x.view<36>(), x.view<36>(), x.view<36>(), y.view<36>(), {}, {}, 1.0f, ops::causal{}, m);
    BOOST_TEST(seen.rows == 2 * 3 * 19);
    BOOST_TEST(seen.off <= 1e-6);
}

BOOST_AUTO_TEST_SUITE_END()
