#include "constformer/tasks/translate.hpp"
#include "constformer/models/dispatch_seq2seq.hpp"
#include "kernels/tiny.hpp"
#include "tests/support/small_tokenizers.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

// All 200 sources of a case of writing/, token by token.
template <class Model>
void equals_generate(const std::string& golden, const std::string& name, const writing& rules, int beams) {
    const tensors io(data_path("golden/writing/io.safetensors"));
    const auto weights = weights_of<Model>(golden);
    const auto net = dispatch(*weights);
    BOOST_REQUIRE(net);
    const numbers_as_text words;
    translator<dispatched<Model>, sequential, numbers_as_text> model(*net, words, rules, 9, 14, {.beams = beams});
    const std::string call = name + "." + std::to_string(beams);
    const auto counts = io.ints(name + ".counts"), ids = io.ints(name + ".input_ids"),
               all = io.ints(call + ".sequences");
    const int most = io.extent(call + ".sequences", 1), longest = io.extent(name + ".input_ids", 1);
    int same = 0;
    double worst = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto found = model.write(std::span(ids).subspan(i * std::size_t(longest), std::size_t(counts[i])));
        BOOST_REQUIRE_MESSAGE(found, why(found));
        std::vector<int> text{rules.start}, expected(all.begin() + int(i) * most, all.begin() + int(i + 1) * most);
        text.insert(text.end(), (*found)[0].ids.begin(), (*found)[0].ids.end());
        text.resize(std::size_t(most), -1);
        same += text == expected;
        if (beams > 1)
            worst = std::max(worst, std::abs(double((*found)[0].score) - double(io.floats(call + ".scores")[i])));
    }
    BOOST_TEST_CONTEXT(call) {
        BOOST_TEST(same == 200);
        BOOST_TEST(worst < 1e-4);
    }
}

const int t5_ends[] = {1}, marian_ends[] = {0}, marian_never[] = {58, 17}, bart_ends[] = {2};
const writing t5_writes{.start = 0, .ends = t5_ends};
const writing marian_writes{.start = 58, .ends = marian_ends, .last = 0, .never = marian_never, .length_penalty = 0.6f};
const writing bart_writes{.start = 2,
                          .ends = bart_ends,
                          .first = 0,
                          .last = 2,
                          .least = 6,
                          .repeats = 3,
                          .length_penalty = 2.0f,
                          .early = true};

} // namespace

BOOST_AUTO_TEST_SUITE(tasks_translate)

BOOST_AUTO_TEST_CASE(greedy_texts_equal_generate) {
    equals_generate<t5<tiny::t5_gated_gelu>>("t5_gated_gelu", "t5", t5_writes, 1);
    equals_generate<t5<tiny::t5_relu>>("t5_relu", "t5_relu", t5_writes, 1);
    equals_generate<transformer<tiny::marian_w27_h3>>("marian_w27_h3", "marian", marian_writes, 1);
    equals_generate<transformer<tiny::bart_w36_h3>>("bart_w36_h3", "bart", bart_writes, 1);
}
BOOST_AUTO_TEST_CASE(beams_equal_generate) {
    equals_generate<t5<tiny::t5_gated_gelu>>("t5_gated_gelu", "t5", t5_writes, 4);
    equals_generate<t5<tiny::t5_relu>>("t5_relu", "t5_relu", t5_writes, 4);
    equals_generate<transformer<tiny::marian_w27_h3>>("marian_w27_h3", "marian", marian_writes, 4);
    equals_generate<transformer<tiny::bart_w36_h3>>("bart_w36_h3", "bart", bart_writes, 4);
}

BOOST_AUTO_TEST_CASE(texts_and_their_errors) {
    using model = transformer<tiny::marian_w27_h3>;
    const auto weights = weights_of<model>("marian_w27_h3");
    const numbers_as_text words;
    translator<model, sequential, numbers_as_text> writes(*weights, words, marian_writes, 4, 1000);
    BOOST_TEST(writes.most_new() == 47); // positions but one
    const auto text = writes.translate("5 6 7");
    BOOST_REQUIRE(text);
    const std::string first = (*text)[0].text;
    BOOST_TEST(first == words.decode((*text)[0].ids));
    BOOST_TEST((*writes.translate("5 6 7"))[0].text == first); // nothing stays of a text
    BOOST_TEST(why(writes.translate("5 6 7 8 9")) == "tokenizer: 5 tokens, at most 4");
    BOOST_TEST(why(writes.write(std::vector<int>{1, 2, 3, 4, 5})) == "translate: 5 tokens, at most 4 fit");
    BOOST_TEST(why(writes.write({})) == "marian: no tokens; a forward needs at least one");
    translator<model, sequential, numbers_as_text> cuts(*weights, words, marian_writes, 4, 9, {.truncate = true});
    BOOST_TEST((*cuts.translate("5 6 7 8 9"))[0].ids == (*cuts.translate("5 6 7 8"))[0].ids);
    for (const int beams : {0, -3}) {
        translator<model, sequential, numbers_as_text> none(*weights, words, marian_writes, 4, 9, {.beams = beams});
        BOOST_TEST(why(none.translate("5")) == "beams: " + std::to_string(beams) + " beams, at least 1 is needed");
    }
    auto damaged = weights_of<model>("marian_w27_h3");
    damaged->bias.data[3] = NAN;
    translator<model, sequential, numbers_as_text> broken(*damaged, words, marian_writes, 4, 9);
    BOOST_TEST(why(broken.translate("5")) == "translate: the model's scores are not numbers: its weights are damaged");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
