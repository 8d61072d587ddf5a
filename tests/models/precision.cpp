// BERT in the precisions other than float: close to PyTorch's float, exact in its scratch, and the same in any batch
// and with any number of threads. (precision_families.cpp has the other families.)
#include "tests/support/precision.hpp"

#include "constformer/core/parallel.hpp"
#ifndef __EMSCRIPTEN__
#include "constformer/core/team.hpp"
#endif

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

// The table of words and the head that is tied to it as well.
template <element E> void close_to_pytorch_in() {
    close_to_pytorch<bert<tiny::bert_w36_h3, E>, E>("bert_w36_h3", "last_hidden_state");
    close_to_pytorch<bert_masked_lm<tiny::bert_masked_lm, E>, E>("bert_masked_lm", "logits");
}

template <element E> void packing_and_threads_change_nothing() {
    using model = bert<tiny::bert_w36_h3, E>;
    const auto weights = weights_of<model>("bert_w36_h3");
    const std::vector<int> each{13, 1, 67, 8, 2};
    std::vector<int> ids;
    for (int n : each)
        for (int i = 0; i < n; ++i) ids.push_back(int(ids.size() * 31 % 97));
    const auto together = run(*weights, {.ids = ids, .each = each}, int(ids.size()), model::width);
    std::vector<float> alone;
    std::size_t first = 0;
    for (int n : each) {
        const auto x = run(*weights, {.ids = std::span(ids).subspan(first, std::size_t(n))}, n, model::width);
        alone.insert(alone.end(), x.begin(), x.end());
        first += std::size_t(n);
    }
    BOOST_TEST((together == alone));
#ifndef __EMSCRIPTEN__
    for (int threads : {2, 3}) {
        team workers(threads);
        BOOST_TEST(
            (run(*weights, {.ids = ids, .each = each}, int(ids.size()), model::width, on_team{&workers}) == together));
    }
#endif
}

} // namespace

BOOST_AUTO_TEST_SUITE(models_precision)

BOOST_AUTO_TEST_CASE(models_in_bfloat16_are_close_to_pytorch) { close_to_pytorch_in<bf16>(); }
BOOST_AUTO_TEST_CASE(models_in_int8_are_close_to_pytorch) { close_to_pytorch_in<i8>(); }
BOOST_AUTO_TEST_CASE(models_in_blocks_are_close_to_pytorch) {
    close_to_pytorch_in<q8>();
    close_to_pytorch_in<q4>();
}
BOOST_AUTO_TEST_CASE(packing_and_threads_change_nothing_in_blocks) { packing_and_threads_change_nothing<q4>(); }
BOOST_AUTO_TEST_CASE(packing_and_threads_change_nothing_in_bfloat16) { packing_and_threads_change_nothing<bf16>(); }
BOOST_AUTO_TEST_CASE(packing_and_threads_change_nothing_in_int8) { packing_and_threads_change_nothing<i8>(); }

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
