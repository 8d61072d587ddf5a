// kernel_table: a model's functions for the instruction set of this source's flags. For kernels/dispatched.cpp alone.
#pragma once

#include "constformer/models/dispatch_causal.hpp"
#include "constformer/models/dispatch_seq2seq.hpp"

#ifdef CONSTFORMER_ISAS // a build of one instruction set has no such table

namespace constformer::inline CONSTFORMER_ISA {

// For `kernels<isas::CONSTFORMER_INSTRUCTIONS, identity_of<Model>>()`.
template <class Model> consteval kernel_table<identity_of<Model>> make_kernel_table() {
    using identity = identity_of<Model>;
    constexpr int width = identity::width, outputs = identity::outputs;
    kernel_table<identity> table{.isa = isa_name, .bytes = sizeof(Model), .manifest = manifest_hash<Model>()};
    table.forward = [](const void* weights, const bert_inputs& in, rows<outputs> y, dispatched_workspace m) {
        return static_cast<const Model*>(weights)->forward(in, y, m);
    };
    if constexpr (pools<Model>)
        table.pool = [](const void* weights, const_rows<width> x, std::span<const int> each, rows<width> y,
                        dispatched_workspace m) { static_cast<const Model*>(weights)->pool(x, each, y, m); };
    if constexpr (predicts<Model>) {
        table.hidden = [](const void* weights, const bert_inputs& in, rows<width> x, dispatched_workspace m) {
            return static_cast<const Model*>(weights)->hidden(in, x, m);
        };
        table.predict = [](const void* weights, const_rows<width> x, rows<outputs> y, dispatched_workspace m) {
            static_cast<const Model*>(weights)->predict(x, y, m);
        };
    }
    return table;
}

template <causal Model> consteval kernel_table<identity_of<Model>> make_kernel_table() {
    constexpr int outputs = Model::outputs;
    kernel_table<identity_of<Model>> table{.isa = isa_name, .bytes = sizeof(Model), .manifest = manifest_hash<Model>()};
    table.forward = [](const void* weights, std::span<const int> ids, typename Model::state& past, rows<outputs> logits,
                       dispatched_workspace m) {
        return static_cast<const Model*>(weights)->forward(ids, past, logits, m);
    };
    return table;
}

template <reads_and_writes Model> consteval kernel_table<identity_of<Model>> make_kernel_table() {
    using identity = identity_of<Model>;
    constexpr int width = identity::width, outputs = identity::outputs;
    using state = typename identity::state;
    using ids = std::span<const int>;
    return {
        .isa = isa_name,
        .bytes = sizeof(Model),
        .manifest = manifest_hash<Model>(),
        .encode = [](const void* w, ids words, ids keep, rows<width> x,
                     dispatched_workspace m) { return static_cast<const Model*>(w)->encode(words, keep, x, m); },
        .begin = [](const void* w, const_rows<width> x, state& past,
                    dispatched_workspace m) { return static_cast<const Model*>(w)->begin(x, past, m); },
        .decode = [](const void* w, ids words, ids keep, state& past, rows<outputs> y,
                     dispatched_workspace m) { return static_cast<const Model*>(w)->decode(words, keep, past, y, m); }};
}

} // namespace constformer::inline CONSTFORMER_ISA

#endif
