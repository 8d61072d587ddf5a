// processor: whether this processor has the instructions that the program was compiled for.
#pragma once

namespace constformer::program {

// The first one that is missing, or null. Elsewhere than on x86 the compiler's own start-up code must see to it.
inline const char* lacking_instructions() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
#ifdef __AVX512VNNI__
    if (!__builtin_cpu_supports("avx512vnni")) return "AVX-512 VNNI";
#endif
#ifdef __AVX512BW__
    if (!__builtin_cpu_supports("avx512bw")) return "AVX-512";
#endif
#ifdef __FMA__
    if (!__builtin_cpu_supports("fma")) return "FMA";
#endif
#ifdef __AVX2__
    if (!__builtin_cpu_supports("avx2")) return "AVX2";
#endif
#ifdef __SSE4_2__
    if (!__builtin_cpu_supports("sse4.2")) return "SSE 4.2";
#endif
#endif
    return nullptr;
}

} // namespace constformer::program
