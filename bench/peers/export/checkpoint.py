"""The checkpoint of a shape, with random weights from a fixed seed where it has none, and what PyTorch answers to the
judged texts: `reference.npy`.

  checkpoint.py MODEL CHECKPOINT FOLDER
"""

import os
import pathlib
import shutil
import sys

import numpy
import torch
from transformers import BertConfig, BertModel, logging

import inputs
import models


def make(model, folder, source):
    """A Hugging Face folder as Transformers writes it, with MiniLM's vocabulary."""
    torch.manual_seed(1)
    config = BertConfig(num_hidden_layers=model.layers, hidden_size=model.width, num_attention_heads=model.heads,
                        intermediate_size=model.feed_forward, position_embedding_type="absolute")
    BertModel(config).eval().save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(source / name, folder / name)


def reference(checkpoint):
    """(texts, width): the mean of the last hidden states, of length 1."""
    bert = BertModel.from_pretrained(checkpoint, add_pooling_layer=False).eval()
    with torch.inference_mode():
        rows = [bert(input_ids=torch.tensor([ids])).last_hidden_state.mean(1)
                for ids in inputs.encode(inputs.tokenizer(checkpoint), inputs.judged())]
        return torch.nn.functional.normalize(torch.cat(rows), dim=-1).numpy()


def main(name, checkpoint, folder):
    logging.set_verbosity_error()
    model, checkpoint = models.MODELS[name], pathlib.Path(checkpoint)
    if not model.weights:
        make(model, checkpoint, pathlib.Path(os.environ["CONSTFORMER_WEIGHTS"]))
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    numpy.save(pathlib.Path(folder) / "reference.npy", reference(checkpoint))


main(*sys.argv[1:])
