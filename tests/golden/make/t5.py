"""Writes the t5_* cases: tiny random T5 checkpoints of both generations, and the buckets of relative positions.

    python tests/golden/make/t5.py [case ...]
"""

import copy
import sys

import torch
from safetensors.torch import save_file
from transformers import T5Config, T5ForConditionalGeneration
from transformers.models.t5.modeling_t5 import T5Attention

from common import GOLDEN, Noise, greedy, randomize, report_noise, save_calls, save_model


def config(width, heads, head_width, feed_forward, vocabulary, buckets, distance, layers, decoder_layers, **more):
    return T5Config(
        d_model=width, num_heads=heads, d_kv=head_width, d_ff=feed_forward, vocab_size=vocabulary,
        relative_attention_num_buckets=buckets, relative_attention_max_distance=distance,
        num_layers=layers, num_decoder_layers=decoder_layers, decoder_start_token_id=0, **more,
    )  # fmt: skip


# case: (configuration, source and target length of `long`): far beyond the last bucket's edge in the first case, and
# across the edges that the published checkpoints have (32 buckets, 128 positions) in the second.
CASES = {
    # T5 1.0: relu, the head is the embedding table, logits scaled by width^-1/2.
    "t5_relu": (config(32, 4, 8, 48, 59, 8, 16, 2, 2, feed_forward_proj="relu"), 40, 24),
    # T5 1.1: gated tanh-GELU, a head of its own, no scaling; heads * head width = 24 is not the width 36.
    "t5_gated_gelu": (
        config(36, 2, 12, 52, 61, 32, 128, 2, 1, feed_forward_proj="gated-gelu", tie_word_embeddings=False), 150, 40,
    ),
}  # fmt: skip
# Seeds whose greedy answers vary and are no close calls; two of t5_gated_gelu end by the end token (id 1).
SEED = {"t5_relu": 3150, "t5_gated_gelu": 3726}
PREFILL, STEPS = 3, 20


def draw(case):
    c = CASES[case][0]
    torch.manual_seed(SEED[case])
    model = T5ForConditionalGeneration(c)
    if not c.scale_decoder_outputs:
        # Transformers 5 ties the head of a new model whatever the configuration says: T5 1.1 must be untied by hand.
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.shared.weight))
        model._tied_weights_keys = {k: v for k, v in model._tied_weights_keys.items() if "lm_head" not in k}
        model.all_tied_weights_keys.pop("lm_head.weight", None)
    randomize(model, embedding_std=0.3)  # small, or a tied head would only repeat the last token
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith(".q.weight"):
                p.mul_(c.d_kv**-0.5)  # T5 folds the scale of attention scores into how it draws the query's weights
            if "relative_attention_bias" in name:
                p.normal_(0, 1.5)
    return model


def make(case):
    c, long_source, long_target = CASES[case]
    untied = not c.scale_decoder_outputs
    # Published configurations say tie_word_embeddings and know no scale_decoder_outputs.
    edits = {"tie_word_embeddings": not untied, "scale_decoder_outputs": None, "decoder_start_token_id": 0}
    again, folder = save_model(case, draw(case), edits)
    assert (again.lm_head.weight is not again.shared.weight) == untied
    assert again.config.scale_decoder_outputs != untied
    assert again.encoder.embed_tokens.weight is again.shared.weight
    exact = copy.deepcopy(again).double()
    noise = Noise()

    generator = torch.Generator().manual_seed(SEED[case])

    def ids(batch, tokens, start=False):
        drawn = torch.randint(2, c.vocab_size, (batch, tokens), generator=generator)
        if start:
            drawn[:, 0] = c.decoder_start_token_id
        return drawn

    def call(source, target, mask=None):
        mask = torch.ones_like(source) if mask is None else mask
        inputs = {"input_ids": source * mask, "attention_mask": mask, "decoder_input_ids": target}
        answer, truth = again(**inputs), exact(**inputs)
        for name in ("encoder_last_hidden_state", "logits"):
            noise.add(name, answer[name], truth[name])
            inputs[name] = answer[name]
        return inputs

    calls = {}
    with torch.inference_mode():
        calls["one"] = call(ids(1, 1), ids(1, 1, True))
        calls["short"] = call(ids(1, 7), ids(1, 5, True))
        mask = (torch.arange(13)[None] < torch.tensor([13, 5, 1])[:, None]).long()
        calls["batch"] = call(ids(3, 13), ids(3, 6, True), mask)
        calls["long"] = call(ids(1, long_source), ids(1, long_target, True))

        # One source; its target through a cache: `prefill` has three tokens, `step0` .. `step19` one each.
        source, target = ids(1, 9), ids(1, PREFILL + STEPS, True)
        whole = call(source, target)
        first = again(input_ids=source, decoder_input_ids=target[:, :PREFILL], use_cache=True)
        calls["prefill"] = {
            "input_ids": source,
            "decoder_input_ids": target[:, :PREFILL],
            "encoder_last_hidden_state": first.encoder_last_hidden_state,
            "logits": first.logits,
        }
        encoded, past = (first.encoder_last_hidden_state,), first.past_key_values
        for step in range(STEPS):
            token = target[:, PREFILL + step][:, None]
            answer = again(encoder_outputs=encoded, decoder_input_ids=token, past_key_values=past, use_cache=True)
            past = answer.past_key_values
            calls[f"step{step}"] = {"decoder_input_ids": token, "logits": answer.logits}
            assert (answer.logits[0, 0] - whole["logits"][0, PREFILL + step]).abs().max() < 1e-4

        for index, tokens in enumerate((1, 6, 23)):
            source = ids(1, tokens)
            sequences = greedy(again, input_ids=source, attention_mask=torch.ones_like(source))
            calls[f"greedy{index}"] = {"input_ids": source, "sequences": sequences}
            print("  ", sequences[0].tolist())
    save_calls(folder, calls)
    report_noise(noise)


def make_buckets():
    """Relative positions (key minus query) and their buckets, at and around every edge of the logarithm."""
    position = torch.arange(-300, 301)
    tensors = {"relative_position": position}
    for bidirectional in (True, False):
        for buckets, distance in ((32, 128), (8, 16), (12, 40), (64, 256)):
            name = f"{'both' if bidirectional else 'causal'}_{buckets}_{distance}"
            tensors[name + ".bucket"] = T5Attention._relative_position_bucket(
                position, bidirectional=bidirectional, num_buckets=buckets, max_distance=distance
            )
    folder = GOLDEN / "t5_buckets"
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "io.safetensors")
    (folder / "io.safetensors").chmod(0o644)
    print(f"t5_buckets: {sorted(tensors)}")


if __name__ == "__main__":
    for case in sys.argv[1:] or [*CASES, "t5_buckets"]:
        make_buckets() if case == "t5_buckets" else make(case)
