// tensors: what `run` reads from a file and writes to one.
#pragma once

#include "session.hpp"

#include "constformer/files/safetensors.hpp"
#include "constformer/files/write_safetensors.hpp"

namespace constformer::program {

// A tensor that a forward fills, as Transformers names it.
struct output {
    std::string_view name;
    std::vector<std::int64_t> shape;
    std::vector<float> values;

    output(std::string_view called, std::vector<std::int64_t> of) : name(called), shape(std::move(of)) {
        std::size_t size = 1;
        for (const auto length : shape) size *= std::size_t(length);
        values.resize(size);
    }
    // Where row `b` of the batch begins.
    [[nodiscard]] float* row(std::size_t b) { return values.data() + values.size() / std::size_t(shape[0]) * b; }
};

// A (batch, tokens) tensor of whole numbers; `otherwise` everywhere where the file has none.
// Errors: another shape or type, a number outside of [0, below).
inline expected<std::vector<int>> whole_numbers(const safetensors& file, std::string_view name,
                                                std::span<const std::int64_t> shape, int otherwise, int below) {
    std::vector<int> result(std::size_t(shape[0] * shape[1]), otherwise);
    const stored_tensor* tensor = file.find(name);
    if (!tensor) return result;
    if (!std::equal(shape.begin(), shape.end(), tensor->shape.begin(), tensor->shape.end()))
        return error(name, " is ", spell(tensor->shape), ", input_ids are ", spell(shape));
    std::vector<std::int64_t> values(result.size());
    if (tensor->type == dtype::f32) { // a mask may be made of 0.0 and 1.0
        std::vector<float> real(values.size());
        if (status ok = to_float(*tensor, real); !ok) return ok.error();
        for (std::size_t i = 0; i < real.size(); ++i) {
            if (!(real[i] >= 0 && real[i] < float(below)) || real[i] != float(int(real[i])))
                return error(name, ": value ", i, " is no whole number from 0 to ", below - 1);
            values[i] = int(real[i]);
        }
    } else if (status ok = to_int64(*tensor, values); !ok) {
        return ok.error();
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i] < 0 || values[i] >= below)
            return error(name, ": value ", i, " is ", values[i], ", it must lie from 0 to ", below - 1);
        result[i] = int(values[i]);
    }
    return result;
}

// Ids, (batch, tokens). Errors: they are missing; another shape or type; none, or more than `positions`; outside of the
// vocabulary.
inline expected<std::vector<int>> read_ids(const safetensors& file, int positions,
                                           std::string_view name = "input_ids") {
    const stored_tensor* tensor = file.find(name);
    if (!tensor) return error(name, " is missing");
    const auto& shape = tensor->shape;
    if (shape.size() != 2) return error(name, " is ", spell(shape), ", (batch, tokens) is needed");
    if (shape[0] == 0 || shape[1] == 0)
        return error(name, " is ", spell(shape), ": no tokens; a forward needs at least one");
    if (shape[1] > positions)
        return error(name, " is ", spell(shape), ": ", shape[1], " tokens, this model has ", positions, " positions");
    if (tensor->type == dtype::f32) return error(name, " is F32, needed is a type of whole numbers");
    return whole_numbers(file, name, shape, 0, model::config.vocabulary);
}

// Writes what forwards filled.
inline status write_outputs(std::string_view path, const std::vector<output>& results) {
    std::vector<tensor_view> views;
    for (const output& o : results) views.push_back({o.name, dtype::f32, o.shape, std::as_bytes(std::span(o.values))});
    return write_safetensors(std::string(path), views);
}

} // namespace constformer::program
