// causal: what all decoders offer, whatever their layers are. A model names its cache `state` and gives two steps:
//   hidden(ids, past, x, m)   the last hidden state of ids, which go on from what `past` holds: (n) -> (n, width)
//   predict(x, logits, m)     what comes behind: (n, width) -> (n, outputs)
// and here are the forwards made of them.
#pragma once

#include "constformer/core/manifest.hpp"
#include "constformer/core/names.hpp"
#include "constformer/layers/blocks.hpp"
#include "constformer/layers/cache.hpp"
#include "constformer/layers/embedding.hpp"

namespace constformer::inline CONSTFORMER_ISA {

// How a decoder of element E stores its head, and its table of words where it is one of its own: of 4 bits a word's
// score would keep too little (llama.cpp, too, keeps 6 or 8 of those two where layers have 4).
constexpr element head_element(element e) { return e == q4 ? q8 : e; }
constexpr element words_element(element e) { return in_blocks(e) ? q8 : f32; }

template <class Model>
concept causal = requires(typename Model::state past) {
    past.rewind(0);
    Model::hidden_scratch(1, 1, 1);
    Model::predict_scratch(1, 1);
};

// The bytes of a forward of n tokens that see `keys`, themselves included, and want the logits of `results`.
template <class Model> constexpr std::size_t causal_scratch(int n, int keys, int results, int threads) {
    return together(room(std::size_t(n), Model::width),
                    either(Model::hidden_scratch(n, keys, threads), Model::predict_scratch(results, threads)));
}

// Logits behind the last logits.count of `ids`, which go on from what `past` holds: 1 where the next token is asked
// for, all of them to score a text, none to remember it alone. (n) -> (logits.count, vocabulary)
template <class Model>
[[nodiscard]] status causal_forward(const Model& model, std::span<const int> ids, typename Model::state& past,
                                    rows<Model::outputs> logits, workspace auto m) {
    const int n = int(ids.size());
    const std::size_t needed = causal_scratch<Model>(n, past.length() + n, logits.count, m.threads.size());
    if (status ok = check_next(ids, past, logits.count, Model::limits, m, needed); !ok) return ok;
    rows<Model::width> x = m.take(n);
    if (status ok = model.hidden(ids, past, x, m); !ok) return ok;
    if (logits.count > 0) {
        m.watch.stage("head");
        model.predict(x.part(n - logits.count, logits.count), logits, m);
    }
    return {};
}

} // namespace constformer::inline CONSTFORMER_ISA
