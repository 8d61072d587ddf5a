// Code for different instruction sets must never merge when linked, so each carries its name in its symbols.
#include "constformer/layers/linear.hpp"
#include "constformer/ops/softmax.hpp"

#include <string_view>

using namespace constformer;

template <class T> consteval std::string_view spelled() { return __PRETTY_FUNCTION__; }
template <auto> struct at {};
consteval bool says(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

static_assert(!std::string_view(isa_name).empty() && !says(isa_name, "CONSTFORMER"));
// Clang leaves an inline namespace unsaid where it spells a type, so the type is asked for by its full name.
static_assert(std::is_same_v<linear<4, 4>, constformer::CONSTFORMER_ISA::linear<4, 4>>);
static_assert(std::is_same_v<at<&ops::softmax>, at<&constformer::ops::CONSTFORMER_ISA::softmax>>);
static_assert(std::is_same_v<at<&ops::multiply_panels<i8>>, at<&constformer::ops::CONSTFORMER_ISA::multiply_panels<i8>>>);
#if defined(__GNUC__) && !defined(__clang__)
static_assert(says(spelled<linear<4, 4>>(), isa_name));
static_assert(!says(spelled<matrix<4, 4>>(), isa_name), "data is the same for every instruction set");
#endif
