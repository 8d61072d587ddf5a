// minilm: where the files of all-MiniLM-L6-v2 are.
#pragma once

#include "tests/support/golden.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace constformer::test {

// The Hugging Face folder that tools/setup installs.
inline std::string minilm_folder() {
    const char* given = std::getenv("CONSTFORMER_WEIGHTS");
    return given && *given ? given : data_path("../build/weights/all-MiniLM-L6-v2");
}
inline std::string text_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    BOOST_REQUIRE_MESSAGE(in, "cannot read " << path);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace constformer::test
