"""Writes multi_task/ and multi_task_steps/: a tiny random BERT with heads as MT-DNN has them, linear ones and its answer module,
and what PyTorch answers.

    python tests/golden/make/multi_task.py
"""

import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

import bert
from common import randomize, save_calls, save_model

HEADS = {"cola": 2, "stsb": 1, "mnli": 3}


STEPS = 3


class AnswerNetwork(torch.nn.Module):
    """Liu, Duh, Gao 2018, as the paper's formulas have it, for one pair: the tokens of both texts."""

    def __init__(self, width, labels):
        super().__init__()
        self.question = torch.nn.Parameter(torch.empty(1, width))
        self.attend = torch.nn.Linear(width, width)
        self.recur = torch.nn.GRUCell(width, width)
        self.score = torch.nn.Linear(4 * width, labels)

    def forward(self, first, second):
        state = (second @ self.question[0]).softmax(0) @ second
        found = []
        for _ in range(STEPS):
            x = (first @ self.attend(state)).softmax(0) @ first
            found.append(self.score(torch.cat([x, state, (x - state).abs(), x * state])).softmax(0))
            state = self.recur(x[None], state[None])[0]
        return torch.stack(found).mean(0).log()


OURS = {"recur.weight_ih": "recur.input.weight", "recur.bias_ih": "recur.input.bias", "recur.weight_hh": "recur.past.weight",
        "recur.bias_hh": "recur.past.bias"}  # fmt: skip


def steps():
    torch.manual_seed(9)
    c = BertConfig(vocab_size=89, hidden_size=20, num_attention_heads=2, num_hidden_layers=1, intermediate_size=28,
                   max_position_embeddings=32)  # fmt: skip
    model = BertModel(c)
    randomize(model)
    again, folder = save_model("multi_task_steps", model)
    cola, mnli = torch.nn.Linear(c.hidden_size, 2), AnswerNetwork(c.hidden_size, 3)
    for p in [*cola.parameters(), *mnli.parameters()]:
        torch.nn.init.normal_(p, 0, 0.3)
    tensors = {"bert." + name: t for name, t in load_file(folder / "model.safetensors").items()}
    tensors |= {"heads.cola." + name: p.detach() for name, p in cola.named_parameters()}
    tensors |= {"heads.mnli." + OURS.get(name, name): p.detach() for name, p in mnli.named_parameters()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    generator = torch.Generator().manual_seed(4)

    def call(tokens, second, batch=1):
        inputs = {"input_ids": torch.randint(5, c.vocab_size, (batch, tokens), generator=generator)}
        inputs["token_type_ids"] = (torch.arange(tokens) >= tokens - second).long().expand(batch, -1).contiguous()
        answer = again(**inputs)
        x = answer.last_hidden_state
        both = (x[:, : tokens - second], x[:, tokens - second :]) if second else (x, x)
        return inputs | {"cola": cola(answer.pooler_output), "mnli": torch.stack([mnli(p, h) for p, h in zip(*both)])}

    with torch.inference_mode():
        save_calls(folder, {"alone": call(6, 0), "pair": call(9, 4), "batch": call(13, 5, 3)})


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
    steps()
