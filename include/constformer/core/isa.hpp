// isa: the instruction sets by name, which of them this processor has, and which of a program's runs.
//
// A program holds the kernels of one instruction set, that of its compiler's flags, or of several, where its build says
// so: -DCONSTFORMER_ISAS=sse4_2,avx2,… names them, the best last (models/dispatch.hpp).
#pragma once

#include "constformer/core/check.hpp"
#include "constformer/core/simd.hpp"

#include <span>
#include <string>

#if defined(__aarch64__) && __has_include(<sys/auxv.h>)
#include <sys/auxv.h>
#endif

namespace constformer {

// Every name that CONSTFORMER_ISA can have.
inline constexpr std::string_view all_isas[] = {"sse2",     "sse4_2",       "avx2",        "avx_vnni",
                                                "avx512",   "avx512_vnni",  "avx512_bf16", "neon",
                                                "neon_dot", "wasm_simd128", "wasm_relaxed"};

// An instruction set of a program. lacks(): the first of its instructions that this processor has not, or null.
// yields_to(): whether this processor is slower with it than with that other one, where it has both; or null: never.
struct instruction_set {
    std::string_view name;
    const char* (*lacks)();
    bool (*yields_to)(std::string_view other) = nullptr;
};

// The same as types, so that the name is part of the symbols of what is made with them.
namespace isas {
#if defined(__x86_64__) || defined(__i386__)
struct sse2 {
    static constexpr std::string_view name = "sse2";
    static const char* lacks() { return __builtin_cpu_supports("sse2") ? nullptr : "SSE2"; }
};
struct sse4_2 {
    static constexpr std::string_view name = "sse4_2";
    static const char* lacks() { return __builtin_cpu_supports("sse4.2") ? nullptr : "SSE 4.2"; }
};
struct avx2 {
    static constexpr std::string_view name = "avx2";
    static const char* lacks() {
        if (!__builtin_cpu_supports("avx2")) return "AVX2";
        if (!__builtin_cpu_supports("fma")) return "FMA";
        return __builtin_cpu_supports("f16c") ? nullptr : "F16C";
    }
};
struct avx_vnni {
    static constexpr std::string_view name = "avx_vnni";
    static const char* lacks() {
        if (const char* less = avx2::lacks()) return less;
        return __builtin_cpu_supports("avxvnni") ? nullptr : "AVX-VNNI";
    }
};
struct avx512 { // what every processor with AVX-512 for servers and desktops has
    static constexpr std::string_view name = "avx512";
    static const char* lacks() {
        if (const char* less = avx2::lacks()) return less;
        const bool all = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
                         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512vl");
        return all ? nullptr : "AVX-512 (F, CD, DQ, BW and VL)";
    }
};
struct avx512_vnni {
    static constexpr std::string_view name = "avx512_vnni";
    static const char* lacks() {
        if (const char* less = avx512::lacks()) return less;
        return __builtin_cpu_supports("avx512vnni") ? nullptr : "AVX-512 VNNI";
    }
};
struct avx512_bf16 {
    static constexpr std::string_view name = "avx512_bf16";
    static const char* lacks() {
        if (const char* less = avx512_vnni::lacks()) return less;
        return __builtin_cpu_supports("avx512bf16") ? nullptr : "AVX-512 BF16";
    }
    // AMD's processors do twice as many products by pairs of bfloat16 as by floats, Intel's half as many.
    static bool yields_to(std::string_view other) {
        return __builtin_cpu_is("intel") && (other == avx512::name || other == avx512_vnni::name);
    }
};
#elif defined(__aarch64__)
struct neon {
    static constexpr std::string_view name = "neon";
    static const char* lacks() { return nullptr; } // every AArch64 has it
};
struct neon_dot {
    static constexpr std::string_view name = "neon_dot";
    static const char* lacks() {
#if defined(__APPLE__)
        return nullptr;
#elif __has_include(<sys/auxv.h>)
        return getauxval(AT_HWCAP) & (1ul << 20) ? nullptr : "NEON's dot product"; // HWCAP_ASIMDDP
#else
        return "a way to ask for NEON's dot product";
#endif
    }
};
#else // a WebAssembly engine refuses a module whose instructions it lacks
struct wasm_simd128 {
    static constexpr std::string_view name = "wasm_simd128";
    static const char* lacks() { return nullptr; }
};
struct wasm_relaxed {
    static constexpr std::string_view name = "wasm_relaxed";
    static const char* lacks() { return nullptr; }
};
#endif

template <class Isa> constexpr instruction_set described() {
    if constexpr (requires { Isa::yields_to; })
        return {Isa::name, Isa::lacks, Isa::yields_to};
    else
        return {Isa::name, Isa::lacks};
}
template <class... Isa> struct list {
    static constexpr instruction_set all[] = {described<Isa>()...};
};
#ifdef CONSTFORMER_ISAS
using built = list<CONSTFORMER_ISAS>;
#endif
} // namespace isas

// Which of `built` runs: the last that this processor has and that yields to none before it, or the one that `forced`
// names, where it is not empty.
// Errors, one sentence each: `forced` is no instruction set, is not among `built`, or lacks something here; this
// processor has none of them.
[[nodiscard]] inline expected<std::size_t> choose_isa(std::span<const instruction_set> built, const char* forced) {
    std::string names;
    for (const instruction_set& one : built) (names += names.empty() ? "" : ", ") += one.name;
    if (forced && *forced) {
        for (std::size_t i = 0; i < built.size(); ++i) {
            if (built[i].name != forced) continue;
            if (const char* what = built[i].lacks())
                return error("CONSTFORMER_ISA=", forced, ": this processor lacks ", what);
            return i;
        }
        for (const std::string_view known : all_isas)
            if (known == forced)
                return error("CONSTFORMER_ISA=", forced, ": this program is not compiled for it, only for ", names);
        return error("CONSTFORMER_ISA=", forced, ": there is no such instruction set; this program has ", names);
    }
    for (std::size_t i = built.size(); i-- > 0;) {
        if (built[i].lacks()) continue;
        std::size_t best = i;
        for (std::size_t j = 0; j < i && built[i].yields_to; ++j)
            if (!built[j].lacks() && built[i].yields_to(built[j].name)) best = j;
        return best;
    }
    return error("this processor lacks ", built.empty() ? "everything" : built[0].lacks(),
                 "; this program is compiled for ", names);
}

inline namespace CONSTFORMER_ISA {

// Those of this program: what its build says, or else what its compiler's flags say.
#ifdef CONSTFORMER_ISAS
using built_isas = isas::built;
#else
using built_isas = isas::list<isas::CONSTFORMER_INSTRUCTIONS>;
#endif

// Which of them runs. The environment variable CONSTFORMER_ISA forces one; a page has no environment.
[[nodiscard]] inline expected<std::size_t> choose_isa() {
#ifdef __wasm__
    return choose_isa(built_isas::all, nullptr);
#else
    return choose_isa(built_isas::all, std::getenv("CONSTFORMER_ISA"));
#endif
}

} // namespace CONSTFORMER_ISA

} // namespace constformer
