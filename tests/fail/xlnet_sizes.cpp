// must say: xlnet: .layers, .width, .heads, .head_width, .feed_forward and .vocabulary must be positive
// must say: xlnet_sequence_classifier: .labels must be positive
// must say: xlnet_token_classifier: .labels must be positive
#include "constformer/models/xlnet_heads.hpp"

inline constexpr constformer::xlnet_config flat{.layers = 0, .width = 32, .heads = 2, .feed_forward = 64};
constformer::xlnet<flat> model;
inline constexpr constformer::xlnet_config unnamed{
    .layers = 1, .width = 32, .heads = 2, .feed_forward = 64, .labels = 0};
constformer::xlnet_sequence_classifier<unnamed> sentences;
constformer::xlnet_token_classifier<unnamed> tokens;
