#include "constformer/tasks/pipeline.hpp"
#include "tests/support/small_tokenizers.hpp"
#include "tests/tasks/support.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

constexpr std::string_view lines[] = {"the cat sat", "plants make food", "how do plants make food"};

// A model of numbers as text: what matters is what becomes of the ids.
template <class Model> struct numbered {
    std::unique_ptr<Model> weights;
    numbers_as_text words;
    explicit numbered(const std::string& golden) : weights(weights_of<Model>(golden)) {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(tasks_pipeline)

BOOST_AUTO_TEST_CASE(one_list_of_words_for_tasks) {
    static_assert(words_of_tasks.size() == std::size_t(task::summarize) + 1);
    static_assert(name_of(task::fill_mask) == "fill-mask" && name_of(task::summarize) == "summarize");
    for (std::size_t i = 0; i < words_of_tasks.size(); ++i) {
        BOOST_TEST((find_task(words_of_tasks[i].ours) == task(int(i))));
        if (!words_of_tasks[i].transformers.empty())
            BOOST_TEST((find_task(words_of_tasks[i].transformers) == task(int(i))));
    }
    BOOST_TEST((find_task("question-answering") == task::answer));
    BOOST_TEST((!find_task("") && !find_task("fly")));
}

BOOST_AUTO_TEST_CASE(embeds_and_searches) {
    using model = bert<tiny::bert_w36_h3>;
    const checkpoint<model> c("bert_w36_h3");
    const encoding tokens = c.encode(lines[0]);
    const auto states = c.forward<36>(tokens, tokens.size());
    for (const pooling how : {pooling::mean, pooling::first, pooling::last}) {
        pipeline<task::embed, model> embed(*c.weights, c.words, {.most_tokens = 40, .pool = how});
        const auto found = embed(lines[0]);
        BOOST_REQUIRE_MESSAGE(found, why(found));
        std::vector<double> wanted(36);
        for (int t = 0; t < tokens.size(); ++t)
            if (how == pooling::mean || t == (how == pooling::first ? 0 : tokens.size() - 1))
                for (std::size_t i = 0; i < 36; ++i) wanted[i] += double(states[std::size_t(t) * 36 + i]);
        double square = 0, worst = 0;
        for (const double v : wanted) square += v * v;
        for (std::size_t i = 0; i < 36; ++i)
            worst = std::max(worst, std::abs(wanted[i] / std::sqrt(square) - double((*found)[i])));
        BOOST_TEST(worst < 1e-6);
        BOOST_TEST(!embed("\xff"));
    }
    pipeline<task::search, model> search(*c.weights, c.words);
    BOOST_TEST(why(search("the cat")) == "search: there is no passage; keep() takes them");
    BOOST_REQUIRE(search.keep(lines));
    const auto best = search(lines[1], 2);
    BOOST_REQUIRE_MESSAGE(best, why(best));
    BOOST_TEST((best->size() == 2 && (*best)[0].index == 1));
    BOOST_TEST(std::abs((*best)[0].score - 1) < 1e-5);
    BOOST_TEST(search(lines[1])->size() == 3u);
    BOOST_TEST(why(search("the cat", 0)) == "search: the 0 best were asked for, at least 1 is needed");
    const std::string_view bad[] = {"a", "\xff"};
    BOOST_TEST(why(search.keep(bad)) == "text 2: wordpiece: the text is not UTF-8 at byte 0");
    BOOST_TEST(search(lines[1])->size() == 3u); // those of before
}

BOOST_AUTO_TEST_CASE(fills_masks) {
    using model = bert_masked_lm<tiny::bert_masked_lm>;
    const checkpoint<model> c("bert_masked_lm");
    auto fill = make_pipeline<task::fill_mask>(*c.weights, c.words, {.most_tokens = 16});
    mask_filler filler(*c.weights, c.words, 16);
    const auto found = fill("the [MASK] sat", 3), wanted = filler.fill("the [MASK] sat", 3);
    BOOST_REQUIRE_MESSAGE(found && wanted, why(found));
    BOOST_TEST(found->size() == 3u);
    for (std::size_t i = 0; i < 3; ++i) BOOST_TEST((*found)[i].token == (*wanted)[i].token);
    BOOST_TEST(fill("[MASK]")->size() == 5u);
    BOOST_TEST(why(fill("the cat")) == "fill_mask: the text has no [MASK], at least one is needed");
}

BOOST_AUTO_TEST_CASE(labels_texts_pairs_and_topics) {
    using model = bert_sequence_classifier<tiny::bert_sequence>;
    const checkpoint<model> c("bert_sequence");
    const std::string_view names[] = {"contradiction", "neutral", "entailment"};
    pipeline<task::classify, model> label(*c.weights, c.words, {.most_tokens = 64, .labels = names});
    const auto raw = c.forward<3>(c.encode(lines[0]), 1);
    const auto p = softmax(raw.data(), 3);
    const auto best = std::size_t(std::max_element(p.begin(), p.end()) - p.begin());
    const auto found = label(lines[0]);
    BOOST_REQUIRE_MESSAGE(found, why(found));
    BOOST_TEST((*found)[0].name == names[best]);
    BOOST_TEST(std::abs(double((*found)[0].score) - p[best]) < 1e-6);
    const float alone = (*found)[0].score;
    BOOST_TEST((*label(lines[0], lines[1]))[0].score != alone);
    pipeline<task::classify, model> plain(*c.weights, c.words, {.scores = scoring::none});
    BOOST_TEST((*plain(lines[0]))[0].score == raw[best]);

    const std::string_view topics[] = {"food", "a cat", "day"};
    pipeline<task::zero_shot, model> about(*c.weights, c.words,
                                           {.most_tokens = 64, .labels = names, .hypothesis = "it is {}!"});
    zero_shot z(*c.weights, c.words, {2, 0}, 64, {.hypothesis = "it is {}!"});
    const auto topic = about(lines[1], topics), wanted = z.classify(lines[1], topics);
    BOOST_REQUIRE_MESSAGE(topic && wanted, why(topic));
    BOOST_TEST((*topic)[0].name == (*wanted)[0].name);
    BOOST_TEST((*topic)[0].score == (*wanted)[0].score);
    pipeline<task::zero_shot, model> nameless(*c.weights, c.words);
    BOOST_TEST(why(nameless("a", topics)) == "zero_shot: the model has no label of entailment, or none beside it");
}

// A decoder's labels, which a task takes for those of any other model.
BOOST_AUTO_TEST_CASE(labels_texts_by_a_decoder) {
    using model = causal_sequence_classifier<gpt<tiny::gpt2_sequence>, 3>;
    const numbered<model> n("gpt2_sequence");
    const tensors io(data_path("golden/gpt2_sequence/io.safetensors"));
    auto label = make_pipeline<task::classify>(*n.weights, n.words, {.most_tokens = 30, .scores = scoring::none});
    const auto found = label(n.words.decode(io.ints("short.input_ids")));
    BOOST_REQUIRE_MESSAGE(found, why(found));
    const auto wanted = io.floats("short.logits");
    for (const scored_label& one : *found) BOOST_TEST(std::abs(one.score - wanted[std::size_t(one.label)]) < 1e-5f);
    BOOST_TEST(why(label("")) == "the text is empty; this tokenizer makes no token of it");
    BOOST_TEST(why(label(n.words.decode(std::vector<int>(31, 7)))) == "tokenizer: 31 tokens, at most 30");
}

BOOST_AUTO_TEST_CASE(reranks) {
    using model = bert_sequence_classifier<tiny::xlm_roberta_rerank>;
    const numbered<model> n("xlm_roberta_rerank");
    auto rank = make_pipeline<task::rerank>(*n.weights, n.words, {.most_tokens = 30});
    const std::string_view passages[] = {"7 8 9", "10 11", "12"};
    const auto best = rank("5 6", passages, 2);
    BOOST_REQUIRE_MESSAGE(best, why(best));
    BOOST_TEST(best->size() == 2u);
    BOOST_TEST(((*best)[0].score >= (*best)[1].score && (*best)[0].score < 1));
    std::vector<float> scores(3);
    BOOST_REQUIRE(rank.score("5 6", passages, scores));
    BOOST_TEST((*best)[0].score == *std::max_element(scores.begin(), scores.end()));
    const std::string_view empty[] = {""};
    BOOST_TEST(why(rank("", empty)) == "passage 1: the text is empty; this tokenizer makes no token of it");
}

BOOST_AUTO_TEST_CASE(tags_words) {
    using model = bert_token_classifier<tiny::bert_token>;
    const checkpoint<model> c("bert_token", {.lowercase = false});
    const std::string_view names[] = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};
    pipeline<task::tag, model> tag(*c.weights, c.words, {.labels = names});
    tagger wanted(*c.weights, c.words, names, 70);
    const auto found = tag("Anna sat"), same = wanted.tag_words("Anna sat");
    BOOST_REQUIRE_MESSAGE(found && same, why(found));
    BOOST_TEST((found->size() == 2 && (*found)[0].text == "Anna"));
    BOOST_TEST((*found)[1].name == (*same)[1].name);
    BOOST_TEST(!tag("\xff"));
}

BOOST_AUTO_TEST_CASE(answers_with_offsets) {
    using model = bert_question_answerer<tiny::bert_answer>;
    const checkpoint<model> c("bert_answer");
    pipeline<task::answer, model> answer(*c.weights, c.words, {.answers = {.longest = 3}});
    answerer wanted(*c.weights, c.words, 512, {.longest = 3});
    const std::string_view context = "the sun is red. plants make food from light";
    const auto found = answer(lines[2], context), same = wanted.answer(lines[2], context);
    BOOST_REQUIRE_MESSAGE(found && same, why(found));
    BOOST_TEST(found->text == same->text);
    BOOST_TEST(found->text == context.substr(std::size_t(found->begin), std::size_t(found->end - found->begin)));
    BOOST_TEST(why(answer(lines[2], " ")) == "answer: the context has no words");
}

BOOST_AUTO_TEST_CASE(generates_and_chats) {
    using model = llama<tiny::llama_w42_h6>;
    const auto weights = weights_of<model>("llama_w42_h6");
    const bpe words = letters(model::outputs);
    const tensors io(data_path("golden/llama_w42_h6/io.safetensors"));
    const std::vector<int> ends = io.ints("end.id"), lengths = io.ints("greedy.lengths"),
                           texts = io.ints("greedy.sequences");
    const pipeline_options options{.most_tokens = 60, .ends = ends, .writes = {.most_new = 12}};
    auto generate = make_pipeline<task::generate>(*weights, words, options);
    for (std::size_t i = 3; i < 8; ++i) { // as Transformers goes on
        const std::span<const int> text(texts.data() + 20 * i, std::size_t(lengths[2 * i + 1]));
        const auto n = std::size_t(lengths[2 * i]);
        const bool ended = text.back() == ends[0];
        const auto found = generate(words.decode(text.first(n), true));
        BOOST_REQUIRE_MESSAGE(found, why(found));
        if (unicode::valid_bytes(words.decode(text.first(n), true)) == words.decode(text.first(n), true).size())
            BOOST_TEST(*found == words.decode(text.subspan(n, text.size() - n - ended), true));
    }
    const auto streamed = generate("AB", [](std::string_view) { return false; });
    BOOST_TEST((streamed && streamed->why == stop_reason::cancelled));
    BOOST_TEST(why(generate("")) == "generate: the prompt is empty; it needs at least one token");

    pipeline<task::chat, model, bpe> chat(*weights, words, options);
    const std::vector<chat_message> messages{{"user", "AB"}};
    const auto said = chat(messages);
    BOOST_REQUIRE_MESSAGE(said, why(said));
    BOOST_TEST(*said == *generate(*render(messages, {})));
    BOOST_TEST(*chat("AB") == *said);
    BOOST_TEST(why(chat(std::span(messages).first(0))) == "chat: there are no messages");
}

BOOST_AUTO_TEST_CASE(translates_and_summarizes) {
    using model = t5<tiny::t5_relu>;
    const numbered<model> n("t5_relu");
    const int ends[] = {1};
    const tensors io(data_path("golden/writing/io.safetensors"));
    const auto counts = io.ints("t5_relu.counts"), ids = io.ints("t5_relu.input_ids"),
               texts = io.ints("t5_relu.4.sequences");
    const pipeline_options options{
        .most_tokens = 12, .rules = {.start = 0, .ends = ends}, .most_new = 14, .beams = 4, .best = 2};
    auto translate = make_pipeline<task::translate>(*n.weights, n.words, options);
    const std::span<const int> source(ids.data(), std::size_t(counts[0]));
    const auto found = translate(n.words.decode(source));
    BOOST_REQUIRE_MESSAGE(found, why(found));
    BOOST_TEST(found->size() == 2u);
    for (std::size_t i = 0; i < (*found)[0].ids.size(); ++i) BOOST_TEST((*found)[0].ids[i] == texts[i + 1]);

    // What stands before a text.
    auto with_prefix = options;
    const std::string first = std::to_string(source[0]) + " ";
    with_prefix.prefix = first;
    pipeline<task::summarize, model, numbers_as_text> summarize(*n.weights, n.words, with_prefix);
    const std::string whole = (*translate(n.words.decode(source)))[0].text;
    BOOST_TEST((*summarize(n.words.decode(source.subspan(1))))[0].text == whole);
    BOOST_TEST(why(translate(n.words.decode(std::vector<int>(13, 3)))) == "tokenizer: 13 tokens, at most 12");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
