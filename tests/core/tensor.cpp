#include <boost/test/unit_test.hpp>

#include "tests/support/laws.hpp"

using namespace constformer;

namespace {

template <leaf Leaf> void puts_what_it_gives() {
    const auto one = std::make_unique<Leaf>();
    std::vector<float> row(Leaf::leaf_columns, 0.0f);
    for (int r = 0; r < Leaf::leaf_rows; ++r) {
        for (int c = 0; c < Leaf::leaf_columns; ++c) row[std::size_t(c)] = float(1 + r * 1000 + c);
        one->put(r, row.data());
    }
    bool right = true;
    for (int r = 0; r < Leaf::leaf_rows; ++r)
        for (int c = 0; c < Leaf::leaf_columns; ++c) right = right && one->at(r, c) == float(1 + r * 1000 + c);
    BOOST_TEST(right);
    std::size_t zeros = 0; // the padding stays what it was
    for (float v : one->data) zeros += v == 0;
    BOOST_TEST(zeros == std::size(one->data) - std::size_t(Leaf::leaf_rows) * std::size_t(Leaf::leaf_columns));
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(one.get()) % 64 == 0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(core_tensor)

BOOST_AUTO_TEST_CASE(a_leaf_gives_back_what_was_put) {
    puts_what_it_gives<vector<1>>();
    puts_what_it_gives<vector<36>>();
    puts_what_it_gives<table<7, 20>>();
    puts_what_it_gives<table<2, 16>>();
}

BOOST_AUTO_TEST_CASE(views_step_by_their_stride) {
    std::vector<float> data(4 * 10);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = float(i);
    const rows<10> all{data.data(), 4};
    BOOST_TEST(all.stride == 10);
    BOOST_TEST(all[3][2] == 32.0f);
    const rows<3> middle = all.columns<3>(5);
    BOOST_TEST(middle.count == 4);
    BOOST_TEST(middle[2][1] == 26.0f);
    const const_rows<3> last = middle.part(2, 2);
    BOOST_TEST(last.count == 2);
    BOOST_TEST(last[1][0] == 35.0f);
    BOOST_TEST(onto(middle).to.data == middle.data);
}

BOOST_AUTO_TEST_CASE(lengths_add_up) {
    const lengths one(7), none(0), some(std::array{3, 9, 1});
    BOOST_TEST(one.tokens == 7);
    BOOST_TEST(one.longest == 7);
    BOOST_TEST(one.sentences == 1);
    BOOST_TEST(one.squares == 49);
    BOOST_TEST(none.tokens == 0);
    BOOST_TEST(some.tokens == 13);
    BOOST_TEST(some.longest == 9);
    BOOST_TEST(some.sentences == 3);
    BOOST_TEST(some.squares == 91);
}

BOOST_AUTO_TEST_SUITE_END()
