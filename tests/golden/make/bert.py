"""Writes the bert_* cases: tiny random BERT checkpoints for every head, and what Transformers answers.

    python tests/golden/make/bert.py [case ...]
"""

import copy
import json
import string
import sys

import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    BertTokenizer,
)

from common import Noise, randomize, report_noise, save_calls, save_model

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LOWER = list(string.ascii_lowercase)
WORDS = """the of and to in is a cat dog sat on mat how do plants make food from light water air ##s ##ing ##ed ##er
##ly ##ness un ##able sun sky red green blue one two three day night""".split()


def vocabulary(size, cased):
    """A vocabulary of exactly `size` tokens that can spell any word of letters, and knows a few words whole."""
    tokens = SPECIAL + LOWER + ["##" + c for c in LOWER] + list(string.ascii_uppercase if cased else "") + list(".,?!")
    tokens += [w for w in WORDS + list(string.digits) + list("-'()") if w not in tokens]
    assert len(set(tokens)) == len(tokens) >= size, f"{len(tokens)} tokens are too few for {size}"
    return tokens[:size]


def write_tokenizer(folder, config, cased):
    tokens = vocabulary(config.vocab_size, cased)
    tokenizer = BertTokenizer(
        vocab={t: i for i, t in enumerate(tokens)},
        do_lower_case=not cased,
        model_max_length=config.max_position_embeddings,
    )
    tokenizer.save_pretrained(folder)
    file = folder / "tokenizer.json"
    file.write_text(json.dumps(json.loads(file.read_text()), ensure_ascii=False, separators=(",", ":")) + "\n")
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    assert len(tokenizer) == config.vocab_size


def inputs(config, generator):
    """The calls. Padding is on the right, but in `holes` zeros lie between ones, and position ids still count them."""

    def ids(batch, tokens):
        return torch.randint(5, config.vocab_size, (batch, tokens), generator=generator)

    def call(input_ids, mask=None, types=None):
        return {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids) if mask is None else mask,
            "token_type_ids": torch.zeros_like(input_ids) if types is None else types,
        }

    calls = {"one": call(ids(1, 1)), "short": call(ids(1, 7))}
    mask = (torch.arange(13)[None] < torch.tensor([13, 5, 1])[:, None]).long()
    types = torch.zeros(3, 13, dtype=torch.long)
    types[0, 8:] = 1
    calls["batch"] = call(torch.where(mask == 1, ids(3, 13), torch.tensor(config.pad_token_id)), mask, types)
    calls["holes"] = call(ids(2, 9), torch.tensor([[1, 1, 0, 0, 1, 1, 0, 1, 1], [0, 1, 1, 1, 0, 1, 1, 0, 1]]))
    if config.max_position_embeddings >= 67:
        calls["long"] = call(ids(1, 67))
    calls["pair"] = call(ids(1, 11), types=torch.tensor([[0] * 6 + [1] * 5]))
    return calls


def config(width, heads, layers, feed_forward, vocabulary, positions, **more):
    return BertConfig(
        hidden_size=width, num_attention_heads=heads, num_hidden_layers=layers, intermediate_size=feed_forward,
        vocab_size=vocabulary, max_position_embeddings=positions, **more,
    )  # fmt: skip


TASK = (24, 2, 1, 52, 89, 70)  # head width 12
NO_POOLER = {"add_pooling_layer": False}
LABELS = ["negative", "neutral", "positive"]
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def labels(names):
    return {"id2label": dict(enumerate(names)), "label2id": {n: i for i, n in enumerate(names)}}


# case: (class, configuration, options of the class). Head widths are 8, 12, 20, 32 and 64; the widths 20 and 36 and
# most vocabularies are multiples of no SIMD width. bert_token is cased; the others lower their text.
CASES = {
    "bert_w16_h2": (BertModel, config(16, 2, 2, 40, 97, 70), {}),
    "bert_w36_h3": (BertModel, config(36, 3, 2, 52, 97, 70), {}),
    "bert_w64_h2": (BertModel, config(64, 2, 1, 52, 71, 16, hidden_act="gelu_new"), {}),
    "bert_w128_h2": (BertModel, config(128, 2, 1, 12, 67, 16, hidden_act="relu", layer_norm_eps=1e-5), NO_POOLER),
    "bert_no_pooler": (BertModel, config(20, 1, 1, 28, 67, 16), NO_POOLER),
    "bert_masked_lm": (BertForMaskedLM, config(40, 5, 1, 72, 101, 16), {}),
    "bert_masked_lm_untied": (BertForMaskedLM, config(24, 3, 1, 36, 101, 16, tie_word_embeddings=False), {}),
    "bert_pretraining": (BertForPreTraining, config(24, 2, 1, 44, 79, 16), {}),
    "bert_sequence": (BertForSequenceClassification, config(*TASK, **labels(LABELS)), {}),
    "bert_token": (BertForTokenClassification, config(24, 3, 1, 52, 109, 70, **labels(TAGS)), {}),
    "bert_answer": (BertForQuestionAnswering, config(*TASK), {}),
}
CASED = {"bert_token"}
SEED = {"bert_sequence": 1127}  # by which the lines of tasks.py get all three labels
SHOWN = "bert_w36_h3"  # whose `short` and `holes` also give the hidden states and the attention of each layer
ALL = {"output_hidden_states": True, "output_attentions": True}


def make(case):
    kind, configuration, options = CASES[case]
    seed = SEED.get(case, 1000 + list(CASES).index(case))
    torch.manual_seed(seed)
    model = kind(configuration, **options)
    randomize(model)
    if case == "bert_masked_lm_untied":
        head = model.cls.predictions
        assert head.decoder.weight is not model.bert.embeddings.word_embeddings.weight
    elif kind is BertForMaskedLM:
        assert model.cls.predictions.decoder.weight is model.bert.embeddings.word_embeddings.weight
    again, folder = save_model(case, model, **options)
    write_tokenizer(folder, configuration, case in CASED)

    calls = inputs(configuration, torch.Generator().manual_seed(seed))
    exact = copy.deepcopy(again).double()
    noise = Noise()
    with torch.inference_mode():
        for call in calls.values():
            answer, truth = again(**call), exact(**call)
            for name, value in answer.items():
                if value is None:
                    continue
                noise.add(name, value, truth[name])
                call[name] = value
        if case == SHOWN:
            for name in ("short", "holes"):
                answer = again(**inputs(configuration, torch.Generator().manual_seed(seed))[name], **ALL)
                before_last = {"hidden_states": answer.hidden_states[:-1], "attentions": answer.attentions}
                for what, values in before_last.items():
                    calls[name] |= {f"{what}.{i}": value for i, value in enumerate(values)}
    save_calls(folder, calls)
    report_noise(noise)


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        make(case)
