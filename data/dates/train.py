#!/usr/bin/env python3
"""Trains the checkpoint in this folder: a T5 of a few layers that writes dates as ISO 8601 does, whatever they look like.

    python data/dates/train.py [--steps 4000]       (needs torch, transformers, tokenizers, safetensors; some minutes)

Dates are drawn from 1900 to 2099, one of ten ways to write each. One date in ten, by its number, is never trained on: test.tsv
holds a thousand of those, what is read and what is to be written. The last line says how many the model gets right.
"""

import argparse
import datetime
import json
import pathlib
import random
import time

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import T5Config, T5ForConditionalGeneration

FOLDER = pathlib.Path(__file__).resolve().parent
FIRST, LAST = datetime.date(1900, 1, 1).toordinal(), datetime.date(2099, 12, 31).toordinal()
ENDS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
WAYS = [
    lambda d: f"{d:%B} {d.day}, {d.year}",
    lambda d: f"{d.day} {d:%B} {d.year}",
    lambda d: f"{d:%b} {d.day}, {d.year}",
    lambda d: f"{d.day} {d:%b} {d.year}",
    lambda d: f"{d:%B} {d.day}{ENDS.get(d.day, 'th')}, {d.year}",
    lambda d: f"the {d.day}{ENDS.get(d.day, 'th')} of {d:%B} {d.year}",
    lambda d: f"{d.day}.{d.month}.{d.year}",
    lambda d: f"{d.day:02}/{d.month:02}/{d.year}",
    lambda d: f"{d:%A}, {d.day} {d:%B} {d.year}",
    lambda d: f"{d.year}{d.month:02}{d.day:02}",
]


def tested(day):
    return day * 2654435761 % 2**32 < 2**32 / 10


def draw(random, wanted):
    """(text, answer) of a date that is tested, or trained on."""
    while True:
        day = random.randint(FIRST, LAST)
        if tested(day) == wanted:
            date = datetime.date.fromordinal(day)
            return random.choice(WAYS)(date), date.isoformat()


def make_tokenizer():
    """Pieces: names of months and days as they are written, digits and marks."""
    dates = [datetime.date(2021, m, 1) for m in range(1, 13)] + [datetime.date(2021, 3, d) for d in range(1, 8)]
    words = sorted({f"{d:{way}}" for d in dates for way in ("%B", "%b", "%A")})
    words += ["the", "of", "st", "nd", "rd", "th"]
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(word, -4.0) for word in words] + [("▁" + word, -4.0) for word in words]
    pieces += [(c, -3.0) for c in "0123456789-.,/"] + [(c, -9.0) for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Metaspace(prepend_scheme="never")]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="never")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>"])
    return tokenizer


def batch(tokenizer, texts):
    ids = [torch.tensor(e.ids) for e in tokenizer.encode_batch(texts)]
    return torch.nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=0)


def right(model, tokenizer, lines):
    good = 0
    for i in range(0, len(lines), 100):
        source = batch(tokenizer, [text for text, _ in lines[i : i + 100]])
        said = model.generate(input_ids=source, attention_mask=(source != 0).long(), max_length=13, do_sample=False, num_beams=1)
        good += sum(text == answer for text, (_, answer) in zip(tokenizer.decode_batch(said.tolist()), lines[i : i + 100]))
    return good


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--steps", type=int, default=4000)
    steps = asked.parse_args().steps
    torch.manual_seed(1)
    torch.set_num_threads(1)
    drawn = random.Random(1)
    tokenizer = make_tokenizer()
    config = T5Config(
        vocab_size=tokenizer.get_vocab_size(), d_model=48, d_kv=16, d_ff=64, num_heads=3, num_layers=2, num_decoder_layers=2,
        relative_attention_num_buckets=16, relative_attention_max_distance=32, feed_forward_proj="gated-gelu", dropout_rate=0.0,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.1)
    begin = time.time()
    for step in range(steps):
        lines = [draw(drawn, False) for _ in range(96)]
        source, target = (batch(tokenizer, [line[i] for line in lines]) for i in (0, 1))
        loss = model(input_ids=source, attention_mask=(source != 0).long(), labels=target).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(), schedule.step(), optimizer.zero_grad()
        if step % 200 == 0:
            print(f"step {step}: loss {loss.item():.4f}, {time.time() - begin:.0f} s", flush=True)
    model = model.eval().to(torch.bfloat16).float()  # as it is stored
    lines = [draw(random.Random(2 + i), True) for i in range(1000)]
    good = right(model, tokenizer, lines)

    model.to(torch.bfloat16).save_pretrained(FOLDER)
    (FOLDER / "generation_config.json").write_text(json.dumps({
        "decoder_start_token_id": 0, "eos_token_id": 1, "pad_token_id": 0, "max_length": 13}, indent=2) + "\n")  # fmt: skip
    tokenizer.save(str(FOLDER / "tokenizer.json"))
    (FOLDER / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>",
        "model_max_length": 64}, indent=2) + "\n")  # fmt: skip
    (FOLDER / "test.tsv").write_text("".join(f"{text}\t{answer}\n" for text, answer in lines))
    for file in FOLDER.glob("*.safetensors"):
        file.chmod(0o644)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, transformers {transformers.__version__}")
    print(f"{good} of {len(lines)} dates that it has not seen")


if __name__ == "__main__":
    main()
