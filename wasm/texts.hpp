// texts: what a module that writes has in common with any other that does, whatever its model: the checkpoint's types,
// the place of a text, its tokens. Included once a module, in place of host.hpp.
#pragma once

#include CONSTFORMER_MODEL_HEADER // which names CONSTFORMER_CHECKPOINT's

#include "constformer/text/encoding.hpp"
#include "host.hpp"
#include "json_text.hpp"

namespace {
namespace checkpoint = CONSTFORMER_CHECKPOINT;
using model = checkpoint::model;
using tokenizer_type = checkpoint::tokenizer_type;
constexpr int text_bytes = 1 << 16; // of one text, or of all messages of a chat
char text_memory[text_bytes];

struct everything_of_texts {
    tokenizer_type words;
    encoding text;   // the tokens of the last one
    int longest = 0; // tokens that fit, once the model is loaded

    // Takes what texts of up to `n` bytes need. (One word takes as much as any text.)
    status make_room(std::size_t n) {
        text.ids.reserve(n), text.segments.reserve(n), text.offsets.reserve(n), text.words.reserve(n);
        return words.size() == 0 ? status() : words.encode(std::string(n, 'a'), text, {});
    }
    // Is there a model, and is this a text for it?
    [[nodiscard]] status ready(int bytes) const {
        if (longest == 0) return error("the model is not loaded");
        if (words.size() == 0) return error("this weights file holds no vocabulary, so there is no tokenizer");
        if (bytes < 0 || bytes > text_bytes) return error("text: ", bytes, " bytes, at most ", text_bytes, " are read");
        return {};
    }
};
lasting<everything_of_texts> given_texts;
everything_of_texts& texts = given_texts.it;
status ready(int bytes) { return texts.ready(bytes); }
} // namespace

EXPORT(measure) int measure() { return measure_file<model>(); }
EXPORT(text) char* text() { return text_memory; } // where a text goes, in UTF-8
EXPORT(text_bytes) int text_room() { return text_bytes; }
// The tokens of the text in text(), as module.cpp has it.
EXPORT(tokenize) int tokenize(int bytes, int truncate) {
    if (const auto ok = ready(bytes); !ok) return no(ok);
    if (const auto ok = texts.words.encode({text_memory, std::size_t(bytes)}, texts.text, {}); !ok) return no(ok);
    if (!truncate && texts.text.size() > texts.longest)
        return no(error("text: ", texts.text.size(), " tokens, there is room for ", texts.longest));
    return std::min(texts.text.size(), texts.longest);
}
EXPORT(tokenize_pair) int tokenize_pair(int, int, int) { return no(error("this model reads no pairs of texts")); }
EXPORT(token_segments) const int* token_segments() { return texts.text.segments.data(); }
EXPORT(token_ids) const int* token_ids() { return texts.text.ids.data(); }
EXPORT(token_spans) const int* token_spans() { return texts.text.offsets.data()->data(); }
// The token of an id, where error() puts its sentence; of bytes, as far as they are characters.
EXPORT(piece) const char* piece(int id) { return say(texts.words.token(id)); }
