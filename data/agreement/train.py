#!/usr/bin/env python3
"""Trains the checkpoint in this folder: an XLNet of two layers that fills gaps in sentences whose verbs agree with a subject some
words away: "the keys near the old cabinet <mask> here" wants a verb of keys, not of cabinet.

    python data/agreement/train.py [--steps 1500]       (needs torch, transformers, tokenizers, safetensors; some minutes)

A tenth of all pairs of a subject and another noun, those of a noun with itself, is never trained on: test.tsv holds sentences of
those, with the verb left out, and whether it must be singular or plural. The last line says how often the verb agrees.
"""

import argparse
import json
import pathlib
import random
import time

import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import XLNetConfig, XLNetLMHeadModel

FOLDER = pathlib.Path(__file__).resolve().parent
NOUNS = [("key", "keys"), ("cat", "cats"), ("teacher", "teachers"), ("farmer", "farmers"), ("bird", "birds"), ("child", "children"),
         ("car", "cars"), ("tree", "trees"), ("woman", "women"), ("boat", "boats")]  # fmt: skip
VERBS = [("is", "are"), ("was", "were"), ("has been", "have been"), ("seems", "seem"), ("stays", "stay"), ("looks", "look")]
PLACES = ["near", "behind", "with", "beside", "above"]
KINDS = ["old", "small", "young", "red", "quiet"]
ENDS = ["here", "there", "today", "alone", "outside"]
SPECIAL = ["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>", "<mask>"]
MASK, PAD = 6, 5


def tested(subject, other):
    return (subject * 7 + other * 3) % 10 == 0


def sentence(random, wanted):
    """(words, which of them is the verb, 0 or 1: is it plural?) of a pair that is tested, or trained on."""
    while True:
        subject, other = random.randrange(len(NOUNS)), random.randrange(len(NOUNS))
        if tested(subject, other) == wanted:
            break
    many, others = random.randrange(2), random.randrange(2)
    words = ["the", *([random.choice(KINDS)] if random.random() < 0.4 else []), NOUNS[subject][many]]
    words += [random.choice(PLACES), "the", *([random.choice(KINDS)] if random.random() < 0.4 else []), NOUNS[other][others]]
    verb = random.choice(VERBS)[many].split()
    return [*words, *verb, random.choice(ENDS)], len(words), many


def make_tokenizer():
    words = ["the", *PLACES, *KINDS, *ENDS, *(n for pair in NOUNS for n in pair), *(w for pair in VERBS for v in pair for w in v.split())]
    pieces = [(token, 0.0) for token in SPECIAL] + [("▁" + word, -4.0) for word in dict.fromkeys(words)]
    pieces += [("▁", -8.0)] + [(c, -9.0) for c in "abcdefghijklmnopqrstuvwxyz"]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A:0 <sep>:0 <cls>:2", pair="$A:0 <sep>:0 $B:1 <sep>:1 <cls>:2", special_tokens=[("<sep>", 4), ("<cls>", 3)]
    )
    tokenizer.add_special_tokens([*SPECIAL[:6], AddedToken("<mask>", lstrip=True, special=True)])
    return tokenizer


def logits_of(model, ids, gaps):
    """Of the words at `gaps`, (batch, gaps): nobody sees them, the query stream predicts them."""
    batch, length = ids.shape
    hidden = torch.zeros(batch, length).scatter(1, gaps, 1.0)
    mapping = torch.nn.functional.one_hot(gaps, length).float()
    return model(input_ids=ids.scatter(1, gaps, MASK), attention_mask=(ids != PAD).float(), target_mapping=mapping,
                 perm_mask=hidden[:, None].expand(-1, length, -1), token_type_ids=(ids == 3).long() * 2).logits  # fmt: skip


def batch_of(tokenizer, all_words):
    rows = [tokenizer.encode(" ".join(words)).ids for words in all_words]
    most = max(map(len, rows))
    return torch.tensor([[PAD] * (most - len(row)) + row for row in rows]), [most - len(row) for row in rows]  # padded on the left


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--steps", type=int, default=1500)
    steps = asked.parse_args().steps
    torch.manual_seed(1)
    torch.set_num_threads(1)
    drawn, tokenizer = random.Random(1), make_tokenizer()
    config = XLNetConfig(vocab_size=tokenizer.get_vocab_size(), d_model=32, n_head=2, d_inner=64, n_layer=2, dropout=0.0, pad_token_id=PAD,
                         mem_len=None)  # fmt: skip
    model = XLNetLMHeadModel(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=steps, pct_start=0.1)
    begin = time.time()
    for step in range(steps):
        lines = [sentence(drawn, False) for _ in range(64)]
        ids, before = batch_of(tokenizer, [words for words, _, _ in lines])
        gaps = []
        for (words, verb, _), first in zip(lines, before):  # the verb in half of them, and another word
            chosen = [verb] if drawn.random() < 0.5 else [drawn.randrange(len(words))]
            gaps.append([first + n for n in [*chosen, drawn.choice([n for n in range(len(words)) if n != chosen[0]])]])
        gaps = torch.tensor(gaps)
        logits = logits_of(model, ids, gaps)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids.gather(1, gaps).flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(), schedule.step(), optimizer.zero_grad()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.4f}, {time.time() - begin:.0f} s", flush=True)
    model = model.eval().to(torch.bfloat16).float()  # as it is stored
    lines = [sentence(random.Random(10 + i), True) for i in range(1000)]
    forms = [{"▁" + pair[many].split()[0] for pair in VERBS} for many in (0, 1)]
    good = 0
    with torch.inference_mode():
        for words, verb, many in lines:
            ids, _ = batch_of(tokenizer, [words])
            best = logits_of(model, ids, torch.tensor([[verb]]))[0, 0].argmax().item()
            good += tokenizer.id_to_token(best) in forms[many]

    model.to(torch.bfloat16).save_pretrained(FOLDER)
    (FOLDER / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(FOLDER / "tokenizer.json"))
    (FOLDER / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "XLNetTokenizerFast", "model_max_length": 64}, indent=2) + "\n")
    rows = [" ".join([*words[:verb], "<mask>", *words[verb + 1:]]) + "\t" + ("singular", "plural")[many] for words, verb, many in lines]
    (FOLDER / "test.tsv").write_text("\n".join(rows) + "\n")
    for file in FOLDER.glob("*.safetensors"):
        file.chmod(0o644)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, transformers {transformers.__version__}")
    print(f"{good} of {len(lines)} verbs agree")


if __name__ == "__main__":
    main()
