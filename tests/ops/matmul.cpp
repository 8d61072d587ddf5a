#include <boost/test/unit_test.hpp>

#include "constformer/core/parallel.hpp"
#include "constformer/ops/matmul.hpp"
#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

struct alone { // all that multiply() asks of a workspace
    sequential threads;
};

// What rows became, as the product reads them: (rows, depth).
template <int In> reference::sheet read(const ops::byte_rows<In>& x) {
    reference::sheet s(x.count, x.padded);
    for (int r = 0; r < x.count; ++r)
        for (int c = 0; c < x.padded; ++c)
            s(r, c) = double(x.low[r]) + double(x.scale[r]) * x.data[std::ptrdiff_t(r) * x.padded + c];
    return s;
}
template <int In> reference::sheet read(const ops::bf16_rows<In>& x) {
    reference::sheet s(x.count, In);
    for (int r = 0; r < x.count; ++r)
        for (int c = 0; c < In; ++c) {
            const auto v = x.data[std::ptrdiff_t(r) * x.stride + c];
            s(r, c) = std::same_as<decltype(v), const float> ? double(v) : double(from_bfloat16(std::uint16_t(v)));
        }
    return s;
}
template <int In> reference::sheet read(const ops::block_rows<In>& x) {
    reference::sheet s(x.count, In);
    for (int r = 0; r < x.count; ++r)
        for (int c = 0; c < In; ++c) {
            const std::ptrdiff_t at = std::ptrdiff_t(c / block_size) * x.count + r;
            s(r, c) = double(x.ranges[at].scale) * x.data[at * block_size + c % block_size];
        }
    return s;
}
template <int Out, int In, element E> reference::sheet read(const matrix<Out, In, E>& w) { return laws::exact(w); }
template <int Out, int In> reference::sheet read(const matrix<Out, In, i8>& w) {
    reference::sheet s(Out, w.depth);
    for (int r = 0; r < Out; ++r)
        for (int c = 0; c < w.depth; ++c) s(r, c) = double(w.scale[r]) * w.data[w.place(r, c)];
    return s;
}

// What the sums of a product are made of may cancel: q4's steps and leasts.
template <int Out, int In, element E> double size_of(const matrix<Out, In, E>& w, int o, int k, double value) {
    if constexpr (E == q4) return std::abs(value) + 2 * std::abs(from_float16(w.scale[w.half(o, k / block_size, 1)]));
    return std::abs(value);
}

// A product of rounded numbers is exact but for the roundings of its sums: integers for i8, floats for bf16, and both
// for q8 and q4.
template <element E, int In, int Out> void rounded_products_agree() {
    const auto w = laws::random_weights<matrix<Out, In, E>>(40);
    const auto bias = laws::random_weights<vector<Out>>(41);
    const reference::sheet weights = read(*w);
    for (int rows : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 193}) {
        laws::sheet x(rows, In, laws::noise(42), 3), y(rows, Out, laws::noise(43), 2), z = y, a = y;
        const reference::sheet before = y.exact();
        const laws::aligned_memory memory(ops::prepare_room<E>(rows, In));
        auto m = basic_workspace<>::over(memory);
        const auto prepared = ops::prepare<E>(x.view<In>(), m);
        BOOST_TEST(m.left() == 0u);
        const reference::sheet inputs = read(prepared);
        ops::multiply(*w, *bias, prepared, y.view<Out>(), alone{});
        ops::multiply(*w, absent<void>{}, prepared, onto(z.view<Out>()), alone{});
        ops::multiply<activation::relu>(*w, *bias, prepared, a.view<Out>(), alone{});
        const reference::sheet plain = reference::linear(inputs, weights, {});
        double most = 0;
        for (int r = 0; r < rows; ++r)
            for (int o = 0; o < Out; ++o) {
                double size = 1 + std::abs(before(r, o));
                for (int k = 0; k < weights.columns; ++k)
                    size += std::abs(inputs(r, k)) * size_of(*w, o, k, weights(o, k));
                const double with = plain(r, o) + bias->at(0, o);
                for (double off :
                     {y.at(r, o) - with, z.at(r, o) - (before(r, o) + plain(r, o)), a.at(r, o) - std::max(0.0, with)})
                    most = std::max(most, std::isnan(off) ? HUGE_VAL : std::abs(off) / size);
            }
        BOOST_TEST(most <= laws::rounding * (E == i8 ? 8 : weights.columns + (in_blocks(E) ? 8 : 3)),
                   "rows " << rows << ", " << In << " -> " << Out);
        BOOST_TEST((x.guarded() && y.guarded() && z.guarded() && a.guarded()));
    }
}
template <element E> void rounded_products_agree_at_every_size() {
    rounded_products_agree<E, 1, 1>();
    rounded_products_agree<E, 7, 17>();
    rounded_products_agree<E, 33, 40>();
    if constexpr (in_blocks(E)) {
        rounded_products_agree<E, 64, 15>();
        rounded_products_agree<E, 289, 33>();
        return;
    }
    rounded_products_agree<E, 12, 16>();
    rounded_products_agree<E, 36, 100>();
    rounded_products_agree<E, 40, 33>();
    rounded_products_agree<E, 56, 64>();
    rounded_products_agree<E, 272, 48>();
}

// (columns, depth) weights in panels of 16 outputs. The lanes behind the last output hold a number that would show.
laws::sheet packed(const laws::sheet& w) {
    const int panels = round_up(w.count, panel) / panel;
    laws::sheet p(panels * w.width, panel);
    for (int r = 0; r < p.count; ++r)
        for (int c = 0; c < panel; ++c) {
            const int output = r / w.width * panel + c;
            p.at(r, c) = output < w.count ? w.at(output, r % w.width) : 1e30f;
        }
    return p;
}

// What rounding may do to one output: every one of depth + 3 sums and products, each relative to the sum of
// magnitudes (Higham's bound for a dot product), through an activation of slope at most 1.13 and error 5e-7.
double allowed(const laws::sheet& x, int r, const laws::sheet& w, int o, double bias, double before) {
    double size = std::abs(bias) + std::abs(before);
    for (int k = 0; k < w.width; ++k) size += std::abs(double(x.at(r, k)) * w.at(o, k));
    return 1.13 * laws::rounding * (w.width + 3) * size + 5e-7 * std::max(1.0, size);
}

struct how {
    bool bias, adds;
    activation act;
    int gap;
};

bool agrees(int rows, int depth, int columns, how h) {
    const laws::sheet x(rows, depth, laws::noise(12), h.gap), w(columns, depth, laws::noise(13)), b = packed(w);
    laws::sheet bias(1, round_up(columns, panel), laws::noise(14));
    laws::sheet y(rows, columns, laws::noise(15), 2 * h.gap);
    const reference::sheet before = y.exact();
    std::vector<double> added;
    for (int o = 0; h.bias && o < columns; ++o) added.push_back(bias.at(0, o));
    const reference::sheet expected = reference::linear(x.exact(), w.exact(), added, h.act);
    const ops::product<f32> p{.x = x.data(),
                              .x_stride = x.stride,
                              .b = b.data(),
                              .panel_stride = std::ptrdiff_t(depth) * panel,
                              .bias = h.bias ? bias.data() : nullptr,
                              .y = y.data(),
                              .y_stride = y.stride,
                              .rows = rows,
                              .depth = depth,
                              .columns = columns,
                              .adds = h.adds,
                              .after = h.act == activation::none   ? nullptr
                                       : h.act == activation::relu ? ops::block_of<activation::relu>
                                                                   : ops::block_of<activation::gelu>};
    ops::multiply_panels(p, 0, round_up(columns, panel) / panel);
    for (int r = 0; r < rows; ++r)
        for (int o = 0; o < columns; ++o) {
            const double old = h.adds ? before(r, o) : 0, more = h.bias ? bias.at(0, o) : 0;
            if (!(std::abs(y.at(r, o) - (old + expected(r, o))) <= allowed(x, r, w, o, more, old))) return false;
        }
    return y.guarded() && x.guarded();
}

} // namespace

BOOST_AUTO_TEST_SUITE(ops_matmul)

BOOST_AUTO_TEST_CASE(products_agree_at_every_count_of_rows_and_width) {
    constexpr how hows[] = {{true, false, activation::none, 0}, {false, false, activation::none, 3},
                            {true, true, activation::none, 3},  {false, true, activation::none, 0},
                            {true, false, activation::gelu, 3}, {true, false, activation::relu, 0}};
    int turn = 0;
    for (int rows : laws::some_rows)
        for (int columns : laws::some_widths)
            for (int depth : {1, 7, 33, 48}) {
                const how h = hows[turn++ % 6];
                BOOST_TEST(agrees(rows, depth, columns, h), "rows " << rows << ", depth " << depth << ", columns "
                                                                    << columns << ", way " << (turn - 1) % 6);
            }
}

BOOST_AUTO_TEST_CASE(every_epilogue_agrees_where_tiles_end) {
    for (int rows : {1, 5, 9, 17})
        for (int columns : {1, 17, 40, 100})
            for (bool bias : {false, true}) {
                for (bool adds : {false, true})
                    BOOST_TEST((agrees(rows, 33, columns, {bias, adds, activation::none, 1})));
                BOOST_TEST((agrees(rows, 33, columns, {bias, false, activation::gelu, 1})));
                BOOST_TEST((agrees(rows, 33, columns, {bias, false, activation::relu, 1})));
            }
}

BOOST_AUTO_TEST_CASE(an_empty_depth_gives_the_bias_or_zeros) {
    const laws::sheet bias(1, 32, laws::noise(16));
    for (bool with : {false, true}) {
        laws::sheet y(3, 20);
        ops::multiply_panels<f32>({.x = nullptr,
                                   .x_stride = 0,
                                   .b = bias.data(),
                                   .panel_stride = 0,
                                   .bias = with ? bias.data() : nullptr,
                                   .y = y.data(),
                                   .y_stride = y.stride,
                                   .rows = 3,
                                   .depth = 0,
                                   .columns = 20},
                                  0, 2);
        for (int c = 0; c < 20; ++c) BOOST_TEST(y.at(2, c) == (with ? bias.at(0, c) : 0.0f));
        BOOST_TEST(y.guarded());
    }
}

// A part of the panels writes its own columns only, and the parts together write what the whole does, bit for bit.
BOOST_AUTO_TEST_CASE(parts_of_the_panels_make_the_whole) {
    const laws::sheet x(7, 33, laws::noise(17)), w(100, 33, laws::noise(18)), b = packed(w);
    laws::sheet whole(7, 100), parts(7, 100);
    ops::product<f32> p{.x = x.data(),
                        .x_stride = x.stride,
                        .b = b.data(),
                        .panel_stride = 33 * panel,
                        .bias = nullptr,
                        .y = whole.data(),
                        .y_stride = whole.stride,
                        .rows = 7,
                        .depth = 33,
                        .columns = 100};
    ops::multiply_panels(p, 0, 7);
    p.y = parts.data();
    ops::multiply_panels(p, 3, 7);
    for (int c = 0; c < 48; ++c) BOOST_TEST(parts.at(6, c) == laws::guard);
    ops::multiply_panels(p, 0, 3);
    BOOST_TEST(laws::same(whole, parts));
}

BOOST_AUTO_TEST_CASE(the_typed_form_says_the_same_and_adds_where_told) {
    const auto w = laws::random_weights<matrix<17, 12>>(19);
    const auto bias = laws::random_weights<vector<17>>(20);
    laws::sheet x(5, 12, laws::noise(21), 4), y(5, 17, 6);
    const reference::sheet expected = reference::linear(x.exact(), laws::exact(*w), laws::exact_row(*bias));
    ops::multiply(*w, *bias, x.view<12>(), y.view<17>(), alone{});
    BOOST_TEST(laws::farthest(y, expected) <= 2e-6); // 12 products of about 1/4
    reference::sheet twice = expected;
    for (double& v : twice.values) v *= 2;
    ops::multiply(*w, *bias, x.view<12>(), onto(y.view<17>()), alone{});
    BOOST_TEST(laws::farthest(y, twice) <= 4e-6);
    ops::multiply<activation::tanh>(*w, absent<void>{}, x.view<12>(), y.view<17>(), alone{});
    BOOST_TEST(laws::farthest(y, reference::linear(x.exact(), laws::exact(*w), {}, activation::tanh)) <= 2e-6);
    BOOST_TEST((x.guarded() && y.guarded()));
}

BOOST_AUTO_TEST_CASE(products_of_bfloat16_agree_at_every_count_of_rows) {
    rounded_products_agree_at_every_size<bf16>();
}
BOOST_AUTO_TEST_CASE(products_of_bytes_agree_at_every_count_of_rows) { rounded_products_agree_at_every_size<i8>(); }
BOOST_AUTO_TEST_CASE(products_of_blocks_agree_at_every_count_of_rows) {
    rounded_products_agree_at_every_size<q8>();
    rounded_products_agree_at_every_size<q4>();
}

// NaN in a row shows in that row's outputs and nowhere else.
BOOST_AUTO_TEST_CASE(nan_goes_through_blocks) {
    const auto w = laws::random_weights<matrix<17, 40, q4>>(44);
    laws::sheet x(3, 40, laws::noise(45)), y(3, 17);
    x.at(1, 39) = NAN;
    const laws::aligned_memory memory(ops::prepare_room<q4>(3, 40));
    auto m = basic_workspace<>::over(memory);
    ops::multiply(*w, absent<void>{}, ops::prepare<q4>(x.view<40>(), m), y.view<17>(), alone{});
    for (int c = 0; c < 17; ++c)
        BOOST_TEST((std::isfinite(y.at(0, c)) && std::isnan(y.at(1, c)) && std::isfinite(y.at(2, c))));
}

// The largest sum that a matrix allows stays an integer of 32 bits.
BOOST_AUTO_TEST_CASE(the_longest_row_of_bytes_does_not_overflow) {
    static_assert(127LL * fits_in_pairs / 4 * (1 << 17) < (1LL << 31));
    using wide = matrix<1, 4096, i8>;
    const auto w = std::make_unique<wide>();
    for (auto& v : w->data) v = 64; // four of them fit where they meet
    w->scale[0] = 1, w->sum[0] = 0;
    std::vector<std::uint8_t> bytes(4096, 127);
    const float scale = 1, low = 0;
    float y = 0;
    ops::multiply(*w, absent<void>{}, ops::byte_rows<4096>{bytes.data(), &scale, &low, 1}, rows<1>{&y, 1}, alone{});
    BOOST_TEST(y == 127.0f * 64 * 4096);
}

BOOST_AUTO_TEST_SUITE_END()
