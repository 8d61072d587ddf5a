"""Writes multi_task/: a tiny random BERT with three heads, as MT-DNN has them, and what PyTorch answers.

    python tests/golden/make/multi_task.py
"""

import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

import bert
from common import randomize, save_calls, save_model

HEADS = {"cola": 2, "stsb": 1, "mnli": 3}



def main():
    torch.manual_seed(4)
    c = BertConfig(vocab_size=89, hidden_size=20, num_attention_heads=2, num_hidden_layers=1, intermediate_size=28,
                   max_position_embeddings=32)  # fmt: skip
    model = BertModel(c)
    randomize(model)
    again, folder = save_model("multi_task", model)
    heads = {name: torch.nn.Linear(c.hidden_size, outputs) for name, outputs in HEADS.items()}
    for head in heads.values():
        torch.nn.init.normal_(head.weight, 0, 0.3), torch.nn.init.normal_(head.bias, 0, 0.3)
    tensors = {"bert." + name: t for name, t in load_file(folder / "model.safetensors").items()}
    for name, head in heads.items():
        tensors |= {f"heads.{name}.weight": head.weight.detach(), f"heads.{name}.bias": head.bias.detach()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    bert.write_tokenizer(folder, c, False)
    generator = torch.Generator().manual_seed(4)

    def call(tokens, batch=1):
        inputs = {"input_ids": torch.randint(5, c.vocab_size, (batch, tokens), generator=generator)}
        inputs["token_type_ids"] = (torch.arange(tokens) > tokens // 2).long().expand(batch, -1).contiguous()
        pooled = again(**inputs).pooler_output
        return inputs | {name: head(pooled) for name, head in heads.items()}

    with torch.inference_mode():
        save_calls(folder, {"one": call(1), "short": call(7), "batch": call(9, 3)})


if __name__ == "__main__":
    main()
