// What subword.py compiles and loads, once for each tokenizer: the one of CONSTFORMER_HEADER behind a C ABI, many texts
// a call.
#include CONSTFORMER_HEADER

#include "constformer/text/bpe.hpp"
#include "constformer/text/unigram.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

using namespace constformer;

namespace {
struct tokenizer {
    checkpoint::type model;
    encoding text;
    std::vector<int> tokens; // of the last call, all texts end to end: id, begin and end of each
    std::vector<int> ids;
    std::string decoded;
};
} // namespace

// A tokenizer of the bytes of a token file; null, and a sentence on the standard error stream, where that cannot be.
extern "C" tokenizer* tokenizer_open(const char* file, long bytes) {
    auto model = checkpoint::type::from_tokens({file, std::size_t(bytes)}, checkpoint::tokenizer);
    if (!model) std::fprintf(stderr, "%s\n", model.error().c_str());
    return model ? new tokenizer{std::move(*model), {}, {}, {}, {}} : nullptr;
}
// Encodes `count` texts: text i ends at byte ends[i] and begins where the one before ends. Ids, segments, offsets and
// words are made of each; ids and offsets are kept where asked. Returns the number of tokens, or -1.
extern "C" long tokenizer_encode(tokenizer* t, const char* bytes, const long* ends, int count, int keep) {
    t->tokens.clear();
    long tokens = 0;
    for (long i = 0, begin = 0; i < count; begin = ends[i++]) {
        if (!t->model.encode(std::string_view(bytes + begin, std::size_t(ends[i] - begin)), t->text)) return -1;
        tokens += t->text.size();
        for (std::size_t k = 0; keep && k < t->text.ids.size(); ++k)
            t->tokens.insert(t->tokens.end(), {t->text.ids[k], t->text.offsets[k][0], t->text.offsets[k][1]});
    }
    return tokens;
}
extern "C" const int* tokenizer_tokens(const tokenizer* t) { return t->tokens.data(); }
// The text of ids, with special tokens; its size in bytes comes back.
extern "C" long tokenizer_decode(tokenizer* t, const int* ids, int count) {
    t->decoded = t->model.decode({ids, std::size_t(count)}, false);
    return long(t->decoded.size());
}
extern "C" const char* tokenizer_text(const tokenizer* t) { return t->decoded.data(); }
