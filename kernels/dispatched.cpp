// A model's kernels for one instruction set: the build compiles this once for each, and hides all but the one name that
// models/dispatch.hpp asks for. The model comes from the compiler's command line:
//   -DCONSTFORMER_MODEL_HEADER='"kernels/minilm_l6.hpp"' -DCONSTFORMER_MODEL='bert<minilm_l6>'
//   -DCONSTFORMER_ISAS=sse4_2,avx2,… -DCONSTFORMER_FOR=avx2 (with the flags that kernels/isas.txt has for it)
#include CONSTFORMER_MODEL_HEADER

#include "constformer/models/kernel_table.hpp"

namespace constformer {
static_assert(std::is_same_v<isas::CONSTFORMER_INSTRUCTIONS, isas::CONSTFORMER_FOR>,
              "dispatched: the compiler's flags say another instruction set than the build asks for");
template <>
const kernel_table<identity_of<CONSTFORMER_MODEL>>&
kernels<isas::CONSTFORMER_INSTRUCTIONS, identity_of<CONSTFORMER_MODEL>>() {
    static constexpr auto table = make_kernel_table<CONSTFORMER_MODEL>();
    return table;
}
} // namespace constformer
