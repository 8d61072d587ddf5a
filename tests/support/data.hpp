// data: where a test finds the files it reads.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

// The path of a file below tests/: data_path("golden/bert/weights.safetensors"). The folder is the environment variable
// CONSTFORMER_TESTS, or else what the build was told, or else where this header lay when it was compiled. (A program in
// WebAssembly sees no environment variables, so there the build's word is the one that counts.)
inline std::string data_path(std::string_view name) {
    std::string folder;
    if (const char* given = std::getenv("CONSTFORMER_TESTS"); given && *given) {
        folder = given;
    } else {
#ifdef CONSTFORMER_TESTS
        folder = CONSTFORMER_TESTS;
#else
        const std::string_view here = __FILE__; // .../tests/support/data.hpp
        const auto end = here.rfind("support/data.hpp");
        folder = end == 0 ? "." : std::string(here.substr(0, end - 1));
#endif
    }
    return folder.append("/").append(name);
}
