"""Writes the cases of decoders that label texts: gpt2_sequence and llama_sequence, with a tokenizer and what Transformers says to lines.

    python tests/golden/make/causal_heads.py [case ...]
"""

import copy
import json
import sys

import torch
from tokenizers import processors
from transformers import GPT2Config, GPT2ForSequenceClassification, LlamaConfig, LlamaForSequenceClassification

import xlnet
from common import Noise, randomize, report_noise, save_calls, save_model

PAD = 5  # <pad> of xlnet.py's tokenizer: Transformers reads the last token that is another one
LABELS = {"id2label": {0: "low", 1: "middle", 2: "high"}, "label2id": {"low": 0, "middle": 1, "high": 2}}
SPECIAL = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": PAD}
CASES = {
    "gpt2_sequence": (GPT2ForSequenceClassification, GPT2Config(
        n_embd=24, n_head=2, n_layer=2, n_inner=52, vocab_size=67, n_positions=40, **SPECIAL, **LABELS)),
    "llama_sequence": (LlamaForSequenceClassification, LlamaConfig(
        hidden_size=36, num_attention_heads=6, num_key_value_heads=2, num_hidden_layers=2, intermediate_size=52, vocab_size=67,
        max_position_embeddings=40, **SPECIAL, **LABELS)),
}  # fmt: skip


def make(case):
    kind, config = CASES[case]
    torch.manual_seed(len(case) * 1000 + 7)
    model = kind(config)
    randomize(model, embedding_std=0.3, out_by_in=kind is not GPT2ForSequenceClassification)
    again, folder = save_model(case, model)
    exact = copy.deepcopy(again).double()
    noise = Noise()
    generator = torch.Generator().manual_seed(5)

    def call(tokens, mask=None):
        batch = 1 if mask is None else len(mask)
        ids = torch.randint(PAD + 2, config.vocab_size, (batch, tokens), generator=generator)
        given = {"input_ids": ids} if mask is None else {"input_ids": torch.where(mask == 1, ids, PAD), "attention_mask": mask}
        answer, truth = again(**given).logits, exact(**given).logits
        noise.add("logits", answer, truth)
        return given | {"logits": answer}

    with torch.inference_mode():
        mask = (torch.arange(13)[None] < torch.tensor([13, 5, 1])[:, None]).long()
        calls = {"one": call(1), "short": call(7), "full": call(40), "batch": call(13, mask)}
        made = xlnet.add_tokenizer(folder, config.vocab_size)
        made.post_processor = processors.TemplateProcessing(single="$A:0", pair="$A:0 $B:1", special_tokens=[])
        (folder / "tokenizer.json").write_text(made.to_str() + "\n")
        (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}) + "\n")
        asked = {"tokenize": [[line, made.encode(line).ids] for line in xlnet.LINES], "classify": []}
        for line in filter(None, xlnet.LINES):
            scores = again(input_ids=torch.tensor([made.encode(line).ids])).logits.softmax(-1)[0].tolist()
            asked["classify"].append([line, scores])
    (folder / "asked.json").write_text(json.dumps(asked, ensure_ascii=False) + "\n")
    save_calls(folder, calls)
    report_noise(noise)


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        make(case)
