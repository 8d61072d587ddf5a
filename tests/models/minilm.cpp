// all-MiniLM-L6-v2 against what sentence-transformers itself answers.
#include "tests/support/minilm.hpp"
#include "kernels/minilm_l6.hpp"

#include "constformer/tasks/embed.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

// Slow builds look at fewer sentences.
#if defined(__SANITIZE_ADDRESS__)
constexpr int step = 200;
#elif defined(__EMSCRIPTEN__)
constexpr int step = 10;
#else
constexpr int step = 1;
#endif

struct agreement {
    double most = 0, least_cosine = 1, mean_cosine = 0;
};
template <element E> agreement agree() {
    using model = bert<minilm_l6, E>;
    const auto weights = weights_in<model>(minilm_folder() + "/model.safetensors");
    const auto words = wordpiece::from_vocabulary(text_of(minilm_folder() + "/vocab.txt"), {});
    BOOST_REQUIRE_MESSAGE(words, why(words));
    const tensors golden(data_path("golden/minilm/embeddings.safetensors"));
    const std::vector<float> expected = golden.floats("embeddings");
    const std::string sentences = text_of(data_path("golden/minilm/sentences.txt"));

    embedder<model> embed(*weights, *words, 256);
    agreement found;
    int count = 0, seen = 0;
    std::string_view left = sentences;
    for (; !left.empty(); ++count) {
        const std::size_t end = left.find('\n');
        const std::string_view sentence = left.substr(0, end);
        left.remove_prefix(end == left.npos ? left.size() : end + 1);
        if (count % step != 0) continue;
        std::array<float, 384> y;
        const status done = embed.embed(sentence, y);
        BOOST_REQUIRE_MESSAGE(done, why(done));
        double cosine = 0, ours = 0, theirs = 0;
        for (std::size_t i = 0; i < y.size(); ++i) {
            const double e = expected.at(std::size_t(count) * 384 + i);
            found.most = std::max(found.most, std::abs(y[i] - e));
            cosine += y[i] * e, ours += double(y[i]) * y[i], theirs += e * e;
        }
        cosine /= std::sqrt(ours * theirs);
        found.least_cosine = std::min(found.least_cosine, cosine), found.mean_cosine += cosine, ++seen;
    }
    BOOST_TEST(count == 1000);
    found.mean_cosine /= seen;
    BOOST_TEST_MESSAGE(name_of(E) << ": largest difference " << found.most << ", cosine at least " << found.least_cosine
                                  << ", mean " << found.mean_cosine);
    return found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_minilm)

BOOST_AUTO_TEST_CASE(embeddings_equal_sentence_transformers) {
    const agreement found = agree<f32>();
    BOOST_TEST(found.most <= 1e-5);
    BOOST_TEST(found.least_cosine >= 0.999999);
}
// Half the bytes: what an embedding is used for, its cosine to others, hardly notices.
BOOST_AUTO_TEST_CASE(embeddings_in_bfloat16_keep_their_direction) {
    const agreement found = agree<bf16>();
    BOOST_TEST(found.least_cosine >= 0.9998);
    BOOST_TEST(found.mean_cosine >= 0.99998);
}
BOOST_AUTO_TEST_CASE(embeddings_in_int8_keep_their_direction) {
    const agreement found = agree<i8>();
    BOOST_TEST(found.least_cosine >= 0.994);
    BOOST_TEST(found.mean_cosine >= 0.999);
}
#if !defined(__SANITIZE_ADDRESS__) && !defined(__EMSCRIPTEN__) // finding 20 million roundings takes long there
// The table of words in 8 bits too: 24 MB in all.
BOOST_AUTO_TEST_CASE(embeddings_in_blocks_of_bytes_keep_their_direction) {
    const agreement found = agree<q8>();
    BOOST_TEST(found.least_cosine >= 0.997);
    BOOST_TEST(found.mean_cosine >= 0.9995);
}
// The smallest, 15 MB, and the one that costs something.
BOOST_AUTO_TEST_CASE(embeddings_in_blocks_of_4_bits_stay_near) {
    const agreement found = agree<q4>();
    BOOST_TEST(found.least_cosine >= 0.89);
    BOOST_TEST(found.mean_cosine >= 0.97);
}
#endif

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
