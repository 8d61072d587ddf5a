// support: a tiny checkpoint whole, with its tokenizer, and the heap watched.
#pragma once

#include "kernels/tiny.hpp"
#include "tests/support/golden.hpp"

#include "constformer/text/wordpiece.hpp"

#include <sstream>

namespace constformer::test {

inline std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    BOOST_REQUIRE_MESSAGE(file, "cannot read " << path);
    return text.str();
}

template <class Model> struct checkpoint {
    std::unique_ptr<Model> weights;
    wordpiece words;

    explicit checkpoint(const std::string& golden, const wordpiece_config& config = {})
        : weights(weights_of<Model>(golden)), words(words_of(golden, config)) {}

    static wordpiece words_of(const std::string& golden, const wordpiece_config& config) {
        auto words = wordpiece::from_vocabulary(text_of(data_path("golden/" + golden + "/vocab.txt")), config);
        BOOST_REQUIRE_MESSAGE(words, why(words));
        return std::move(*words);
    }
    // The model's own answer for a text, (count, Width): what a task's is compared with.
    template <int Width> std::vector<float> forward(const encoding& text, int count) const {
        memory scratch(Model::scratch(text.size()));
        std::vector<float> y(std::size_t(count) * Width);
        const status done = weights->forward({.ids = text.ids, .segments = text.segments}, {y.data(), count},
                                             basic_workspace<>::over(scratch.bytes()));
        BOOST_REQUIRE_MESSAGE(done, why(done));
        return y;
    }
    encoding encode(std::string_view text) const {
        encoding tokens;
        BOOST_REQUIRE(words.encode(text, tokens));
        return tokens;
    }
};

// How often operator new has been called so far (tests/tasks/engine.cpp).
long news();

inline std::vector<double> softmax(const float* x, int count) {
    std::vector<double> e;
    double sum = 0;
    for (int i = 0; i < count; ++i) e.push_back(std::exp(double(x[i]))), sum += e.back();
    for (double& v : e) v /= sum;
    return e;
}

} // namespace constformer::test
