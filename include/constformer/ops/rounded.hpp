// rounded: rows of floats that are kept as bfloat16, as its bits, and back. PyTorch: x.bfloat16(), x.float().
#pragma once

#include "constformer/core/simd_bf16.hpp"
#include "constformer/core/workspace.hpp"

namespace constformer::ops::inline CONSTFORMER_ISA {

// (n, Width) -> (n, Width), to the nearest, ties to even.
template <int Width> void to_bfloat16(const_rows<Width> x, rows<Width, std::uint16_t> to, const auto& m) {
    m.threads.split(x.count, [&](int begin, int end, int) {
        for (int r = begin; r < end; ++r) {
            int i = 0;
#if defined(CONSTFORMER_DOT_BF16)
            for (; i + lanes <= Width; i += lanes) store_bf16(to[r] + i, load(x[r] + i));
#endif
            for (; i < Width; ++i) to[r][i] = constformer::to_bfloat16(x[r][i]);
        }
    });
}
template <int Width> void from_bfloat16(rows<Width, const std::uint16_t> x, rows<Width> to, const auto& m) {
    m.threads.split(x.count, [&](int begin, int end, int) {
        for (int r = begin; r < end; ++r) {
            int i = 0;
            for (; i + lanes <= Width; i += lanes) store(to[r] + i, load(x[r] + i));
            for (; i < Width; ++i) to[r][i] = constformer::from_bfloat16(x[r][i]);
        }
    });
}

} // namespace constformer::ops::inline CONSTFORMER_ISA
