// head_kind: what a model that reads texts says of them; tasks are chosen by it (tasks/pipeline.hpp).
#pragma once

namespace constformer {

// A vector for each token; words for each token; labels of a text; labels of each token; where an answer begins and
// ends. A model of yours that offers one of them says so: static constexpr auto kind = head_kind::masked_lm;
enum class head_kind { encoder, masked_lm, sequence_classifier, token_classifier, question_answerer };

} // namespace constformer
