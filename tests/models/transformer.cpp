#include "constformer/models/transformer.hpp"
#include "kernels/tiny.hpp"
#include "tests/support/seq2seq.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

constexpr int most = 48;

} // namespace

BOOST_AUTO_TEST_SUITE(models_transformer)

BOOST_AUTO_TEST_CASE(equals_pytorch_with_and_without_cache) {
    equals_pytorch<transformer<tiny::marian_w27_h3>>("marian_w27_h3", most, {.start = 58, .end = 0});
    equals_pytorch<transformer<tiny::marian_w32_h2>>("marian_w32_h2", most, {.start = 58, .end = 0});
    equals_pytorch<transformer<tiny::bart_w36_h3>>("bart_w36_h3", most, {.start = 2, .end = 2});
}

BOOST_AUTO_TEST_CASE(scratch_is_exact) {
    using model = transformer<tiny::bart_w36_h3>;
    translation<model> s("bart_w36_h3", most);
    const std::vector<int> source{3, 1, 4, 1, 5, 9, 2, 6, 5}, words{2, 7, 3};
    std::vector<float> x(source.size() * model::width), y(words.size() * model::outputs);
    std::size_t high = 0;
    auto m = s.workspace();
    m.high = &high;
    BOOST_REQUIRE(s.weights->encode(source, {}, {x.data(), 9}, m));
    BOOST_TEST(high == model::encode_scratch(9));
    BOOST_REQUIRE(s.weights->begin({x.data(), 9}, s.past, m));
    high = 0;
    BOOST_REQUIRE(s.weights->decode(words, {}, s.past, {y.data(), 3}, m));
    BOOST_TEST(high == model::decode_scratch(3, 3, 9));
    high = 0;
    BOOST_REQUIRE(s.weights->decode(words, {}, s.past, {y.data(), 3}, m));
    BOOST_TEST(high == model::decode_scratch(3, 6, 9));
}

// Rows of a beam: words of their own over one source, copied between rows and forgotten.
BOOST_AUTO_TEST_CASE(rows_of_a_beam_part_and_follow_each_other) {
    using model = transformer<tiny::marian_w27_h3>;
    translation<model> s("marian_w27_h3", most);
    s.read(std::vector<int>{5, 6, 7, 8});
    memory placed(2 * model::state::row_bytes(most));
    auto m = basic_workspace<>::over(placed.bytes());
    auto first = model::state::row(m, most, s.past);
    m.next += model::state::row_bytes(most);
    auto second = model::state::row(m, most, s.past);
    const auto next = [&](model::state& past, std::vector<int> ids) {
        std::vector<float> y(ids.size() * model::outputs);
        BOOST_REQUIRE(s.weights->decode(ids, {}, past, {y.data(), int(ids.size())}, s.workspace()));
        return y;
    };
    next(first, {58, 10, 11});
    next(second, {58, 20});
    const auto expected = next(first, {12});
    first.rewind(3);
    second.copy_words(first);
    BOOST_TEST(second.length() == 3);
    next(first, {30, 31}); // what one row writes, another does not see
    BOOST_TEST(next(second, {12}) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    using model = transformer<tiny::bart_w36_h3>;
    translation<model> s("bart_w36_h3", most);
    std::vector<float> x(49 * model::width), y(49 * model::outputs);
    const auto why = [&](const status& done) {
        return done ? std::string("no error") : std::string(done.error().what());
    };
    const auto decode = [&](const std::vector<int>& ids, int count) {
        return why(s.weights->decode(ids, s.keep, s.past, {y.data(), count}, s.workspace()));
    };
    const auto encode = [&](const std::vector<int>& ids, const std::vector<int>& keep, int count) {
        return why(s.weights->encode(ids, keep, {x.data(), count}, s.workspace()));
    };
    BOOST_TEST(encode(std::vector<int>(49, 3), {}, 49) == "bart: 49 tokens, this model has 48 positions");
    BOOST_TEST(encode({3, 4}, {1}, 2) == "bart: a mask of 1 for 2 tokens");
    BOOST_TEST(encode({3, 4}, {}, 1) == "bart: 2 tokens, but room for 1");
    BOOST_TEST(encode({3, 61}, {}, 2) == "bart: token id 61 is outside the vocabulary of 61");
    BOOST_TEST(decode({1}, 1) == "bart: decode needs a source; call begin() first");
    s.read(std::vector<int>{1, 2, 3});
    BOOST_TEST(decode({}, 0) == "bart: no tokens; a forward needs at least one");
    BOOST_TEST(decode(std::vector<int>(49, 3), 49) == "bart: 49 tokens, this model has 48 positions");
    BOOST_TEST(decode({1}, 2) == "bart: 1 words, but room for the logits of 2");
    auto small = s.workspace();
    small.end = small.next + model::decode_scratch(1, 1, 3) - 64;
    BOOST_TEST(why(s.weights->decode(std::vector<int>{1}, {}, s.past, {y.data(), 1}, small))
                   .ends_with("this forward needs " + std::to_string(model::decode_scratch(1, 1, 3))));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
