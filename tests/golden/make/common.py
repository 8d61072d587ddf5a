"""What the golden scripts share: determinism, informative random weights, and how a case is written.

A case is a Hugging Face checkpoint folder (config.json, model.safetensors, for BERT also the tokenizer's files) and
io.safetensors, which holds several calls: `<call>.<name>`, with the names of Transformers' forward() and of its output.
Outputs always come from the model as it is read back from the folder, so the files alone explain the numbers.
"""

import json
import shutil
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

GOLDEN = Path(__file__).resolve().parent.parent
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def randomize(model, gain=1.2, embedding_std=0.5, out_by_in=True):
    """Draws every parameter so that a wrong one shows: Transformers' own 0.02 would leave attention nearly uniform.

    Matrices get `gain / sqrt(inputs)`, so that pre-activations and attention scores keep a spread near 1 to 2 at any
    width; norm weights are uniform in 0.5 .. 1.5; biases have a spread of 0.3. `out_by_in` is false for GPT-2, whose
    Conv1D matrices are (inputs, outputs).
    """
    tables = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Embedding)}
    with torch.no_grad():
        for name, p in model.named_parameters():
            if id(p) in tables:
                p.normal_(0, embedding_std)
            elif p.dim() == 2:
                p.normal_(0, gain / p.shape[1 if out_by_in else 0] ** 0.5)
            elif p.dim() == 1 and name.endswith("weight"):
                p.uniform_(0.5, 1.5)
            elif p.dim() == 1:
                p.normal_(0, 0.3)
            else:
                raise ValueError(f"no rule for parameter {name} {tuple(p.shape)}")


def save_model(case, model, config_edits=None, **options):
    """Writes the checkpoint afresh into tests/golden/<case>/; returns the model read back from it, and the folder."""
    folder = GOLDEN / case
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text())
    for key, value in (config_edits or {}).items():
        config.pop(key, None) if value is None else config.update({key: value})
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    again = read_back(type(model), folder, **options)
    return again.eval(), folder


def read_back(kind, folder, **options):
    """The model as Transformers reads it; nothing may be missing from the file, left over in it, or newly drawn."""
    model, info = kind.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True, **options
    )
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not info[what], f"{folder.name}: {what} {info[what]}"
    return model


def save_calls(folder, calls):
    """Writes io.safetensors from {call: {name: tensor}} and prints what a reader wants to know about the case."""
    tensors = {f"{call}.{name}": t.detach().clone() for call, io in calls.items() for name, t in io.items()}
    tensors = {name: t.contiguous() for name, t in tensors.items()}
    for name, t in tensors.items():
        assert t.dtype in (torch.float32, torch.int64, torch.uint8), f"{folder.name}: {name} is {t.dtype}"
        assert t.dtype != torch.float32 or torch.isfinite(t).all(), f"{folder.name}: {name} is not finite"
    save_file(tensors, folder / "io.safetensors")
    for file in folder.iterdir():
        file.chmod(0o644)  # safetensors writes files that only their owner may read
    weights = load_file(folder / "model.safetensors")
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{folder.name}: {sum(w.numel() for w in weights.values())} parameters, {size / 1000:.0f} kB")
    return tensors


def report_noise(worst):
    """Prints how far float32 is from float64 on the same weights: the floor under any tolerance of a test."""
    figures = ", ".join(f"{name} {value:.1e}" for name, value in worst.items())
    print("  float32 against float64, |difference| / max|value|: " + figures)


class Noise(dict):
    """Collects, by output name, the worst relative difference between a float32 answer and the float64 one."""

    def add(self, name, value, truth):
        noise = ((value.double() - truth).abs().max() / truth.abs().max()).item()
        self[name] = max(self.get(name, 0.0), noise)


def greedy(model, smallest_margin=5e-3, **inputs):
    """model.generate without sampling or beams; refuses a case in which rounding could turn a choice."""
    answer = model.generate(
        **inputs, max_new_tokens=12, do_sample=False, num_beams=1, output_logits=True, return_dict_in_generate=True
    )
    for step in answer.logits:
        first, second = step[0].topk(2).values.tolist()
        gap = first - second
        assert gap > smallest_margin, f"the best two logits are {gap:.2e} apart: take another seed"
    return answer.sequences


def best_answer(pieces, context, start, end, longest=15):
    """[text, score]: the best span of a context, of whole words, as transformers 4's question-answering pipeline finds it."""
    inside = torch.tensor([n == 1 for n in pieces.sequence_ids])
    ends = [torch.where(inside, x, -10000.0).softmax(0) for x in (start, end)]
    spans = torch.triu(ends[0][:, None] * ends[1][None, :])
    spans = spans - torch.triu(spans, longest)
    first, last = divmod(spans.argmax().item(), len(inside))
    words = pieces.word_ids
    while inside[first - 1] and words[first - 1] == words[first]:
        first -= 1
    while inside[last + 1] and words[last + 1] == words[last]:
        last += 1
    begin, end = pieces.offsets[first][0], pieces.offsets[last][1]
    return [context[begin:end], spans.max().item()]
