"""tests/golden/gguf: a GGUF file with every type of value and of tensor that is read, written by the `gguf` package, and
what its gguf.quants.dequantize makes of the tensors. `--compare PROGRAM SEED` does the same with more random blocks and
compares with the floats that PROGRAM writes for its arguments GGUF TENSOR, without keeping anything."""

import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES
from safetensors.numpy import save_file

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "gguf"
Type, Value = gguf.GGMLQuantizationType, gguf.GGUFValueType
SCALES = {  # where halves lie in a block
    "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}  # fmt: skip


def random_tensor(r, kind, shape, finite):
    """The raw bits of a tensor; `finite`: no scale, half or float is an infinity or NaN."""
    block, size = GGML_QUANT_SIZES[Type[kind]]
    raw = r.integers(0, 256, (*shape[:-1], shape[-1] // block, size), dtype=np.uint8)
    if finite:
        top = {"F16": 1, "BF16": 1, "F32": 3, "F64": 7}
        for at in [place + 1 for place in SCALES.get(kind, [])] + [top[k] for k in top if k == kind]:
            raw[..., at] &= 0xBF  # the exponent's upper bit
    return raw.reshape(*shape[:-1], -1)


def write(path, tensors):
    w = gguf.GGUFWriter(path, "test")
    w.add_custom_alignment(64)
    numbers = {"uint8": 200, "int8": -100, "uint16": 60000, "int16": -30000, "uint32": 4000000000, "int32": -2000000000,
               "float32": 0.1, "bool": True, "uint64": 2**64 - 1, "int64": -(2**63), "float64": 0.1}  # fmt: skip
    for name, value in numbers.items():
        w.add_key_value(f"one.{name}", value, Value[name.upper()])
        w.add_key_value(f"all.{name}", [value, 0, 1], Value.ARRAY, Value[name.upper()])
    w.add_key_value("one.string", "naïve\n", Value.STRING)
    w.add_key_value("all.string", ["", "a b", "\u2581\U0001f600"], Value.ARRAY, Value.STRING)
    w.add_key_value("all.array", [[1, 2], [3]], Value.ARRAY, Value.ARRAY)
    w.add_key_value("tokenizer.ggml.tokens", ["a", "b"], Value.ARRAY, Value.STRING)
    for name, (kind, raw) in tensors.items():
        w.add_tensor(name, raw, raw_dtype=Type[kind])
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def dequantized(path):
    found = {}
    for tensor in gguf.GGUFReader(path).tensors:
        shape = [int(n) for n in reversed(tensor.shape)]
        kind = tensor.tensor_type
        values = tensor.data if kind in (Type.F64, Type.I32) else gguf.quants.dequantize(tensor.data.view(np.uint8), kind)
        found[tensor.name] = np.ascontiguousarray(values, dtype=np.float32).reshape(shape)
    return found


def compare(program, seed):
    r = np.random.default_rng(seed)
    kinds = ["F16", "BF16", *SCALES]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "random.gguf"
        write(path, {kind: (kind, random_tensor(r, kind, (64, 2048), False)) for kind in kinds})
        with np.errstate(all="ignore"):
            expected = dequantized(path)
        for kind in kinds:
            said = subprocess.run([program, path, kind], stdout=subprocess.PIPE, check=True).stdout
            ours, theirs = np.frombuffer(said, np.float32), expected[kind].ravel()
            same = (ours.view(np.uint32) == theirs.view(np.uint32)) | (np.isnan(ours) & np.isnan(theirs))
            print(f"{kind}: {ours.size} numbers, {np.isnan(ours).sum()} NaN, {(~same).sum()} differ")
            assert same.all() and ours.size == theirs.size


def main():
    r = np.random.default_rng(7)
    shapes = {"F64": (2, 5), "F32": (2, 1, 3, 5), "F16": (7, 3), "BF16": (21,)}
    tensors = {kind: (kind, random_tensor(r, kind, shapes.get(kind, (2, 512 if kind.endswith("K") else 64)), True))
               for kind in ["F64", "F32", "F16", "BF16", *SCALES]}  # fmt: skip
    tensors = {f"{kind.lower()}.weight": tensor for kind, tensor in tensors.items()}
    GOLDEN.mkdir(exist_ok=True)
    write(GOLDEN / "blocks.gguf", tensors)
    save_file(dequantized(GOLDEN / "blocks.gguf"), GOLDEN / "blocks.safetensors")
    for file in GOLDEN.iterdir():
        file.chmod(0o644)
        print(file.name, file.stat().st_size)


if __name__ == "__main__":
    compare(sys.argv[2], int(sys.argv[3])) if sys.argv[1:2] == ["--compare"] else main()
