// must say: causal_sequence_classifier: the number of labels must be positive
// must say: causal_sequence_classifier: the body needs no head of its own, say .tied = true
#include "constformer/models/causal_heads.hpp"
#include "constformer/models/llama.hpp"
using namespace constformer;
constexpr llama_config tied{.layers = 1, .width = 8, .heads = 1, .feed_forward = 8, .vocabulary = 9, .tied = true};
constexpr llama_config untied{.layers = 1, .width = 8, .heads = 1, .feed_forward = 8, .vocabulary = 9};
causal_sequence_classifier<llama<tied>, 0> unlabeled;
causal_sequence_classifier<llama<untied>, 2> with_a_head;
