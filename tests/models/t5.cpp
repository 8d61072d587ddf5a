#include "constformer/models/t5.hpp"
#include "kernels/tiny.hpp"
#include "tests/support/seq2seq.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

constexpr int most = 160;

// Transformers' own buckets for distances -300 … 300.
template <int Buckets, int Farthest> void buckets_equal_pytorch() {
    const tensors io(data_path("golden/t5_buckets/io.safetensors"));
    const std::string shape = std::to_string(Buckets) + "_" + std::to_string(Farthest);
    for (bool both : {true, false}) {
        const std::string name = (both ? "both_" : "causal_") + shape;
        const auto distance = io.ints("relative_position"), expected = io.ints(name + ".bucket");
        std::vector<int> found;
        for (int d : distance)
            found.push_back(both ? relative_bias<Buckets, 1, Farthest, direction::both>::bucket(d)
                                 : relative_bias<Buckets, 1, Farthest, direction::backward>::bucket(d));
        BOOST_TEST(found == expected, boost::test_tools::per_element());
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_t5)

BOOST_AUTO_TEST_CASE(equals_pytorch_with_and_without_cache) {
    equals_pytorch<t5<tiny::t5_relu>>("t5_relu", 160, {.start = 0, .end = 1});
    equals_pytorch<t5<tiny::t5_gated_gelu>>("t5_gated_gelu", 160, {.start = 0, .end = 1});
}
BOOST_AUTO_TEST_CASE(buckets) {
    buckets_equal_pytorch<8, 16>();
    buckets_equal_pytorch<12, 40>();
    buckets_equal_pytorch<32, 128>();
    buckets_equal_pytorch<64, 256>();
}

BOOST_AUTO_TEST_CASE(scratch_is_exact) {
    using model = t5<tiny::t5_gated_gelu>;
    translation<model> s("t5_gated_gelu", most);
    const std::vector<int> source{3, 1, 4, 1, 5, 9, 2, 6, 5}, words{0, 7, 2};
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

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    using model = t5<tiny::t5_relu>;
    translation<model> s("t5_relu", most);
    std::vector<float> y((most + 1) * model::outputs);
    const auto why = [&](const std::vector<int>& ids, int count) {
        const status done = s.weights->decode(ids, s.keep, s.past, {y.data(), count}, s.workspace());
        return done ? std::string("no error") : std::string(done.error().what());
    };
    BOOST_TEST(why({1}, 1) == "t5: decode needs a source; call begin() first");
    s.read(std::vector<int>{1, 2, 3});
    BOOST_TEST(why({}, 0) == "t5: no tokens; a forward needs at least one");
    BOOST_TEST(why({59}, 1) == "t5: token id 59 is outside the vocabulary of 59");
    BOOST_TEST(why({1}, 2) == "t5: 1 words, but room for the logits of 2");
    BOOST_TEST(why(std::vector<int>(most + 1, 1), most + 1) == "t5: 161 words, the state has room for 160");
    BOOST_TEST(why({1}, 1) == "no error");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
