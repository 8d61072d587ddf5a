// decoder: a language model with its cache and its scratch, as a test asks it.
#pragma once

#include "tests/support/golden.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {

template <class Model> struct decoder {
    std::unique_ptr<Model> weights;
    memory placed, scratch;
    typename Model::state past;
    explicit decoder(const std::string& golden)
        : weights(weights_of<Model>(golden)), placed(Model::state::bytes(Model::config.positions)),
          scratch(Model::scratch(Model::config.positions, Model::config.positions)),
          past(Model::state::in(basic_workspace<>::over(placed.bytes()), Model::config.positions)) {}

    basic_workspace<> workspace() { return basic_workspace<>::over(scratch.bytes()); }

    // The logits behind the last `results` of ids, which go on from what came before; of all of them by default.
    std::vector<float> next(std::span<const int> ids, int results = -1) {
        if (results < 0) results = int(ids.size());
        std::vector<float> y(std::size_t(results) * Model::outputs);
        const status done = weights->forward(ids, past, {y.data(), results}, workspace());
        BOOST_REQUIRE_MESSAGE(done, test::why(done));
        return y;
    }
};

} // namespace constformer::test
