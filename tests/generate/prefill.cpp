#include "constformer/generate/prefill.hpp"

#include "kernels/tiny.hpp"
#include "tests/support/decoder.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {

BOOST_AUTO_TEST_SUITE(generate_prefill)

BOOST_AUTO_TEST_CASE(blocks_of_any_size_give_the_last_logits_in_bounded_scratch) {
    using model = llama<tiny::llama_w42_h6>;
    decoder<model> s("llama_w42_h6");
    std::vector<int> ids(31);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = int(i * 7 % 71);
    const auto whole = s.next(ids);
    std::vector<float> logits(model::outputs);
    for (const int block : {1, 4, 31, 100}) {
        s.past.rewind(0);
        memory scratch(prefill_scratch<model>(std::min(block, 31), 31));
        int asked = 0;
        const auto done = prefill(*s.weights, ids, s.past, {logits.data(), 1}, block,
                                  basic_workspace<>::over(scratch.bytes()), [&] { return ++asked > 0; });
        BOOST_REQUIRE_MESSAGE(done, why(done));
        BOOST_TEST(*done);
        BOOST_TEST(asked == (31 + block - 1) / block);
        BOOST_TEST(s.past.length() == 31);
        BOOST_TEST(difference(logits, std::span(whole).last(model::outputs)) <= tolerance);
    }
    static_assert(prefill_scratch<model>(4, 31) < model::scratch(31, 31));
}

BOOST_AUTO_TEST_CASE(ends_where_it_is_told_and_refuses_before_it_reads) {
    using model = llama<tiny::llama_w42_h6>;
    decoder<model> s("llama_w42_h6");
    std::vector<float> logits(model::outputs);
    const std::vector<int> ids(10, 3);
    const auto read = [&](std::span<const int> some, int blocks) {
        return prefill(*s.weights, some, s.past, {logits.data(), 1}, 4, s.workspace(), [&] { return blocks-- > 0; });
    };
    const auto stopped = read(ids, 2);
    BOOST_REQUIRE(stopped);
    BOOST_TEST(!*stopped);
    BOOST_TEST(s.past.length() == 8);
    s.past = model::state::in(basic_workspace<>::over(s.placed.bytes()), 9);
    BOOST_TEST(why(read(ids, 9)) == "llama: a prompt of 10 tokens, the context has room for 9");
    BOOST_TEST(s.past.length() == 0);
    BOOST_TEST(why(read({}, 9)) == "llama: no tokens; a prompt needs at least one");
}

BOOST_AUTO_TEST_CASE(shared_beginnings) {
    const std::vector<int> known{1, 2, 3, 4};
    const auto shared = [&](std::vector<int> ids) { return shared_beginning(known, ids); };
    BOOST_TEST(shared({1, 2, 3, 4, 5}) == 4);
    BOOST_TEST(shared({1, 2, 9, 4, 5}) == 2);
    BOOST_TEST(shared({1, 2, 3, 4}) == 3); // the last one is read again
    BOOST_TEST(shared({1, 2}) == 1);
    BOOST_TEST(shared({1}) == 0);
    BOOST_TEST(shared({}) == 0);
    BOOST_TEST(shared_beginning({}, known) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
