// all-MiniLM-L6-v2 (sentence-transformers): an encoder of 6 layers whose mean-pooled output embeds a sentence.
#pragma once

#include "constformer/models/bert.hpp"

namespace constformer {
inline constexpr bert_config minilm_l6{.layers = 6, .width = 384, .heads = 12, .feed_forward = 1536};

static_assert(parameters<bert<minilm_l6>>() == 22'713'216 && bert<minilm_l6>::scratch(256) < 4 << 20);

#ifndef CONSTFORMER_ISAS // a program of several instruction sets reaches them by dispatch() (models/dispatch.hpp)
extern template struct bert<minilm_l6>;
extern template status bert<minilm_l6>::forward(const bert_inputs&, rows<384>, basic_workspace<>) const;
#endif
} // namespace constformer
