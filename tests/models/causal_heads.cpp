#include "constformer/models/causal_heads.hpp"
#include "kernels/tiny.hpp"
#include "tests/support/golden.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

using gpt2 = causal_sequence_classifier<gpt<tiny::gpt2_sequence>, 3>;
using llama3 = causal_sequence_classifier<llama<tiny::llama_sequence>, 3>;

// The answer for a batch, in exactly the memory that is said.
template <class Model> std::vector<float> read(const Model& weights, const bert_inputs& in) {
    const std::size_t exact = Model::scratch(in.shape());
    memory scratch(exact);
    std::vector<float> y(std::size_t(in.sentences()) * Model::outputs);
    std::size_t high = 0;
    auto m = basic_workspace<>::over(scratch.bytes());
    m.high = &high, m.end = m.next + exact;
    const status done = weights.forward(in, {y.data(), in.sentences()}, m);
    BOOST_REQUIRE_MESSAGE(done, why(done));
    if (in.keep.empty()) BOOST_TEST(high == exact);
    m.end -= 64;
    BOOST_TEST(!weights.forward(in, {y.data(), in.sentences()}, m));
    return y;
}

template <class Model> void equals_pytorch(const std::string& golden) {
    const auto weights = weights_of<Model>(golden);
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    for (const std::string call : {"one", "short", "full"}) BOOST_TEST_CONTEXT(golden << ", " << call)
    BOOST_TEST(difference(read(*weights, {.ids = io.ints(call + ".input_ids")}), io.floats(call + ".logits")) <=
               tolerance);

    // Padded at the end, and the same sentences packed without their padding.
    const auto ids = io.ints("batch.input_ids"), keep = io.ints("batch.attention_mask");
    const auto wanted = io.floats("batch.logits");
    const std::vector<int> equal{13, 13, 13}, each{13, 5, 1};
    BOOST_TEST(difference(read(*weights, {.ids = ids, .keep = keep, .each = equal}), wanted) <= tolerance);
    std::vector<int> packed;
    for (std::size_t s = 0; s < 3; ++s)
        packed.insert(packed.end(), ids.begin() + std::ptrdiff_t(13 * s),
                      ids.begin() + std::ptrdiff_t(13 * s) + each[s]);
    BOOST_TEST(difference(read(*weights, {.ids = packed, .each = each}), wanted) <= tolerance);
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_causal_heads)

BOOST_AUTO_TEST_CASE(labels_equal_pytorch) {
    equals_pytorch<gpt2>("gpt2_sequence");
    equals_pytorch<llama3>("llama_sequence");
}

BOOST_AUTO_TEST_CASE(bad_input_is_a_sentence) {
    const auto weights = weights_of<gpt2>("gpt2_sequence");
    memory scratch(gpt2::scratch(lengths(std::array{40, 40})));
    float y[6];
    const auto said = [&](const bert_inputs& in, int rows = 1) {
        return why(weights->forward(in, {y, rows}, basic_workspace<>::over(scratch.bytes())));
    };
    const std::vector<int> ids{1, 2, 3, 4}, each{2, 2}, left{0, 1, 1, 1}, holes{1, 0, 1, 1}, end{1, 1, 1, 0};
    const std::string who = "causal_sequence_classifier: ";
    BOOST_TEST(said({.ids = {}}) == "gpt: no tokens; a forward needs at least one");
    BOOST_TEST(said({.ids = std::vector<int>{67}}) == "gpt: token id 67 is outside the vocabulary of 67");
    BOOST_TEST(said({.ids = std::vector<int>(41, 1)}) == "gpt: 41 tokens, this model has 40 positions");
    BOOST_TEST(said({.ids = ids}, 2) == who + "1 rows of logits, but room for 2");
    BOOST_TEST(said({.ids = ids, .keep = each}) == "gpt: a mask of 2 for 4 tokens");
    const std::string only = ", only what follows its last token may be hidden";
    BOOST_TEST(said({.ids = ids, .keep = left}) == who + "the mask of sentence 0 hides token 0" + only);
    BOOST_TEST(said({.ids = ids, .keep = holes}) == who + "the mask of sentence 0 hides token 1" + only);
    BOOST_TEST(said({.ids = ids, .keep = holes, .each = each}, 2) == ""); // the end of the first of two
    BOOST_TEST(said({.ids = ids, .keep = end}) == "");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
