// search: the passages that are nearest to a question in meaning, ranked by all-MiniLM-L6-v2.
//
//     search WEIGHTS PASSAGES QUERY [COUNT]
//
// WEIGHTS is a packed weights file; PASSAGES has a title, a tab and a passage on each line (# begins a comment).
#include "constformer/tasks/search.hpp"
#include "constformer/files/packed_file.hpp"
#include "constformer/models/dispatch.hpp"
#include "constformer/tasks/embed.hpp"
#include "kernels/minilm_l6.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>

using namespace constformer;

static status rank(const char* weights_path, const char* passages_path, std::string_view query, std::size_t count) {
    std::vector<std::string> lines;
    std::ifstream file(passages_path);
    for (std::string line; std::getline(file, line);)
        if (!line.empty() && line[0] != '#') lines.push_back(line);
    if (lines.empty()) return error(passages_path, ": there is no passage");

    const auto weights = open_packed<bert<minilm_l6>>(weights_path); // mapped: nothing is read yet
    if (!weights) return weights.error();
    const auto words = wordpiece::from_vocabulary(weights->text(), {});
    if (!words) return words.error();
    const auto net = dispatch(**weights); // the kernels of the best instruction set that is here
    if (!net) return net.error();
    embedder model(*net, *words, 256, {.truncate = true}); // texts of more than 256 tokens are cut

    const std::vector<std::string_view> texts(lines.begin(), lines.end());
    std::vector<float> memory((texts.size() + 1) * 384);
    const rows<384> vectors{memory.data(), int(texts.size())}, asked{vectors[vectors.count], 1};
    if (status ok = model.embed(texts, vectors); !ok) return ok;
    if (status ok = model.embed(std::span(&query, 1), asked); !ok) return ok;

    std::vector<hit> best(count);
    best.resize(std::size_t(search(vectors.data, vectors.count, 384, asked.data, best)));
    for (const hit& h : best) std::cout << h.score << '\t' << texts[std::size_t(h.index)] << '\n';
    return {};
}

int main(int count, char** arguments) {
    if (count != 4 && count != 5) {
        std::cerr << "usage: search WEIGHTS PASSAGES QUERY [COUNT]\n";
        return 2;
    }
    const int most = count == 5 ? std::atoi(arguments[4]) : 5;
    const status done = rank(arguments[1], arguments[2], arguments[3], std::size_t(most > 0 ? most : 1));
    if (!done) std::cerr << "search: " << done.error().what() << '\n';
    return done ? 0 : 1;
}
