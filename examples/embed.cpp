// embed: how close the meanings of two sentences are: the cosine of their embeddings by all-MiniLM-L6-v2.
//
//     embed WEIGHTS SENTENCE SENTENCE
#include "constformer/tasks/embed.hpp"
#include "constformer/files/packed_file.hpp"
#include "constformer/models/dispatch.hpp"
#include "kernels/minilm_l6.hpp"

#include <iostream>

using namespace constformer;

static expected<float> cosine(const char* weights_path, std::string_view one, std::string_view other) {
    const auto weights = open_packed<bert<minilm_l6>>(weights_path);
    if (!weights) return weights.error();
    const auto words = wordpiece::from_vocabulary(weights->text(), {});
    if (!words) return words.error();
    const auto net = dispatch(**weights); // the kernels of the best instruction set that is here
    if (!net) return net.error();

    embedder model(*net, *words, 256);
    float vectors[2][384];
    const std::string_view texts[] = {one, other};
    if (status ok = model.embed(texts, {vectors[0], 2}); !ok) return ok.error();
    return ops::dot(vectors[0], vectors[1], 384); // both have length 1
}

int main(int count, char** arguments) {
    if (count != 4) {
        std::cerr << "usage: embed WEIGHTS SENTENCE SENTENCE\n";
        return 2;
    }
    const auto result = cosine(arguments[1], arguments[2], arguments[3]);
    if (!result) {
        std::cerr << "embed: " << result.error().what() << '\n';
        return 1;
    }
    std::cout << *result << '\n';
}
