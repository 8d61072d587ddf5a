// must say: bert_sequence_classifier: .labels must be positive
// must say: bert_token_classifier: .labels must be positive
#include "constformer/models/bert_heads.hpp"

inline constexpr constformer::bert_config unnamed{
    .layers = 1, .width = 32, .heads = 2, .feed_forward = 64, .labels = 0};
constformer::bert_sequence_classifier<unnamed> sentences;
constformer::bert_token_classifier<unnamed> tokens;
