// From the start of a program to its first embedding: what `peers --start` times.
//   first WEIGHTS TEXT        prints the embedding's first number
#include "constformer/files/packed_file.hpp"
#include "constformer/tasks/embed.hpp"
#include "kernels/minilm_l6.hpp"

#include <cstdio>

using namespace constformer;

static expected<float> first_number(const char* path, std::string_view text) {
    const auto weights = open_packed<bert<minilm_l6>>(path);
    if (!weights) return weights.error();
    const auto words = wordpiece::from_vocabulary(weights->text(), {});
    if (!words) return words.error();
    embedder model(**weights, *words, 256);
    float vector[384];
    if (status ok = model.embed(text, vector); !ok) return ok.error();
    return vector[0];
}

int main(int count, char** words) {
    if (count != 3) return std::fprintf(stderr, "usage: first WEIGHTS TEXT\n"), 2;
    const auto number = first_number(words[1], words[2]);
    if (!number) return std::fprintf(stderr, "first: %s\n", number.error().c_str()), 1;
    std::printf("%.6f\n", *number);
}
