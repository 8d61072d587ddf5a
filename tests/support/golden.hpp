// golden: what PyTorch answers. tests/golden/<case>/ holds a checkpoint and io.safetensors, whose tensors are named
// <call>.<name> as Transformers' forward() names them.
#pragma once

#include "constformer/core/workspace.hpp"
#include "constformer/files/checkpoint.hpp"
#include "constformer/files/safetensors.hpp"
#include "tests/support/data.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace constformer::test {

// The sentence of a result that failed. (Boost.Test spells a message even where the check holds.)
template <class Result> std::string why(const Result& result) {
    return result ? std::string() : std::string(result.error().what());
}

// A safetensors file in memory.
class tensors {
  public:
    explicit tensors(const std::string& path) {
        std::ifstream in(path, std::ios::binary | std::ios::ate);
        BOOST_REQUIRE_MESSAGE(in, "cannot read " << path);
        bytes_.resize(std::size_t(in.tellg()));
        in.seekg(0);
        in.read(reinterpret_cast<char*>(bytes_.data()), std::streamsize(bytes_.size()));
        BOOST_REQUIRE_MESSAGE(in, "cannot read " << path);
        auto opened = safetensors::view(bytes_);
        BOOST_REQUIRE_MESSAGE(opened, why(opened));
        file_ = std::make_unique<safetensors>(std::move(*opened));
    }
    const safetensors& file() const { return *file_; }
    bool has(const std::string& name) const { return file_->find(name) != nullptr; }
    const stored_tensor& at(const std::string& name) const {
        const stored_tensor* found = file_->find(name);
        BOOST_REQUIRE_MESSAGE(found, "no tensor " << name);
        return *found;
    }
    int extent(const std::string& name, std::size_t dimension) const { return int(at(name).shape.at(dimension)); }
    std::vector<float> floats(const std::string& name) const {
        std::vector<float> values(at(name).elements());
        BOOST_REQUIRE(to_float(at(name), values));
        return values;
    }
    std::vector<int> ints(const std::string& name) const {
        std::vector<std::int64_t> wide(at(name).elements());
        BOOST_REQUIRE(to_int64(at(name), wide));
        return {wide.begin(), wide.end()};
    }

  private:
    std::vector<std::byte> bytes_;
    std::unique_ptr<safetensors> file_;
};

// The weights of a checkpoint, packed. Filled with NaN first: a number that packing forgot shows in every result.
template <class Model> std::unique_ptr<Model> weights_in(const std::string& path) {
    const tensors checkpoint(path);
    auto weights = std::make_unique<Model>();
    std::memset(static_cast<void*>(weights.get()), 0xff, sizeof(Model));
    const status packed = pack(checkpoint.file(), *weights, Model::names, Model::unused);
    BOOST_REQUIRE_MESSAGE(packed, why(packed));
    return weights;
}

template <class Model> std::unique_ptr<Model> weights_of(const std::string& golden) {
    return weights_in<Model>(data_path("golden/" + golden + "/model.safetensors"));
}

// Workspace memory of exactly `bytes`, aligned.
class memory {
  public:
    explicit memory(std::size_t bytes) : owned_(bytes + 64), size_(bytes) {
        begin_ = owned_.data() + (64 - reinterpret_cast<std::uintptr_t>(owned_.data()) % 64) % 64;
    }
    std::span<std::byte> bytes() { return {begin_, size_}; }

  private:
    std::vector<std::byte> owned_;
    std::size_t size_;
    std::byte* begin_;
};

// The largest |found - expected|, as a share of the largest |expected|.
inline double difference(std::span<const float> found, std::span<const float> expected) {
    BOOST_REQUIRE_EQUAL(found.size(), expected.size());
    double most = 0, scale = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (std::isnan(found[i])) return INFINITY;
        most = std::max(most, std::abs(double(found[i]) - expected[i]));
        scale = std::max(scale, std::abs(double(expected[i])));
    }
    return most / scale;
}

// float32 sums in another order than PyTorch's: a few units in the last place a layer.
inline constexpr double tolerance = 2e-5;

} // namespace constformer::test
