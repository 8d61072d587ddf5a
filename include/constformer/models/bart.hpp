// BART (Lewis et al. 2019): the Transformer with learned positions, which are normalized with the tokens before the
// first layer, and GELU. Transformers: BartForConditionalGeneration. Its table of positions has two rows in front that
// stand for no position.
//     inline constexpr transformer_config distilbart{.layers = 6, …, .positions = 1024, .act = activation::gelu,
//                                                    .scaled = false, .family = &bart_family, .learned = 2,
//                                                    .normalized = true};
#pragma once

#include "constformer/models/transformer.hpp"

namespace constformer {

// Transformers' names: Marian's.
inline constexpr seq2seq_family bart_family{"bart", transformer_names, transformer_unused};

} // namespace constformer
