// subword_work: what tokenizers of subwords need while they work; kept from call to call, so that nothing is allocated
// once it has held a text as long.
#pragma once

#include <vector>

#include "constformer/text/normal_text.hpp"

namespace constformer {

struct subword_work {
    // A symbol of a word that is being merged.
    struct symbol {
        int id, bytes;      // of the text that it stands for
        int rank, result;   // of the merge with the one behind it; -1: there is none
        int previous, next; // -1: there is none
    };
    // A merge that may be next.
    struct candidate {
        int rank, at; // its left symbol
    };
    // The best way to spell a text up to some byte.
    struct spelling {
        double score;
        int begin, id; // of its last token
    };

    normal_text stretch, piece;
    std::vector<symbol> symbols;
    std::vector<candidate> waiting;
    std::vector<spelling> best;
    std::vector<int> path;
    std::vector<char> word;
};

} // namespace constformer
