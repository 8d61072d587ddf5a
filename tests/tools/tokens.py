#!/usr/bin/env python3
"""tools/compiler/tokens.py: what it makes of a tokenizer.json, and what it refuses by name."""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/compiler"))
import tokens  # noqa: E402

BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": True}
BPE = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3}, "merges": [["a", "b"]]}
UNIGRAM = {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.5]]}
META = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
passed = failed = 0


def check(name, found, expected):
    global passed, failed
    if found == expected:
        passed += 1
    else:
        failed += 1
        print(f"{name}: found {found!r}, expected {expected!r}")


def whole(model=BPE, pre=BYTES, decoder=BYTES, **more):
    return json.dumps({"model": model, "pre_tokenizer": pre, "decoder": decoder, "added_tokens": [], **more})


def refusal(*given, **more):
    try:
        tokens.read(whole(*given, **more))
    except tokens.Refusal as why:
        return str(why).split(": {")[0]
    return "accepted"


kind, lines, data = tokens.read(whole())
check("the type of BPE", kind, "bpe")
check("a config on one line", "\n".join(lines),
      "inline constexpr constformer::subword_config tokenizer{.split = &constformer::splits::gpt2, .bytes = true};")
check("a token file", data, b"CTOK\x01\x00\x04\x01\x00\x00" + b"\x03a\x03b\x05ab\x03 " + b"\x00\x01\x04")
check("merges as text", tokens.read(whole({**BPE, "merges": ["a b"]}))[2], data)
kind, lines, data = tokens.read(whole(UNIGRAM, META, META))
check("the type of Unigram", kind, "unigram")
check("scores of four bytes", data[:10] + data[-8:], b"CTOK\x01\x04\x02\x00\x00\x00" + b"\0\0\0\0\0\0\xc0\xbf")
check("what Rust reads", [tokens.number_of(t) for t in ("-1.5", "0.1", "-2e3", "1e-7")], [-1.5, 0.1, -2000.0, 1e-7])

for name, found, expected in [
    ("a model", refusal({"type": "WordLevel"}), "a model of type WordLevel is not supported yet; BPE, Unigram and WordPiece are"),
    ("dropout", refusal({**BPE, "dropout": 0.1}), "a model of type BPE with dropout 0.1 is not supported yet"),
    ("a prefix", refusal({**BPE, "continuing_subword_prefix": "##"}),
     'a model of type BPE with continuing_subword_prefix "##" is not supported yet'),
    ("a merge", refusal({**BPE, "merges": [["b", "a"]]}), "the merge of 'b' and 'a' has a token that the vocabulary lacks"),
    ("no merges", refusal({"type": "BPE", "vocab": {"a": 0}}), "a model of type BPE without merges cannot be read"),
    ("no vocabulary", refusal({"type": "BPE", "merges": []}), "a model of type BPE without vocab cannot be read"),
    ("an unknown token", refusal({**BPE, "unk_token": "?"}), "the unknown token '?' is not in the vocabulary"),
    ("no unknown token", refusal({**UNIGRAM, "unk_id": None}, META, META), "a model of type Unigram without unk_id is not supported yet"),
    ("numbers", refusal({**BPE, "vocab": {"a": 0, "b": 1, "ab": 9999}}), "the numbers of the tokens are not 0, 1, 2, ..."),
    ("a normalizer", refusal(normalizer={"type": "Nmt"}), "a normalizer of type Nmt is not supported yet"),
    ("one in a sequence", refusal(normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Nmt"}]}),
     "a normalizer of type Nmt is not supported yet"),
    ("a pattern", refusal(normalizer={"type": "Replace", "pattern": {"Regex": "x+"}, "content": ""}),
     "a normalizer of type Replace is not supported yet"),
    ("a pre-tokenizer", refusal(pre={"type": "Punctuation"}), "a pre_tokenizer of type Punctuation is not supported yet"),
    ("a split", refusal(pre={"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "\\d"}, "behavior": "Isolated", "invert": False}, BYTES]}),
     "a pre_tokenizer of type Split is not supported yet"),
    ("a post-processor", refusal(post_processor={"type": "Other"}), "a post_processor of type Other is not supported yet"),
    ("a decoder", refusal(decoder={"type": "CTC"}), "a decoder of type CTC is not supported yet"),
    ("no decoder", refusal(decoder=None), "a decoder of types [] is not supported yet with this model"),
]:
    check(name, found, expected)

print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
