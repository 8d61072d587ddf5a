#include "minilm_l6.hpp"

namespace constformer {
template struct bert<minilm_l6>;
template status bert<minilm_l6>::forward(const bert_inputs&, rows<384>, basic_workspace<>) const;
} // namespace constformer
