#!/usr/bin/env python3
"""tools/compiler/gguf_file.py: what it reads of a GGUF file, the tokenizers that it makes, and what it refuses."""
import json
import pathlib
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/compiler"))
import gguf_file  # noqa: E402
import tokens  # noqa: E402

passed = failed = 0


def check(name, found, expected):
    global passed, failed
    if found == expected:
        passed += 1
    else:
        failed += 1
        print(f"{name}: found {found!r}, expected {expected!r}")


def refusal(call, *given):
    try:
        call(*given)
    except gguf_file.Refusal as why:
        return str(why)
    return "accepted"


# --- the file -------------------------------------------------------------------------------------------------------------

golden = ROOT / "tests/golden/gguf/blocks.gguf"
said, shapes = gguf_file.read(golden)
check("a number of each type", [said[f"one.{t}"] for t in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")],
      [200, -100, 60000, -30000, 4000000000, -2000000000, 2**64 - 1, -(2**63)])
check("other values", [said[f"one.{t}"] for t in ("bool", "float64", "string")], [True, 0.1, "naïve\n"])
check("arrays", [said[f"all.{t}"] for t in ("int16", "string", "array")], [[-30000, 0, 1], ["", "a b", "\u2581\U0001f600"], [[1, 2], [3]]])
check("shapes", [shapes["f32.weight"], shapes["q6_k.weight"], len(shapes)], [(2, 1, 3, 5), (2, 512), 12])
whole = golden.read_bytes()
end = whole.index(b"q6_k.weight") + 11 + 4 + 2 * 8 + 4 + 8
check("every truncation is refused", [n for n in range(end) if refusal(gguf_file.parse, whole[:n]) == "accepted"], [])
check("the head is enough", refusal(gguf_file.parse, whole[:end]), "accepted")


def text(t):
    return struct.pack("<Q", len(t)) + t


def file_of(values=b"", count=0, tensors=b"", of=0, version=3):
    return b"GGUF" + struct.pack("<IQQ", version, of, count) + values + tensors


one = text(b"a") + struct.pack("<IB", 0, 7)
tensor = text(b"t") + struct.pack("<IQIQ", 1, 4, 0, 0)
for name, data, expected in [
    ("one value", file_of(one, 1), "accepted"),
    ("version 2", file_of(one, 1, version=2), "accepted"),
    ("another file", b"GGML" + bytes(20), "does not begin with GGUF"),
    ("version 1", file_of(version=1), "is of version 1, 2 and 3 are read"),
    ("a count", file_of(one, 2**64 - 1), "8 bytes are needed at byte 38, the file ends at byte 38"),
    ("a length", file_of(struct.pack("<Q", 2**63), 1), "9223372036854775808 bytes are needed at byte 32, the file ends at byte 32"),
    ("no UTF-8", file_of(text(b"\xff"), 1), "the text that ends at byte 33 is not UTF-8"),
    ("a type", file_of(text(b"a") + struct.pack("<I", 13), 1), "a value before byte 37 has the unknown type 13"),
    ("an array", file_of(text(b"a") + struct.pack("<IIQ", 9, 4, 2**62), 1),
     f"{2**64} bytes are needed at byte 49, the file ends at byte 49"),
    ("texts", file_of(text(b"a") + struct.pack("<IIQ", 9, 8, 2**62), 1), "8 bytes are needed at byte 49, the file ends at byte 49"),
    ("nesting", file_of(text(b"a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 9, 1), "arrays nest deeper than 8"),
    ("a key twice", file_of(one + one, 2), "has the key a twice"),
    ("a tensor twice", file_of(b"", 0, tensor + tensor, 2), "has the tensor t twice"),
    ("dimensions", file_of(b"", 0, text(b"t") + struct.pack("<I", 5), 1), "the tensor t has 5 dimensions, at most 4 are allowed"),
]:
    check(name, refusal(gguf_file.parse, data), expected)
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "x"
    check("no file", refusal(gguf_file.read, path), f"{path}: cannot be read: No such file or directory")
    path.write_bytes(b"")
    check("an empty file", refusal(gguf_file.read, path), f"{path}: is empty")
    path.write_bytes(b"GGUF")
    check("a short file", refusal(gguf_file.read, path), f"{path}: 4 bytes are needed at byte 4, the file ends at byte 4")


# --- tokenizers -----------------------------------------------------------------------------------------------------------

GPT2 = {"model": "gpt2", "pre": "gpt-2", "tokens": ["<s>", "a", "b", "ab", "\u0120", "<u>"], "token_type": [3, 1, 1, 1, 1, 4],
        "merges": ["a b"], "bos_token_id": 0, "eos_token_id": 0}  # fmt: skip
LLAMA = {"model": "llama", "tokens": ["<unk>", "<s>", "</s>", "<0x0A>", "\u2581", "a", "b", "ab", "\u2581a", "\u2581ab"],
         "scores": [0.0, 0.0, 0.0, 0.0, -1e9, -1e9, -1e9, -2.0, -1.0, -3.0], "token_type": [2, 3, 3, 6, 1, 1, 1, 1, 1, 1],
         "bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0}  # fmt: skip


def made(base, **changes):
    return gguf_file.tokenizer({"tokenizer.ggml." + k: v for k, v in {**base, **changes}.items() if v is not None})


def config(base, **changes):
    """The last lines of the config, and the token file."""
    _, lines, data = tokens.read(json.dumps(made(base, **changes)))
    return "\n".join(lines), data


said, data = config(GPT2)
check("GPT-2's split", said, "inline constexpr constformer::subword_config tokenizer{.split = &constformer::splits::gpt2, .bytes = true};")
check("GPT-2's tokens", data, b"CTOK\1\0\6\1\2\0" + b"\7<s>\3a\3b\5ab\3 \7<u>" + b"\1\2\6" + b"\0\1\3<s>\5\0\3<u>")
check("SmolLM's split", config(GPT2, pre="smollm")[0].count("each_digit"), 1)
said = config(GPT2, pre="llama-bpe")[0]
check("Llama-3's split and frame", [said.count(t) for t in ("splits::llama3", ".ignore_merges = true", "tokenizer_single[] = {{0}, {")], [1, 1, 1])
check("no frame where the file says so", "single" in config(GPT2, pre="llama-bpe", add_bos_token=False)[0], False)
said = config(GPT2, pre="qwen2")[0]
check("Qwen2's split and form", [said.count(t) for t in ("splits::qwen2", "text_steps::nfc", "single")], [1, 1, 0])
check("an end token", "tokenizer_single[] = {{constformer::frame_part::first}, {0}}" in config(GPT2, add_eos_token=True)[0], True)

whole = made(LLAMA)
check("merges by score", whole["model"]["merges"], [["\u2581", "a"], ["a", "b"], ["\u2581a", "b"], ["\u2581", "ab"]])
check("added tokens", [(t["content"], t["special"]) for t in whole["added_tokens"]], [("<unk>", True), ("<s>", True), ("</s>", True)])
said = config(LLAMA)[0]
for part in (".unknown = 0", ".byte_fallback = true", "prepend", "drop_space", "tokenizer_single[] = {{1}, {"):
    check(f"Llama's {part}", part in said, True)
said = config(LLAMA, add_space_prefix=False, add_bos_token=False)[0]
check("no space before a text", [part in said for part in ("prepend", "drop_space", "single")], [False] * 3)

for name, base, changes, expected in [
    ("a model", GPT2, {"model": "t5"}, 'tokenizer.ggml.model "t5" is not supported yet; gpt2 and llama are'),
    ("no model", GPT2, {"model": None}, "tokenizer.ggml.model is missing"),
    ("a split", GPT2, {"pre": "tekken"}, 'tokenizer.ggml.pre "tekken" is not supported yet; gpt-2, smollm, llama-bpe and qwen2 are'),
    ("no split", GPT2, {"pre": None}, 'tokenizer.ggml.pre "default" is not supported yet; gpt-2, smollm, llama-bpe and qwen2 are'),
    ("no tokens", GPT2, {"tokens": None}, "tokenizer.ggml.tokens is missing"),
    ("numbers as tokens", GPT2, {"tokens": [1]}, "tokenizer.ggml.tokens is not a list of str"),
    ("a token twice", GPT2, {"tokens": ["a", "a"]}, 'tokenizer.ggml.tokens has "a" twice'),
    ("types", GPT2, {"token_type": [1]}, "tokenizer.ggml.token_type has 1 entries, but there are 6 tokens"),
    ("merges", GPT2, {"merges": "a b"}, "tokenizer.ggml.merges is not a list of str"),
    ("a number", GPT2, {"bos_token_id": 6}, "tokenizer.ggml.bos_token_id is 6, but there are 6 tokens"),
    ("a flag", GPT2, {"add_bos_token": 1}, "tokenizer.ggml.add_bos_token is not bool"),
    ("no merges", GPT2, {"merges": None}, "tokenizer.ggml.merges is missing"),
    ("no scores", LLAMA, {"scores": None}, "tokenizer.ggml.scores is missing"),
    ("few scores", LLAMA, {"scores": [0.0]}, "tokenizer.ggml.scores does not have one number for each of 10 tokens"),
    ("a score", LLAMA, {"scores": [float("nan")] * 10}, "tokenizer.ggml.scores does not have one number for each of 10 tokens"),
]:
    check(name, refusal(lambda b, c: made(b, **c), base, changes), expected)

print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
