// constformer: the whole library. A program that needs one task does better to include that task's header.
#pragma once

// models
#include "constformer/models/albert.hpp"
#include "constformer/models/bart.hpp"
#include "constformer/models/bert.hpp"
#include "constformer/models/bert_heads.hpp"
#include "constformer/models/causal_heads.hpp"
#include "constformer/models/dispatch.hpp"
#include "constformer/models/dispatch_causal.hpp"
#include "constformer/models/dispatch_seq2seq.hpp"
#include "constformer/models/dispatch_xlnet.hpp"
#include "constformer/models/distilbert.hpp"
#include "constformer/models/gpt.hpp"
#include "constformer/models/gpt_neox.hpp"
#include "constformer/models/llama.hpp"
#include "constformer/models/mpnet.hpp"
#include "constformer/models/multi_task.hpp"
#include "constformer/models/roberta.hpp"
#include "constformer/models/t5.hpp"
#include "constformer/models/transformer.hpp"
#include "constformer/models/xlnet.hpp"
#include "constformer/models/xlnet_heads.hpp"

// text
#include "constformer/text/bpe.hpp"
#include "constformer/text/unigram.hpp"
#include "constformer/text/wordpiece.hpp"

// tasks
#include "constformer/tasks/answer.hpp"
#include "constformer/tasks/chat.hpp"
#include "constformer/tasks/classify.hpp"
#include "constformer/tasks/embed.hpp"
#include "constformer/tasks/fill_mask.hpp"
#include "constformer/tasks/generate.hpp"
#include "constformer/tasks/glue.hpp"
#include "constformer/tasks/metrics.hpp"
#include "constformer/tasks/multi_task.hpp"
#include "constformer/tasks/pipeline.hpp"
#include "constformer/tasks/rerank.hpp"
#include "constformer/tasks/search.hpp"
#include "constformer/tasks/tag.hpp"
#include "constformer/tasks/translate.hpp"
#include "constformer/tasks/zero_shot.hpp"

// weights in memory
#include "constformer/files/packed.hpp"

#ifndef __EMSCRIPTEN__ // files and threads: a page has neither
#include "constformer/core/team.hpp"
#include "constformer/files/checkpoint.hpp"
#include "constformer/files/gguf.hpp"
#include "constformer/files/open_tensors.hpp"
#include "constformer/files/packed_file.hpp"
#include "constformer/files/safetensors.hpp"
#include "constformer/files/write_safetensors.hpp"
#include "constformer/tasks/index_file.hpp"
#include "constformer/tasks/open_pipeline.hpp"
#endif
