// must say: embedding: a table holds f32, q8 or q4
#include "constformer/layers/embedding.hpp"

constformer::embedding<8, 4, constformer::i8> words;
