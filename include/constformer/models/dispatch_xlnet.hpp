// dispatch_xlnet: dispatch() for XLNet and its heads, which take a text as BERT does.
#pragma once

#include "constformer/models/dispatch.hpp"
#include "constformer/models/xlnet_heads.hpp"

#ifdef CONSTFORMER_ISAS // a build of one instruction set needs no table

namespace constformer {

// A model without the instruction set in its name.
template <head_kind Kind, const xlnet_config& c, element E, int Outputs> struct xlnet_identity {
    static constexpr int width = c.width, outputs = Outputs;
};

inline namespace CONSTFORMER_ISA {
template <const xlnet_config& c, element E> struct identify<xlnet<c, E>> {
    using type = xlnet_identity<head_kind::encoder, c, E, c.width>;
};
template <const xlnet_config& c, element E> struct identify<xlnet_lm<c, E>> {
    using type = xlnet_identity<head_kind::masked_lm, c, E, c.vocabulary>;
};
template <const xlnet_config& c, element E> struct identify<xlnet_sequence_classifier<c, E>> {
    using type = xlnet_identity<head_kind::sequence_classifier, c, E, c.labels>;
};
template <const xlnet_config& c, element E> struct identify<xlnet_token_classifier<c, E>> {
    using type = xlnet_identity<head_kind::token_classifier, c, E, c.labels>;
};
template <const xlnet_config& c, element E> struct identify<xlnet_question_answerer<c, E>> {
    using type = xlnet_identity<head_kind::question_answerer, c, E, 2>;
};
} // namespace CONSTFORMER_ISA

} // namespace constformer

#endif
