#include "tests/tasks/support.hpp"

#include "constformer/tasks/embed.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {
using model = bert<tiny::bert_w36_h3>;

const std::string_view texts[] = {"the cat sat on the mat", "a", "how do plants make food?", "", "sun, sky and water",
                                  "the cat sat on the mat"};

std::vector<float> by_hand(const checkpoint<model>& c, std::string_view text, bool mean = true) {
    const encoding tokens = c.encode(text);
    const auto x = c.forward<36>(tokens, tokens.size());
    std::vector<double> sum(36);
    for (int i = 0; i < (mean ? tokens.size() : 1); ++i)
        for (int d = 0; d < 36; ++d) sum[std::size_t(d)] += x[std::size_t(i * 36 + d)];
    double square = 0;
    for (const double v : sum) square += v * v;
    std::vector<float> y;
    for (const double v : sum) y.push_back(float(v / std::sqrt(square)));
    return y;
}

struct seen_by {
    std::vector<std::string> stages;
    int rows = 0;
    double least = 1, most = 1;
};
struct watcher : silent {
    seen_by* to;
    watcher(seen_by* to) : to(to) {}
    void stage(const char* name) const { to->stages.emplace_back(name); }
    [[nodiscard]] static bool wants_attention() { return true; }
    void attention(int, int, std::span<const float> p) const {
        double sum = 0;
        for (const float v : p) sum += v;
        to->least = std::min(to->least, sum), to->most = std::max(to->most, sum), ++to->rows;
    }
};
} // namespace

BOOST_AUTO_TEST_SUITE(tasks_embed)

BOOST_AUTO_TEST_CASE(each_text_gets_its_mean_of_length_one) {
    const checkpoint<model> c("bert_w36_h3");
    for (const int most : {70, 16, 1000}) { // several texts a forward, hardly more than one, all of them
        embedder e(*c.weights, c.words, most);
        std::vector<float> y(std::size(texts) * 36);
        const status done = e.embed(texts, {y.data(), int(std::size(texts))});
        BOOST_REQUIRE_MESSAGE(done, why(done));
        for (std::size_t i = 0; i < std::size(texts); ++i)
            BOOST_TEST(difference(std::span(y).subspan(i * 36, 36), by_hand(c, texts[i])) <= tolerance);
    }
}

BOOST_AUTO_TEST_CASE(pooling_of_the_first_token) {
    const checkpoint<model> c("bert_w36_h3");
    embedder e(*c.weights, c.words, 70, {.how = pooling::first});
    float y[36];
    BOOST_REQUIRE(e.embed(texts[0], y));
    BOOST_TEST(difference(y, by_hand(c, texts[0], false)) <= tolerance);
    BOOST_TEST(e.last().size() == c.encode(texts[0]).size());
}

// Each sentence's own last token, alone and in a batch.
BOOST_AUTO_TEST_CASE(pooling_of_the_last_token) {
    const checkpoint<model> c("bert_w36_h3");
    embedder e(*c.weights, c.words, 70, {.how = pooling::last});
    std::vector<float> y(std::size(texts) * 36);
    BOOST_REQUIRE(e.embed(texts, {y.data(), int(std::size(texts))}));
    for (std::size_t i = 0; i < std::size(texts); ++i) {
        const encoding tokens = c.encode(texts[i]);
        const auto states = c.forward<36>(tokens, tokens.size());
        std::vector<float> last(states.end() - 36, states.end());
        double square = 0;
        for (const float v : last) square += double(v) * v;
        for (float& v : last) v = float(v / std::sqrt(square));
        BOOST_TEST(difference(std::span(y).subspan(i * 36, 36), last) <= tolerance);
    }
}

BOOST_AUTO_TEST_CASE(a_stream_of_texts_gives_the_same_in_order) {
    const checkpoint<model> c("bert_w36_h3");
    for (const int most : {70, 16}) {
        embedder e(*c.weights, c.words, most);
        std::vector<float> together(std::size(texts) * 36), streamed;
        BOOST_REQUIRE(e.embed(texts, {together.data(), int(std::size(texts))}));
        int forwards = 0;
        const auto take = [&](const_rows<36> y) {
            ++forwards;
            streamed.insert(streamed.end(), y.data, y.data + y.count * 36);
        };
        for (const std::string_view text : texts) {
            BOOST_TEST(!e.add("b\xc3", take)); // refused, and the others stay
            BOOST_REQUIRE(e.add(text, take));
        }
        BOOST_TEST(streamed.size() < together.size()); // the last ones wait
        BOOST_REQUIRE(e.finish(take));
        BOOST_TEST(streamed == together);
        BOOST_TEST((most == 70 ? forwards == 1 : forwards > 1));
        BOOST_REQUIRE(e.finish(take)); // nothing waits
        BOOST_TEST(streamed.size() == together.size());
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_allocated_once_warm) {
    const checkpoint<model> c("bert_w36_h3");
    embedder e(*c.weights, c.words, 16);
    std::vector<float> y(std::size(texts) * 36);
    const rows<36> to{y.data(), int(std::size(texts))};
    BOOST_REQUIRE(e.embed(texts, to));
    const long before = news();
    bool good = true;
    for (int round = 0; round < 3; ++round) good = good && e.embed(texts, to);
    const long after = news();
    BOOST_TEST(good);
    BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_CASE(says_no_in_a_sentence) {
    const checkpoint<model> c("bert_w36_h3");
    embedder e(*c.weights, c.words, 8);
    std::vector<float> y(2 * 36);
    const rows<36> to{y.data(), 2};
    const std::string_view long_second[] = {"a", "the cat sat on the mat"}, bad[] = {"a", "b\xc3"}, one[] = {"a"};
    status done = e.embed(std::span(long_second).first(2), to);
    BOOST_TEST(done.has_value()); // eight tokens
    embedder shorter(*c.weights, c.words, 7);
    BOOST_TEST(why(shorter.embed(long_second, to)) == "text 2: wordpiece: 8 tokens, at most 7 fit");
    BOOST_TEST(why(e.embed(bad, to)) == "text 2: wordpiece: the text is not UTF-8 at byte 1");
    BOOST_TEST(why(e.embed(one, to)) == "embed: 1 texts, but room for 2");
    BOOST_TEST(e.embed({}, rows<36>{nullptr, 0}).has_value());
    embedder cut(*c.weights, c.words, 7, {.truncate = true});
    BOOST_TEST(cut.embed(long_second, to).has_value());
    BOOST_TEST(e.embed(long_second, to).has_value()); // after an error as before
}

BOOST_AUTO_TEST_CASE(an_observer_sees_the_stages_and_every_row_of_attention) {
    const checkpoint<model> c("bert_w36_h3");
    embedder e(*c.weights, c.words, 70);
    float watched[36], alone[36];
    seen_by seen;
    BOOST_REQUIRE(e.embed(texts[0], watched, watcher{&seen}));
    BOOST_REQUIRE(e.embed(texts[0], alone));
    // rows of probabilities exist only one query at a time, whose sums run in another order
    BOOST_TEST(difference(watched, alone) <= 2e-6);
    BOOST_TEST(seen.rows == 2 * 3 * e.last().size()); // layers, heads, queries
    BOOST_TEST(seen.least > 1 - 1e-5);
    BOOST_TEST(seen.most < 1 + 1e-5);
    BOOST_TEST(seen.stages.front() == "tokens");
    BOOST_TEST(seen.stages.back() == "pooling");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
