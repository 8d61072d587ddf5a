"""Writes the marian_* and bart_* cases: tiny random checkpoints of encoder-decoders with absolute positions.

    python tests/golden/make/seq2seq.py [case ...]
"""

import copy
import io
import json
import sys

import sentencepiece
import torch
from transformers import BartConfig, BartForConditionalGeneration, MarianConfig, MarianMTModel, MarianTokenizer

from common import Noise, greedy, randomize, report_noise, save_calls, save_model


def sizes(width, heads, feed_forward, layers, decoder_heads, decoder_feed_forward, decoder_layers, vocabulary, positions):
    return dict(
        d_model=width, encoder_attention_heads=heads, encoder_ffn_dim=feed_forward, encoder_layers=layers,
        decoder_attention_heads=decoder_heads, decoder_ffn_dim=decoder_feed_forward, decoder_layers=decoder_layers,
        vocab_size=vocabulary, max_position_embeddings=positions,
    )  # fmt: skip


# What Marian's checkpoints call unknown is 1, its padding is the last token and begins every text.
MARIAN = dict(pad_token_id=58, decoder_start_token_id=58, eos_token_id=0, forced_eos_token_id=0, bos_token_id=None)
BART = dict(pad_token_id=1, decoder_start_token_id=2, eos_token_id=2, bos_token_id=0, forced_eos_token_id=2,
            forced_bos_token_id=None)  # fmt: skip
CASES = {
    # An odd width: one sine more than cosines. The stacks differ in everything that may differ.
    "marian_w27_h3": (
        MarianMTModel,
        MarianConfig(**sizes(27, 3, 52, 2, 3, 44, 1, 59, 48), **MARIAN, activation_function="swish", scale_embedding=True),
    ),
    "marian_w32_h2": (
        MarianMTModel,
        MarianConfig(**sizes(32, 2, 40, 1, 4, 40, 2, 59, 48), **MARIAN, activation_function="relu", scale_embedding=False),
    ),
    "bart_w36_h3": (
        BartForConditionalGeneration,
        BartConfig(**sizes(36, 3, 52, 2, 2, 60, 2, 61, 48), **BART, activation_function="gelu", scale_embedding=False),
    ),
}  # fmt: skip
SEED = {"marian_w27_h3": 28, "marian_w32_h2": 28, "bart_w36_h3": 64}  # whose greedy answers vary and are no close calls
PREFILL, STEPS = 3, 8


def draw(case):
    kind, c = CASES[case]
    torch.manual_seed(SEED[case])
    model = kind(c)
    randomize(model, embedding_std=0.2 if c.scale_embedding else 0.5)
    with torch.no_grad():
        for name, p in model.model.decoder.layers.named_parameters():
            p.mul_(0.3 if name.endswith("bias") else 1)  # or every text would be one word again and again
            p.mul_(2.5 if "fc" in name and name.endswith("weight") else 1)
        if kind is MarianMTModel:
            for stack in (model.model.encoder, model.model.decoder):
                stack.embed_positions.weight.copy_(stack.embed_positions.create_weight())
        model.final_logits_bias.normal_(0, 0.2)
    return model


LINES = ["The sun warms the sea.", "  the  sea ", ">>xx<< the tea", "a Zebra?", "", "the the the the the"]


def add_tokenizer(folder, c):
    """Two SentencePiece models, as Marian has them, and asked.json: what MarianTokenizer makes of lines, and generate() of those."""

    def train(text, size):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(text), model_writer=model, vocab_size=size, model_type="unigram", character_coverage=1.0,
            normalization_rule_name="identity", hard_vocab_limit=False, minloglevel=2)  # fmt: skip
        return model.getvalue()

    source = ["the sun warms the sea and the tea", "sheep eat the tent", "an east sun", "the Zen"] * 20
    target = ["la mer et le soleil", "le vent du sud", "midi et demi"] * 20
    models = {"source.spm": train(source, 34), "target.spm": train(target, 30)}
    pieces = []
    for name, model in models.items():
        (folder / name).write_bytes(model)
        reader = sentencepiece.SentencePieceProcessor(model_proto=model)
        pieces += [reader.id_to_piece(i) for i in range(3, reader.get_piece_size())]
    pieces = list(dict.fromkeys(["</s>", "<unk>", ">>xx<<", *pieces]))[: c.vocab_size - 1]
    pieces += [f">>x{i}<<" for i in range(c.vocab_size - 1 - len(pieces))] + ["<pad>"]
    (folder / "vocab.json").write_text(json.dumps({p: i for i, p in enumerate(pieces)}, ensure_ascii=False) + "\n")
    about = {"source_lang": "en", "target_lang": "fr", "model_max_length": 20, "eos_token": "</s>", "unk_token": "<unk>",
             "pad_token": "<pad>", "tokenizer_class": "MarianTokenizer"}  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2) + "\n")
    writing = {"decoder_start_token_id": c.decoder_start_token_id, "eos_token_id": c.eos_token_id, "pad_token_id": c.pad_token_id,
               "forced_eos_token_id": c.eos_token_id, "bad_words_ids": [[c.pad_token_id]], "max_length": 12, "num_beams": 3}  # fmt: skip
    (folder / "generation_config.json").write_text(json.dumps(writing, indent=2) + "\n")
    tokenizer = MarianTokenizer.from_pretrained(folder)
    model = MarianMTModel.from_pretrained(folder, dtype=torch.float32).eval()
    asked = {"tokenize": [], "translate": [], "greedy": []}
    for line in LINES:
        ids = tokenizer(line, return_tensors="pt").input_ids
        asked["tokenize"].append([line, ids[0].tolist()])
        for name, options in (("translate", {}), ("greedy", {"num_beams": 1})):
            said = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, **options)
            asked[name].append([line, said[0].tolist(), tokenizer.decode(said[0], skip_special_tokens=True)])
    (folder / "asked.json").write_text(json.dumps(asked, indent=1, ensure_ascii=False) + "\n")


def make(case):
    _, c = CASES[case]
    again, folder = save_model(case, draw(case))
    exact = copy.deepcopy(again).double()
    noise = Noise()
    generator = torch.Generator().manual_seed(SEED[case])

    def ids(batch, tokens, start=False):
        drawn = torch.randint(3, c.vocab_size - 1, (batch, tokens), generator=generator)
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
        calls["long"] = call(ids(1, 40), ids(1, 23, True))

        # One source; its target through a cache: `prefill` has three tokens, `step0` … one each.
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
            sequences = greedy(again, input_ids=source, attention_mask=torch.ones_like(source), forced_eos_token_id=None)
            calls[f"greedy{index}"] = {"input_ids": source, "sequences": sequences}
            print("  ", sequences[0].tolist())
    if case == "marian_w27_h3":
        add_tokenizer(folder, c)
    save_calls(folder, calls)
    report_noise(noise)


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        make(case)
