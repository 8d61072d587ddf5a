#!/usr/bin/env python3
"""Trains the checkpoint in this folder: a GPT-2 of two layers that goes on with short texts about nature and the world.

    python data/prose/train.py [--steps 1600]       (needs torch, transformers, tokenizers, safetensors; some minutes)

It reads data/passages.tsv, which is in the public domain (CC0), but for every tenth passage: those are test.txt. The last line
says how well test.txt is foreseen, and how well by the frequencies of tokens alone.
"""

import argparse
import collections
import math
import pathlib
import time

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel

FOLDER = pathlib.Path(__file__).resolve().parent
END = "<|endoftext|>"
CONTEXT = 128


def passages():
    """(those to train on, those to test with)"""
    lines = (FOLDER.parent / "passages.tsv").read_text(encoding="utf-8").splitlines()
    texts = [line.split("\t")[1] for line in lines if line and not line.startswith("#")]
    return [text for i, text in enumerate(texts) if i % 10], texts[::10]


def make_tokenizer(texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=512, special_tokens=[END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def nats(model, ids):
    """-ln p of every token but the first of each window of CONTEXT, together, and how many those are."""
    total, count = 0.0, 0
    with torch.inference_mode():
        for at in range(0, len(ids) - 1, CONTEXT):
            window = torch.tensor([ids[at:at + CONTEXT]])
            logits = model(window).logits[0, :-1]
            total += torch.nn.functional.cross_entropy(logits, window[0, 1:], reduction="sum").item()
            count += window.shape[1] - 1
    return total, count


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--steps", type=int, default=1600)
    steps = asked.parse_args().steps
    torch.manual_seed(1)
    torch.set_num_threads(1)
    known, unknown = passages()
    tokenizer = make_tokenizer(known)
    end = tokenizer.token_to_id(END)
    stream = torch.tensor([id for text in known for id in [*tokenizer.encode(text).ids, end]])
    config = GPT2Config(vocab_size=tokenizer.get_vocab_size(), n_positions=CONTEXT, n_embd=64, n_layer=2, n_head=4, bos_token_id=end,
                        eos_token_id=end, embd_pdrop=0.1, resid_pdrop=0.2, attn_pdrop=0.1)  # fmt: skip
    model = GPT2LMHeadModel(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.1)
    begin = time.time()
    for step in range(steps):
        starts = torch.randint(len(stream) - CONTEXT, (16,))
        batch = torch.stack([stream[s:s + CONTEXT] for s in starts])
        loss = model(batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(), schedule.step(), optimizer.zero_grad()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.4f}, {time.time() - begin:.0f} s", flush=True)
    model = model.eval().to(torch.bfloat16).float()  # as it is stored
    text = "\n".join(unknown) + "\n"
    ids = tokenizer.encode(text).ids
    total, count = nats(model, ids)
    often = collections.Counter(stream.tolist())
    rare = sum(often.values()) + tokenizer.get_vocab_size()
    alone = -sum(math.log((often[id] + 1) / rare) for id in ids) / len(ids)
    mean = total / count
    bits = mean * len(ids) / len(text.encode()) / math.log(2)

    model.to(torch.bfloat16).save_pretrained(FOLDER)
    (FOLDER / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(FOLDER / "tokenizer.json"))
    (FOLDER / "test.txt").write_text(text, encoding="utf-8")
    for file in FOLDER.glob("*.safetensors"):
        file.chmod(0o644)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, transformers {transformers.__version__}")
    print(f"perplexity of test.txt: {math.exp(mean):.3f} over {count} tokens ({bits:.3f} bits a byte); by frequencies: {math.exp(alone):.1f}")


if __name__ == "__main__":
    main()
