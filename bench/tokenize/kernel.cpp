// What wordpiece.py loads: the library's WordPiece behind a C ABI, many texts a call.
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "constformer/text/wordpiece.hpp"

using namespace constformer;

namespace {
struct tokenizer {
    wordpiece words;
    encoding text;
    std::vector<int> ids; // of the last call, all texts end to end
};
} // namespace

// A tokenizer of a vocab.txt; null where there is none.
extern "C" tokenizer* tokenizer_open(const char* path) {
    std::ifstream in(path, std::ios::binary);
    const std::string lines(std::istreambuf_iterator<char>(in), {});
    auto words = wordpiece::from_vocabulary(lines, {});
    return words ? new tokenizer{std::move(*words), {}, {}} : nullptr;
}
// Encodes `count` texts: text i ends at byte ends[i] and begins where the one before ends. Ids, segments, offsets and
// words are made of each, and its ids kept. Returns the number of tokens, or -1.
extern "C" long tokenizer_encode(tokenizer* t, const char* bytes, const long* ends, int count) {
    t->ids.clear();
    for (long i = 0, begin = 0; i < count; begin = ends[i++]) {
        if (!t->words.encode(std::string_view(bytes + begin, std::size_t(ends[i] - begin)), t->text)) return -1;
        t->ids.insert(t->ids.end(), t->text.ids.begin(), t->text.ids.end());
    }
    return long(t->ids.size());
}
extern "C" const int* tokenizer_ids(const tokenizer* t) { return t->ids.data(); }
