// must say: answer_network: at least 2 labels and 1 step are needed
#include "constformer/layers/answer_network.hpp"
constformer::answer_network<8, 2, 0> no_step;
