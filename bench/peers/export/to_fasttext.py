"""A checkpoint of bge-small's shape in the two files that fasttextembed reads: model.fte (matrices and tables in f16) and
vocab.tsv. The package comes without weights.

  to_fasttext.py MODEL CHECKPOINT FOLDER
"""

import pathlib
import struct
import sys

import numpy
from safetensors.numpy import load_file

import models

ALIGN = 64
HEADER, ENTRY = struct.Struct("<2Q11I"), struct.Struct("<2Q64s6i")


def tensors(checkpoint, layers):
    """The package's names: what its file was converted from keeps the names of an ONNX graph."""
    have = {name.removeprefix("bert."): values for name, values in load_file(checkpoint / "model.safetensors").items()}
    out = {name: have[name] for name in have if name.startswith("embeddings.") and "position_ids" not in name}
    for layer in range(layers):
        path = f"encoder.layer.{layer}."
        for kind in ("weight", "bias"):
            parts = [have[f"{path}attention.self.{part}.{kind}"].T for part in ("query", "key", "value")]
            out[f"Attention_{layer}_qkv_{kind}"] = numpy.concatenate(parts, -1)
        for number, name in enumerate(("attention.output.dense", "intermediate.dense", "output.dense")):
            out[f"onnx::MatMul_{1536 + 13 * layer + number}"] = have[f"{path}{name}.weight"].T
            out[f"{path}{name}.bias"] = have[f"{path}{name}.bias"]
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            for kind in ("weight", "bias"):
                out[f"{path}{name}.{kind}"] = have[f"{path}{name}.{kind}"]
    return {name: numpy.ascontiguousarray(values, "<f2" if values.ndim == 2 else "<f4") for name, values in out.items()}


def whole(count):
    return -(-count // ALIGN) * ALIGN


def main(name, checkpoint, folder):
    model, checkpoint, out = models.MODELS[name], pathlib.Path(checkpoint), pathlib.Path(folder) / "fasttext"
    all_tensors = tensors(checkpoint, model.layers)
    table, words = whole(HEADER.size), (checkpoint / "vocab.txt").read_text(encoding="utf-8").split("\n")
    place = blob = whole(table + ENTRY.size * len(all_tensors))
    with open(out / "model.fte", "wb") as file:
        file.write(HEADER.pack(table, blob, 0x31455446, 2, model.width, model.layers, model.heads, model.feed_forward, 30522,
                               512, 2, len(all_tensors), 0))
        for number, (tensor, values) in enumerate(all_tensors.items()):
            shape = (*values.shape, 0, 0, 0)[:4]
            file.seek(table + number * ENTRY.size)
            file.write(ENTRY.pack(place, values.nbytes, tensor.encode(), values.ndim, *shape, int(values.ndim == 2)))
            file.seek(place)
            file.write(values.tobytes())
            place += whole(values.nbytes)
    (out / "vocab.tsv").write_text("".join(f"{word}\t{id}\n" for id, word in enumerate(words) if word), encoding="utf-8")


main(*sys.argv[1:])
