"""Writes the gpt2_* cases: tiny random GPT-2 checkpoints, with full, cached and greedy answers of GPT2LMHeadModel.

    python tests/golden/make/gpt.py [case ...]
"""

import copy
import sys

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from common import Noise, greedy, randomize, report_noise, save_calls, save_model
from decoders import written


def config(width, heads, layers, vocabulary, positions, **more):
    # Random text has no end: no token stops `generate`, so every sequence gets its twelve new tokens.
    return GPT2Config(
        n_embd=width, n_head=heads, n_layer=layers, vocab_size=vocabulary, n_positions=positions,
        bos_token_id=None, eos_token_id=None, **more,
    )  # fmt: skip


CASES = {
    "gpt2_w48_h4": config(48, 4, 2, 61, 40),  # head width 12; feed-forward width 4 * 48, as n_inner is null
    "gpt2_w64_h2": config(64, 2, 1, 53, 40, n_inner=100, layer_norm_epsilon=1e-6),  # head width 32
}
# Seeds whose greedy answers vary and are not close calls.
SEED = {"gpt2_w48_h4": 2650, "gpt2_w64_h2": 2051}
PROMPTS = {"one": 1, "short": 5, "long": 17}
PREFILL, STEPS = 5, 6


def make(case):
    torch.manual_seed(SEED[case])
    model = GPT2LMHeadModel(CASES[case])
    # Small embeddings, or the tied head would only repeat the last token.
    randomize(model, embedding_std=0.15, out_by_in=False)
    again, folder = save_model(case, model)
    assert again.lm_head.weight is again.transformer.wte.weight
    exact = copy.deepcopy(again).double()
    noise = Noise()

    generator = torch.Generator().manual_seed(SEED[case])

    def ids(batch, tokens):
        return torch.randint(0, CASES[case].vocab_size, (batch, tokens), generator=generator)

    def both(**inputs):
        answer, truth = again(**inputs).logits, exact(**inputs).logits
        noise.add("logits", answer, truth)
        return answer

    calls = {}
    with torch.inference_mode():
        for name, tokens in PROMPTS.items():
            calls[name] = {"input_ids": ids(1, tokens)}
        mask = (torch.arange(9)[None] < torch.tensor([9, 4, 1])[:, None]).long()
        calls["batch"] = {"input_ids": ids(3, 9) * mask, "attention_mask": mask}
        calls["full"] = {"input_ids": ids(1, CASES[case].n_positions)}  # every position used
        for call in calls.values():
            call["logits"] = both(**call)

        # The same tokens through a cache: `prefill`, then `step0` .. `step5`, one token each.
        text = ids(1, PREFILL + STEPS)
        whole = both(input_ids=text)
        first = again(input_ids=text[:, :PREFILL], use_cache=True)
        calls["prefill"] = {"input_ids": text[:, :PREFILL], "logits": first.logits}
        past = first.past_key_values
        for step in range(STEPS):
            token = text[:, PREFILL + step][:, None]
            answer = again(input_ids=token, past_key_values=past, use_cache=True)
            past = answer.past_key_values
            calls[f"step{step}"] = {"input_ids": token, "logits": answer.logits}
            assert (answer.logits[0, 0] - whole[0, PREFILL + step]).abs().max() < 1e-4

        for index, (name, tokens) in enumerate(PROMPTS.items()):
            prompt = ids(1, tokens)
            sequences = greedy(again, input_ids=prompt, attention_mask=torch.ones_like(prompt))
            assert sequences.shape == (1, tokens + 12)
            calls[f"greedy{index}"] = {"input_ids": prompt, "sequences": sequences}
            print("  ", sequences[0, tokens:].tolist())
        calls |= written(again, exact, ids)
    save_calls(folder, calls)
    report_noise(noise)


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        make(case)
