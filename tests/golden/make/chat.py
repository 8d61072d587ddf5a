"""Writes the case llama_chat: a tiny random Llama with a byte-level tokenizer and a ChatML template, as a Hugging Face folder
and as the same model in a GGUF file, and what Transformers writes with it.

    python tests/golden/make/chat.py
"""

import json
import math

import gguf
import numpy
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from common import randomize, save_calls, save_model
from encoders import CORPUS

CASE = "llama_chat"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are tiny"
    "<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
CHATS = [
    [{"role": "user", "content": "The cat sat"}],
    [{"role": "system", "content": "Be short."}, {"role": "user", "content": "a dog?"}, {"role": "assistant", "content": "No."},
     {"role": "user", "content": "The sky\n is blue"}],
]  # fmt: skip
PROMPTS = ["The cat", "plants make food", "a", "In the light of day"]
NEW = 24


def tokenizer(folder):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=300, special_tokens=SPECIAL, show_progress=False,
                                                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))  # fmt: skip
    whole = PreTrainedTokenizerFast(tokenizer_object=made, bos_token=SPECIAL[1], eos_token=SPECIAL[2], pad_token=SPECIAL[2])
    whole.chat_template = TEMPLATE
    whole.save_pretrained(folder)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": SPECIAL[1], "eos_token": SPECIAL[2],
             "chat_template": TEMPLATE}  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2, sort_keys=True) + "\n")
    return whole


def write_gguf(folder, model, config, words):
    """The same numbers and tokens, as llama.cpp's converter lays them."""
    out = gguf.GGUFWriter(folder / "model.gguf", "llama")
    out.add_block_count(config.num_hidden_layers), out.add_context_length(config.max_position_embeddings)
    out.add_embedding_length(config.hidden_size), out.add_feed_forward_length(config.intermediate_size)
    out.add_head_count(config.num_attention_heads), out.add_head_count_kv(config.num_key_value_heads)
    out.add_layer_norm_rms_eps(config.rms_norm_eps), out.add_rope_freq_base(config.rope_parameters["rope_theta"])
    out.add_rope_dimension_count(config.head_dim), out.add_vocab_size(config.vocab_size)
    about = json.loads(words.backend_tokenizer.to_str())
    tokens = sorted(about["model"]["vocab"], key=about["model"]["vocab"].get)
    out.add_tokenizer_model("gpt2"), out.add_tokenizer_pre("gpt-2"), out.add_token_list(tokens)
    out.add_token_types([3 if token in SPECIAL else 1 for token in tokens])
    out.add_token_merges([" ".join(pair) for pair in about["model"]["merges"]])
    out.add_bos_token_id(1), out.add_eos_token_id(2), out.add_add_bos_token(False), out.add_add_space_prefix(False)
    out.add_chat_template(TEMPLATE)
    names = {"input_layernorm": "attn_norm", "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
             "post_attention_layernorm": "ffn_norm", "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down"}  # fmt: skip
    for name, value in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        parts = name.split(".")
        whole = {"embed_tokens": "token_embd", "norm": "output_norm"}.get(parts[1])
        weights = value.numpy()
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(parts[-2])
        if heads:  # a head's halves become neighbors
            weights = weights.reshape(heads, 2, -1, weights.shape[1]).swapaxes(1, 2).reshape(weights.shape)
        out.add_tensor(f"{whole}.weight" if whole else f"blk.{parts[2]}.{names[parts[-2]]}.weight", numpy.ascontiguousarray(weights))
    out.write_header_to_file(), out.write_kv_data_to_file(), out.write_tensors_to_file(), out.close()
    (folder / "model.gguf").chmod(0o644)


def main():
    torch.manual_seed(11)
    config = LlamaConfig(
        hidden_size=32, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=1, intermediate_size=48, vocab_size=300,
        max_position_embeddings=128, rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, bos_token_id=1, eos_token_id=2,
        tie_word_embeddings=True)  # fmt: skip
    model = LlamaForCausalLM(config)
    randomize(model, embedding_std=0.3)
    again, folder = save_model(CASE, model)
    words = tokenizer(folder)
    write_gguf(folder, again, config, words)

    def go_on(text, **options):
        ids = words(text, return_tensors="pt", add_special_tokens=False).input_ids
        found = again.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW, do_sample=False, pad_token_id=2,
                               **options)  # fmt: skip
        return [words.decode(row[ids.shape[1]:], skip_special_tokens=True, clean_up_tokenization_spaces=False) for row in found]

    asked = {"generate": [], "beams": [], "chat": []}
    with torch.inference_mode():
        for text in PROMPTS:
            asked["generate"].append({"prompt": text, "text": go_on(text)[0]})
            asked["generate"].append({"prompt": text, "text": go_on(text, repetition_penalty=1.3)[0], "penalty": 1.3})
            asked["beams"].append({"prompt": text, "texts": go_on(text, num_beams=4, num_return_sequences=2, length_penalty=0.5)})
        for messages in CHATS:
            rendered = words.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
            asked["chat"].append({"messages": messages, "rendered": rendered, "text": go_on(rendered)[0]})
        text = "\n".join(CORPUS)
        ids = torch.tensor([words(text).input_ids])
        total, count = 0.0, 0
        for at in range(0, ids.shape[1] - 1, 50):
            some = ids[:, at : at + 50]
            loss = torch.nn.functional.cross_entropy(again(some).logits[0, :-1], some[0, 1:], reduction="sum")
            total, count = total + loss.item(), count + some.shape[1] - 1
        asked["perplexity"] = {"text": text, "context": 50, "tokens": count, "perplexity": math.exp(total / count)}
        call = {"input_ids": ids[:, :40].reshape(2, 20)}
        save_calls(folder, {"two": {**call, "logits": again(**call).logits}})
    (folder / "asked.json").write_text(json.dumps(asked, indent=1) + "\n")


if __name__ == "__main__":
    main()
