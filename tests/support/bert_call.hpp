// bert_call: what a golden of BERT asks, as the library's inputs.
#pragma once

#include "constformer/models/bert.hpp"
#include "tests/support/golden.hpp"

#include <string>
#include <vector>

namespace constformer::test {

// The calls of a golden, padded as Transformers got them: a packed batch of equally long sentences with a mask.
struct bert_call {
    std::vector<int> ids, segments, keep, each;
    int batch, tokens;
    bert_call(const tensors& io, const std::string& name)
        : ids(io.ints(name + ".input_ids")),
          segments(io.has(name + ".token_type_ids") ? io.ints(name + ".token_type_ids") : std::vector<int>()),
          keep(io.ints(name + ".attention_mask")), batch(io.extent(name + ".input_ids", 0)),
          tokens(io.extent(name + ".input_ids", 1)) {
        each.assign(std::size_t(batch), tokens);
    }
    bert_inputs inputs() const { return {.ids = ids, .segments = segments, .keep = keep, .each = each}; }
};
inline const char* const bert_calls[] = {"one", "short", "batch", "holes", "long", "pair"};

} // namespace constformer::test
