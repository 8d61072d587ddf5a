// precision: models in the precisions other than float, against PyTorch's float.
#pragma once

#include "kernels/tiny.hpp"
#include "tests/support/bert_call.hpp"

#include <boost/test/unit_test.hpp>

namespace constformer::test {

// Roundings, of 2^-9 of each number (bf16), up to a 254th of a row's range (i8) or of a block's (q8), or a 30th of that
// (q4), are as good as random, so errors are
// measured as the root of their mean square, relative to that of the numbers. The tiny models have few numbers to
// average over, and the classifier's logits are small differences of larger ones.
inline double away(std::span<const float> found, std::span<const float> expected) {
    BOOST_REQUIRE_EQUAL(found.size(), expected.size());
    double off = 0, size = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        off += (double(found[i]) - expected[i]) * (double(found[i]) - expected[i]);
        size += double(expected[i]) * expected[i];
    }
    return std::isfinite(off) ? std::sqrt(off / size) : INFINITY;
}
template <element E> inline constexpr double allowed = E == bf16 ? 0.012 : E == q8 ? 0.03 : E == q4 ? 0.3 : 0.055;

// A forward in exactly its scratch, whose high-water mark is the scratch.
template <class Model, class Threads = sequential>
std::vector<float> run(const Model& weights, const bert_inputs& in, int rows_out, int columns, Threads threads = {}) {
    const std::size_t exact = Model::scratch(in.shape(), threads.size());
    memory scratch(exact);
    std::vector<float> y(std::size_t(rows_out) * std::size_t(columns));
    std::size_t high = 0;
    auto m = basic_workspace<silent, Threads>::over(scratch.bytes(), {}, threads);
    m.high = &high;
    if constexpr (requires { Model::outputs; }) {
        const status done = weights.forward(in, rows<Model::outputs>{y.data(), rows_out}, m);
        BOOST_REQUIRE_MESSAGE(done, why(done));
    } else {
        const status done = weights.forward(in, rows<Model::width>{y.data(), rows_out}, m);
        BOOST_REQUIRE_MESSAGE(done, why(done));
    }
    BOOST_TEST(high == exact);
    return y;
}

template <class Model, element E>
void close_to_pytorch(const std::string& golden, const std::string& output, bool each_token = true) {
    const auto weights = weights_of<Model>(golden);
    const tensors io(data_path("golden/" + golden + "/io.safetensors"));
    int columns = Model::width;
    if constexpr (requires { Model::outputs; }) columns = Model::outputs;
    double most = 0;
    for (const std::string name : bert_calls) {
        if (!io.has(name + ".input_ids")) continue;
        const bert_call in(io, name);
        const int count = each_token ? int(in.ids.size()) : int(in.each.size());
        most = std::max(most, away(run(*weights, in.inputs(), count, columns), io.floats(name + "." + output)));
    }
    BOOST_TEST_MESSAGE(golden << " as " << name_of(E) << ": off by " << most);
    BOOST_TEST(most <= (each_token ? 1 : 5) * allowed<E>);
    BOOST_TEST(most > 1e-6); // it is another precision
}

} // namespace constformer::test
