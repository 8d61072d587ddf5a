"""Writes the cases of decoders: tiny random GPT, GPT-NeoX, Llama, Mistral and Qwen2 checkpoints, with logits and hidden
states, at once and through a cache, and what `generate` makes of many prompts, greedily and by beams.

    python tests/golden/make/decoders.py [case ...]
"""

import copy
import sys

import torch
from transformers import (
    GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, OpenAIGPTConfig,
    OpenAIGPTLMHeadModel, Qwen2Config, Qwen2ForCausalLM,
)  # fmt: skip

from common import Noise, randomize, report_noise, save_calls, save_model

SPECIAL = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 100.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 24}  # fmt: skip
CASES = {
    # post-norm; head width 12
    "gpt_w36_h3": (OpenAIGPTLMHeadModel, OpenAIGPTConfig(n_embd=36, n_head=3, n_layer=2, vocab_size=61, n_positions=40, **SPECIAL)),
    # head width 24, 6 of them turned
    "gpt_neox_w48_h2": (GPTNeoXForCausalLM, GPTNeoXConfig(
        hidden_size=48, num_attention_heads=2, num_hidden_layers=2, intermediate_size=76, vocab_size=67,
        max_position_embeddings=40, **SPECIAL)),
    # one after the other, tied, all of the head turned, no bias of attention
    "gpt_neox_in_turn": (GPTNeoXForCausalLM, GPTNeoXConfig(
        hidden_size=40, num_attention_heads=4, num_hidden_layers=2, intermediate_size=52, vocab_size=59,
        max_position_embeddings=40, rotary_pct=1.0, hidden_act="gelu_new", use_parallel_residual=False,
        attention_bias=False, tie_word_embeddings=True, **SPECIAL)),
    # three queries a key, a head width of its own, untied; a few waves are stretched
    "llama_w42_h6": (LlamaForCausalLM, LlamaConfig(
        hidden_size=42, num_attention_heads=6, num_key_value_heads=2, head_dim=12, num_hidden_layers=2, intermediate_size=76,
        vocab_size=71, max_position_embeddings=70, rope_parameters=LLAMA3, **SPECIAL)),
    # one key for all queries, all places closer, every bias, tied
    "llama_one_key": (LlamaForCausalLM, LlamaConfig(
        hidden_size=36, num_attention_heads=3, num_key_value_heads=1, num_hidden_layers=2, intermediate_size=52, vocab_size=53,
        max_position_embeddings=40, rope_parameters={"rope_type": "linear", "rope_theta": 500.0, "factor": 2.5},
        rms_norm_eps=1e-5, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, **SPECIAL)),
    "mistral_w48_h4": (MistralForCausalLM, MistralConfig(
        hidden_size=48, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=2, intermediate_size=60, vocab_size=59,
        max_position_embeddings=40, sliding_window=5, **SPECIAL)),
    # the first layer sees everything, the others 7 tokens
    "qwen2_w36_h3": (Qwen2ForCausalLM, Qwen2Config(
        hidden_size=36, num_attention_heads=3, num_key_value_heads=3, num_hidden_layers=3, intermediate_size=52, vocab_size=61,
        max_position_embeddings=40, use_sliding_window=True, sliding_window=7, max_window_layers=1,
        tie_word_embeddings=True, **SPECIAL)),
}  # fmt: skip
PROMPTS = {"one": 1, "short": 5, "long": 17}
PREFILL, STEPS, NEW = 5, 6, 12
MANY = 200  # prompts
BEAMS = [  # what beams are asked for, in turn
    {"num_beams": 4},
    {"num_beams": 3, "length_penalty": 0.6, "early_stopping": True, "num_return_sequences": 3},
    {"num_beams": 5, "length_penalty": -0.5, "early_stopping": "never", "num_return_sequences": 2},
    {"num_beams": 2, "length_penalty": 2.0, "early_stopping": "never"},
]


def often(model, draw):
    """A token that many texts come to, but not at once: it shall end them."""
    seen = torch.zeros(model.config.vocab_size)
    for i in range(30):
        prompt = draw(1, i % 8 + 1)
        text = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=NEW, do_sample=False)
        new = text[0, prompt.shape[1] :]
        seen[new[3:].unique()] += 1
        seen[new[:2].unique()] -= 2
    return int(seen.argmax())


def prompts_that_are_clear(model, exact, draw, count, end, ask):
    """`count` prompts for which float32 and float64 agree; [(prompt, sequences, scores or None)]. Prints how many were drawn."""
    kept, drawn = [], 0
    while len(kept) < count:
        prompt, drawn = draw(1, len(kept) % 8 + 1), drawn + 1
        options = {"attention_mask": torch.ones_like(prompt), "max_new_tokens": NEW, "do_sample": False,
                   "return_dict_in_generate": True, "output_scores": True, "eos_token_id": end, "pad_token_id": end,
                   **ask(len(kept))}  # fmt: skip
        one, other = model.generate(prompt, **options), exact.generate(prompt, **options)
        if not torch.equal(one.sequences, other.sequences):
            continue
        if getattr(one, "sequences_scores", None) is None:  # greedy: no choice may be close
            best = torch.stack(one.scores).topk(2).values
            if (best[..., 0] - best[..., 1]).min() < 1e-4:
                continue
        kept.append((prompt, one.sequences, getattr(one, "sequences_scores", None)))
    print(f"   {count} prompts of {drawn} drawn")
    return kept


def padded(rows, width):
    """Ids as bytes, a row each, filled up with 0."""
    out = torch.zeros((len(rows), width), dtype=torch.uint8)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


def written(model, exact, draw):
    """The calls `end`, `greedy` and `beams`: what generate() makes of prompts."""
    end = often(model, draw)
    greedy = prompts_that_are_clear(model, exact, draw, MANY, end, lambda i: {"num_beams": 1})
    beams = prompts_that_are_clear(model, exact, draw, MANY, end, lambda i: BEAMS[i % len(BEAMS)])
    found = [(i, p, row, scores[j]) for i, (p, s, scores) in enumerate(beams) for j, row in enumerate(s)]
    ended = sum((row[p.shape[1] :] == end).any().item() for _, p, row, _ in found)
    print(f"   {len(found)} sequences by beams, {ended} of them ended")
    return {
        "end": {"id": torch.tensor([end])},
        "greedy": {
            "prompts": padded([p[0] for p, _, _ in greedy], 8),
            "sequences": padded([s[0] for _, s, _ in greedy], 8 + NEW),
            "lengths": torch.tensor([[p.shape[1], s.shape[1]] for p, s, _ in greedy], dtype=torch.uint8),
        },
        "beams": {
            "prompts": padded([p[0] for _, p, _, _ in found], 8),
            "sequences": padded([row for _, _, row, _ in found], 8 + NEW),
            "lengths": torch.tensor([[i, p.shape[1], len(row)] for i, p, row, _ in found], dtype=torch.uint8),
            "scores": torch.stack([score for _, _, _, score in found]),
        },
    }


def make(case):
    kind, config = CASES[case]
    torch.manual_seed(len(case) * 1000 + 7)
    model = kind(config)
    randomize(model, embedding_std=0.3, out_by_in=kind is not OpenAIGPTLMHeadModel)
    again, folder = save_model(case, model)
    exact = copy.deepcopy(again).double()
    noise = Noise()
    generator = torch.Generator().manual_seed(5)

    def ids(batch, tokens):
        return torch.randint(3, config.vocab_size, (batch, tokens), generator=generator)

    def both(**inputs):
        answer, truth = again(**inputs).logits, exact(**inputs).logits
        noise.add("logits", answer, truth)
        states, true = again.base_model(**inputs).last_hidden_state, exact.base_model(**inputs).last_hidden_state
        noise.add("hidden", states, true)
        return answer, states

    calls = {}
    with torch.inference_mode():
        for name, tokens in [*PROMPTS.items(), ("full", config.max_position_embeddings)]:
            call = calls[name] = {"input_ids": ids(1, tokens)}
            call["logits"], call["last_hidden_state"] = both(**call)
        # The same tokens through a cache: `prefill`, then `step0` .. `step5`, one token each.
        text = ids(1, PREFILL + STEPS)
        whole, _ = both(input_ids=text)
        if kind is OpenAIGPTLMHeadModel:  # has no cache
            calls["prefill"] = {"input_ids": text[:, :PREFILL], "logits": whole[:, :PREFILL]}
            for step in range(STEPS):
                at = PREFILL + step
                calls[f"step{step}"] = {"input_ids": text[:, at : at + 1], "logits": whole[:, at : at + 1]}
        else:
            first = again(input_ids=text[:, :PREFILL], use_cache=True)
            calls["prefill"] = {"input_ids": text[:, :PREFILL], "logits": first.logits}
            past = first.past_key_values
            for step in range(STEPS):
                token = text[:, PREFILL + step][:, None]
                answer = again(input_ids=token, past_key_values=past, use_cache=True)
                past = answer.past_key_values
                calls[f"step{step}"] = {"input_ids": token, "logits": answer.logits}
                assert (answer.logits[0, 0] - whole[0, PREFILL + step]).abs().max() < 1e-4

        calls |= written(again, exact, ids)
    save_calls(folder, calls)
    report_noise(noise)


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        make(case)
