// models: what is compared, by name: shapes as in models.py, and the elements that the library has.
#pragma once

#include "constformer/models/bert.hpp"
#include "kernels/minilm_l6.hpp"

#include <string_view>

namespace constformer::peers {

inline constexpr bert_config bert_tiny{.layers = 2, .width = 128, .heads = 2, .feed_forward = 512};
inline constexpr bert_config bge_small{.layers = 12, .width = 384, .heads = 12, .feed_forward = 1536};
inline constexpr bert_config bert_base{.layers = 12, .width = 768, .heads = 12, .feed_forward = 3072};

template <element... E> struct element_list {};
using elements = element_list<f32, bf16, i8>; // the one place that a new element is added to

// Calls f.template operator()<bert<c, E>>() for the element of this name; false if there is none.
template <const bert_config& c, class F, element... E>
bool with_element(std::string_view precision, F&& f, element_list<E...>) {
    const auto as = [&]<element e>() { return name_of(e) == precision && (f.template operator()<bert<c, e>>(), true); };
    return (as.template operator()<E>() || ...);
}
template <const bert_config& c, class F> bool with_element(std::string_view precision, F&& f) {
    return with_element<c>(precision, f, elements{});
}

// The same, for the shape of a name too.
template <class F> bool with_model(std::string_view shape, std::string_view precision, F&& f) {
    const auto as = [&] < const bert_config &
                    c > (std::string_view name) { return name == shape && with_element<c>(precision, f); };
    return as.template operator()<minilm_l6>("minilm_l6") || as.template operator()<bert_tiny>("bert_tiny") ||
           as.template operator()<bge_small>("bge_small") || as.template operator()<bert_base>("bert_base");
}

} // namespace constformer::peers
