"""Writes the xlnet_* cases: tiny random XLNet checkpoints with permutations, targets, memories and segments.

    python tests/golden/make/xlnet.py [case ...]
"""

import collections
import copy
import json
import math
import sys

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    XLNetConfig, XLNetForQuestionAnsweringSimple, XLNetForSequenceClassification, XLNetForTokenClassification, XLNetLMHeadModel,
    XLNetModel,
)  # fmt: skip

from common import Noise, best_answer, report_noise, save_calls, save_model


def config(width, heads, feed_forward, layers, vocabulary, **more):
    return XLNetConfig(d_model=width, n_head=heads, d_inner=feed_forward, n_layer=layers, vocab_size=vocabulary, **more)


CASES = {
    "xlnet_w36_h3": (XLNetModel, config(36, 3, 52, 2, 61)),
    "xlnet_lm": (XLNetLMHeadModel, config(32, 2, 44, 2, 59, ff_activation="relu")),
    "xlnet_sequence": (XLNetForSequenceClassification, config(24, 3, 36, 1, 67, id2label=dict(enumerate(["low", "middle", "high"])))),
    "xlnet_token": (XLNetForTokenClassification, config(20, 2, 28, 1, 61, id2label=dict(enumerate(["O", "B-PER", "I-PER", "B-LOC"])))),
    "xlnet_answer": (XLNetForQuestionAnsweringSimple, config(24, 2, 36, 2, 67)),
}  # fmt: skip
SEED = 6


def draw(case):
    kind, c = CASES[case]
    torch.manual_seed(SEED)
    model = kind(c)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "word_embedding" in name or "mask_emb" in name:
                p.normal_(0, 0.5)
            elif p.dim() == 3 and "seg_embed" not in name:  # (width, heads, head width), of `o` (inner width first, too)
                p.normal_(0, 1.2 / c.d_model**0.5)
            elif p.dim() == 2 and "bias" not in name:
                p.normal_(0, 1.2 / p.shape[1] ** 0.5)
            elif p.dim() == 1 and name.endswith("weight"):
                p.uniform_(0.5, 1.5)
            else:
                p.normal_(0, 0.6 if "rel_attn" in name else 0.3)
    return model


CORPUS = "the cat sat on the mat and the dog ran to the sun; a bird can sing in rain".split()
LINES = ["the cat sat", " a  dog ran to rain ", "", "The Sun; the sun"]
ASKED = [("the cat", "a dog ran to the sun"), ("can a bird sing", "the cat sat on the mat; a bird can sing in rain")]


def add_tokenizer(folder, words):
    """XLNet's tokenizer, small: unigram, <sep> <cls> at the end, segments 0, 1 and 2."""
    counts = collections.Counter(w[i:j] for word in CORPUS for w in ["\u2581" + word] for i in range(len(w))
                                 for j in range(i + 1, len(w) + 1))  # fmt: skip
    letters = sorted(piece for piece in counts if len(piece) == 1)
    longer = sorted((p for p in counts if len(p) > 1), key=lambda p: (-counts[p] * len(p), p))
    special = ["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>", "<mask>"]
    pieces = [*letters, *longer][: words - len(special)]
    scores = [(p, round(math.log(counts[p] / counts.total()), 4)) for p in pieces]
    made = Tokenizer(models.Unigram([(token, 0.0) for token in special] + scores, unk_id=0))
    made.normalizer = normalizers.Sequence([normalizers.Replace("``", '"'), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.add_special_tokens(special)
    made.post_processor = processors.TemplateProcessing(
        single="$A:0 <sep>:0 <cls>:2", pair="$A:0 <sep>:0 $B:1 <sep>:1 <cls>:2", special_tokens=[("<sep>", 4), ("<cls>", 3)]
    )
    (folder / "tokenizer.json").write_text(made.to_str() + "\n")
    about = {"tokenizer_class": "XLNetTokenizerFast", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2) + "\n")
    return made


def ask(folder, again, made):
    """asked.json: what `tokenizers` and the model say to lines."""
    def said(*texts):
        e = made.encode(*texts)
        return e, again(input_ids=torch.tensor([e.ids]), token_type_ids=torch.tensor([e.type_ids]))

    asked = {"tokenize": [[line, made.encode(line).ids] for line in LINES]}
    if isinstance(again, XLNetForQuestionAnsweringSimple):
        asked["answer"] = []
        for question, context in ASKED:
            pieces, answer = said(question, context)
            asked["answer"].append([question, context, *best_answer(pieces, context, answer.start_logits[0], answer.end_logits[0])])
    elif isinstance(again, XLNetForSequenceClassification):
        asked["classify"] = [[line, said(line)[1].logits.softmax(-1)[0].tolist()] for line in LINES if line]
    (folder / "asked.json").write_text(json.dumps(asked, ensure_ascii=False) + "\n")


def make(case):
    _, c = CASES[case]
    again, folder = save_model(case, draw(case))
    exact = copy.deepcopy(again).double()
    body = getattr(exact, "transformer", exact)
    waves = body.relative_positional_encoding  # which are of float32 always
    body.relative_positional_encoding = lambda *given, **named: waves(*given, **named).double()
    noise = Noise()
    generator = torch.Generator().manual_seed(SEED)
    outs = {"xlnet_w36_h3": ["last_hidden_state"], "xlnet_answer": ["start_logits", "end_logits"]}.get(case, ["logits"])

    def ids(batch, tokens):
        return torch.randint(3, c.vocab_size, (batch, tokens), generator=generator)

    def call(**inputs):
        real = {"mems", "perm_mask", "target_mapping"}
        wide = {k: ([m.double() for m in v] if k == "mems" else v.double() if k in real else v) for k, v in inputs.items()}
        answer, truth = again(**inputs), exact(**wide)
        for out in outs:
            noise.add(out, answer[out], truth[out])
        saved = {k: v.long() if k in real else v for k, v in inputs.items() if k not in ("mems", "use_mems")}
        return {**saved, **{out: answer[out] for out in outs}}, answer

    calls = {}
    with torch.inference_mode():
        calls["one"], _ = call(input_ids=ids(1, 1))
        calls["short"], _ = call(input_ids=ids(1, 7))
        calls["long"], _ = call(input_ids=ids(1, 150))  # more than one part of the keys, several blocks of queries
        left = (torch.arange(11)[None] >= torch.tensor([0, 4, 9])[:, None]).long()  # padded on the left
        segments = torch.tensor([[0] * 5 + [1] * 5 + [2], [0] * 7 + [1] * 3 + [2], [0] * 10 + [2]])
        source = ids(3, 11)
        calls["batch"], _ = call(input_ids=source, attention_mask=left, token_type_ids=segments)
        if case == "xlnet_lm":
            # A cloze: two words that nobody sees are predicted where <mask>, 6, stands.
            source = torch.tensor([[10, 11, 6, 13, 14, 6, 16, 4, 3]])
            hidden = (source == 6).float()[:, None].expand(-1, 9, -1).contiguous()
            mapping = torch.nn.functional.one_hot(torch.tensor([2, 5]), 9).float()[None]
            calls["masked"], _ = call(input_ids=source, perm_mask=hidden, target_mapping=mapping,
                                      token_type_ids=torch.tensor([[0] * 8 + [2]]))  # fmt: skip
        if case in ("xlnet_w36_h3", "xlnet_lm"):
            # A permutation: token i sees those that come earlier in a random order; three of the last are predicted.
            tokens = 9
            order = torch.randperm(tokens, generator=generator)
            rank = torch.argsort(order)
            hidden = (rank[None, :] >= rank[:, None]).float()[None]
            targets = order[-3:]
            mapping = torch.nn.functional.one_hot(targets, tokens).float()[None]
            kinds = torch.tensor([[0] * 5 + [1] * 4])
            both = dict(perm_mask=hidden, target_mapping=mapping, token_type_ids=kinds)
            source = ids(1, tokens)
            calls["permuted"], _ = call(input_ids=source, perm_mask=hidden, token_type_ids=kinds)
            calls["targets"], first = call(input_ids=source, **both, use_mems=True)
            holes = torch.tensor([[1, 1, 0, 1, 1, 1, 0, 1, 1]])
            calls["holes"], _ = call(input_ids=source, attention_mask=holes, **both)
            # Two more texts behind it, on its memory and on both.
            calls["second"], then = call(input_ids=ids(1, 5), mems=first.mems, token_type_ids=torch.tensor([[0, 0, 1, 1, 2]]),
                                         use_mems=True)
            mapping = torch.nn.functional.one_hot(torch.tensor([3]), 4).float()[None]
            hidden = torch.zeros(1, 4, 4)
            hidden[:, :, 3] = 1
            calls["third"], _ = call(input_ids=ids(1, 4), mems=then.mems, perm_mask=hidden, target_mapping=mapping,
                                     attention_mask=torch.tensor([[0, 1, 1, 1]]))
            # … and the third on what the second left when only six tokens are remembered
            calls["third_of_6"], _ = call(input_ids=calls["third"]["input_ids"], mems=[m[-6:] for m in then.mems])
        if case in ("xlnet_sequence", "xlnet_token", "xlnet_answer"):
            ask(folder, again, add_tokenizer(folder, c.vocab_size))
    save_calls(folder, calls)
    report_noise(noise)


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        make(case)
