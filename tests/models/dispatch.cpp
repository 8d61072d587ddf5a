// dispatch in a build of one instruction set: the model's own functions. tests/isas/ has builds of several.
#include "kernels/tiny.hpp"
#include "tests/support/golden.hpp"

#include "constformer/models/dispatch.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {
namespace {

const std::vector<int> ids{3, 14, 15, 92, 65, 35, 8};
constexpr int tokens = 7;

basic_workspace<> over(memory& scratch) { return basic_workspace<>::over(scratch.bytes()); }
using values = std::vector<float>;

} // namespace

BOOST_AUTO_TEST_SUITE(models_dispatch)

BOOST_AUTO_TEST_CASE(an_encoder_and_its_pooler) {
    using model = bert<tiny::bert_w16_h2>;
    const auto weights = weights_of<model>("bert_w16_h2");
    const auto net = dispatch(*weights);
    BOOST_REQUIRE_MESSAGE(net, why(net));
    using network = std::remove_cvref_t<decltype(*net)>;
    static_assert(network::width == 16 && network::scratch(7) == model::scratch(7) &&
                  &network::config == &model::config);
    BOOST_TEST(net->isa() == isa_name);
    BOOST_TEST(&net->weights() == weights.get());

    memory scratch(network::scratch(tokens));
    values own(tokens * 16), same(own.size()), pooled(16), again(16);
    BOOST_REQUIRE(weights->forward({.ids = ids}, {own.data(), tokens}, over(scratch)));
    BOOST_REQUIRE(net->forward({.ids = ids}, {same.data(), tokens}, over(scratch)));
    BOOST_TEST((own == same));
    memory room(network::pool_scratch(1));
    weights->pool({own.data(), tokens}, {}, {pooled.data(), 1}, over(room));
    net->pool({own.data(), tokens}, {}, {again.data(), 1}, over(room));
    BOOST_TEST((pooled == again));
    BOOST_TEST(why(net->forward({}, {same.data(), 0}, over(scratch))) ==
               "bert: no tokens; a forward needs at least one");
}

BOOST_AUTO_TEST_CASE(a_masked_language_model_in_two_steps) {
    using model = bert_masked_lm<tiny::bert_masked_lm_untied>;
    const auto weights = weights_of<model>("bert_masked_lm_untied");
    const auto net = dispatch(*weights);
    BOOST_REQUIRE_MESSAGE(net, why(net));
    memory scratch(model::scratch(tokens));
    values whole(tokens * 101), x(tokens * 24), steps(whole.size());
    BOOST_REQUIRE(net->forward({.ids = ids}, {whole.data(), tokens}, over(scratch)));
    BOOST_REQUIRE(net->hidden({.ids = ids}, {x.data(), tokens}, over(scratch)));
    net->predict({x.data(), tokens}, {steps.data(), tokens}, over(scratch));
    BOOST_TEST((whole == steps));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace constformer::test
