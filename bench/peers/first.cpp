// From the start of a program to its first embedding: what `peers --start` times.
//   first ELEMENT WEIGHTS TEXT        prints the embedding's first number
#include "constformer/files/packed_file.hpp"
#include "constformer/tasks/embed.hpp"
#include "models.hpp"

#include <cstdio>

using namespace constformer;

template <class Model> static expected<float> first_number(const char* path, std::string_view text) {
    const auto weights = open_packed<Model>(path);
    if (!weights) return weights.error();
    const auto words = wordpiece::from_vocabulary(weights->text(), {});
    if (!words) return words.error();
    embedder model(**weights, *words, 256);
    float vector[Model::width];
    if (status ok = model.embed(text, vector); !ok) return ok.error();
    return vector[0];
}

int main(int count, char** words) {
    if (count != 4) return std::fprintf(stderr, "usage: first ELEMENT WEIGHTS TEXT\n"), 2;
    expected<float> number = error("no element ", words[1]);
    peers::with_element<minilm_l6>(words[1], [&]<class Model> { number = first_number<Model>(words[2], words[3]); });
    if (!number) return std::fprintf(stderr, "first: %s\n", number.error().c_str()), 1;
    std::printf("%.6f\n", *number);
}
