// must say: pipeline<task::embed>: the model must be an encoder: bert, xlnet
// must say: pipeline<task::search>: the model must be an encoder: bert, xlnet
// must say: pipeline<task::fill_mask>: the model has no head for words: bert_masked_lm and xlnet_lm have
// must say: pipeline<task::classify>: the model has no head for labels of a text: bert_sequence_classifier,
// must say: pipeline<task::zero_shot>: the model has no head for labels of a text: bert_sequence_classifier,
// must say: pipeline<task::tag>: the model has no head for labels of tokens: bert_token_classifier and
// must say: pipeline<task::answer>: the model has no head for where an answer begins and ends:
// must say: pipeline<task::rerank>: the model must be a classifier of texts that has one label
// must say: pipeline<task::generate>: the model must be a decoder: gpt, gpt_neox, llama
// must say: pipeline<task::chat>: the model must be a decoder: gpt, gpt_neox, llama
// must say: pipeline<task::translate>: the model must be an encoder-decoder: t5, transformer
// must say: pipeline<task::summarize>: the model must be an encoder-decoder: t5, transformer
#include "constformer/tasks/pipeline.hpp"
using namespace constformer;
constexpr bert_config c{.layers = 1, .width = 8, .heads = 1, .feed_forward = 8, .vocabulary = 9};
using encoder = bert<c>;
using labels = bert_sequence_classifier<c>; // two of them

void all(const encoder& model, const labels& classes, const wordpiece& words) {
    pipeline<task::embed, labels>{classes, words};
    pipeline<task::search, labels>{classes, words};
    pipeline<task::fill_mask, encoder>{model, words};
    pipeline<task::classify, encoder>{model, words};
    pipeline<task::zero_shot, encoder>{model, words};
    pipeline<task::tag, labels>{classes, words};
    pipeline<task::answer, encoder>{model, words};
    pipeline<task::rerank, labels>{classes, words};
    pipeline<task::generate, encoder>{model, words};
    pipeline<task::chat, encoder>{model, words};
    pipeline<task::translate, encoder>{model, words};
    pipeline<task::summarize, encoder>{model, words};
}
