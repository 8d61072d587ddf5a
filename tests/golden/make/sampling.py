"""Writes the case sampling: what Transformers' processors leave of some scores, as probabilities.

    python tests/golden/make/sampling.py
"""

import torch
from transformers.generation.logits_process import (
    MinPLogitsWarper, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
)  # fmt: skip

from common import GOLDEN, save_file

SIZE = 211
OPTIONS = [  # repetition penalty, temperature, top-k, top-p, min-p
    (1.0, 1.0, 0, 1.0, 0.0), (1.0, 0.7, 0, 1.0, 0.0), (1.3, 1.0, 0, 1.0, 0.0), (1.0, 1.0, 5, 1.0, 0.0), (1.0, 1.0, 0, 0.9, 0.0),
    (1.0, 1.0, 0, 0.3, 0.0), (1.0, 2.5, 0, 0.99, 0.0), (1.0, 1.0, 0, 1.0, 0.05), (1.1, 0.8, 40, 0.95, 0.02),
    (0.8, 1.5, 100, 0.8, 0.1), (1.2, 0.3, 3, 0.5, 0.0), (1.0, 1.0, 1, 1.0, 0.0),
]  # fmt: skip


def main():
    generator = torch.Generator().manual_seed(3)
    scores = torch.randn(len(OPTIONS), SIZE, generator=generator) * 3
    ids = torch.randint(0, SIZE, (len(OPTIONS), 30), generator=generator)
    rows = []
    for (penalty, temperature, top_k, top_p, min_p), row, before in zip(OPTIONS, scores, ids):
        row, before = row[None].clone(), before[None]
        row = RepetitionPenaltyLogitsProcessor(penalty)(before, row) if penalty != 1 else row
        row = TemperatureLogitsWarper(temperature)(before, row)
        row = TopKLogitsWarper(top_k)(before, row) if top_k else row
        row = TopPLogitsWarper(top_p)(before, row) if top_p < 1 else row
        row = MinPLogitsWarper(min_p)(before, row) if min_p else row
        rows.append(row.softmax(-1)[0])
        print(f"  {int((rows[-1] > 0).sum())} of {SIZE} are left")
    folder = GOLDEN / "sampling"
    folder.mkdir(exist_ok=True)
    save_file({"options": torch.tensor(OPTIONS), "logits": scores, "ids": ids.to(torch.uint8), "probabilities": torch.stack(rows)},
              folder / "io.safetensors")  # fmt: skip
    (folder / "io.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
