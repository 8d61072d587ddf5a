// pack: a Hugging Face folder of all-MiniLM-L6-v2 becomes one file that the other examples map as it is.
//
//     pack FOLDER WEIGHTS
#include "constformer/files/checkpoint.hpp"
#include "kernels/minilm_l6.hpp"

#include <fstream>
#include <iostream>
#include <sstream>

using namespace constformer;

static status pack(const std::string& folder, const std::string& out) {
    std::ifstream file(folder + "/vocab.txt");
    std::ostringstream vocabulary;
    vocabulary << file.rdbuf();
    if (!file || vocabulary.str().empty()) return error(folder, "/vocab.txt: it cannot be read");
    return pack_file<bert<minilm_l6>>(folder, out, vocabulary.str());
}

int main(int count, char** arguments) {
    if (count != 3) {
        std::cerr << "usage: pack FOLDER WEIGHTS\n";
        return 2;
    }
    const status done = pack(arguments[1], arguments[2]);
    if (!done) std::cerr << "pack: " << done.error().what() << '\n';
    return done ? 0 : 1;
}
