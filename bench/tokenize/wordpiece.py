#!/usr/bin/env python3
"""Tokenizers against the `tokenizers` package: the same texts, one thread, in turns.

  bench/run tokenize                     WordPiece, a table
  bench/run tokenize --json              the same for machines
  bench/run tokenize --texts FILE        other texts, one a line (default: the 1,000 sentences of tests/golden/minilm)
  bench/run tokenize --kind bpe          byte-level BPE, that of SmolLM2-135M-Instruct
  bench/run tokenize --kind unigram      and sentencepiece (BPE of characters): of 8,000 tokens, trained on the repository's text
  bench/run tokenize --tokenizer FILE    any tokenizer.json of BPE or Unigram
  bench/run tokenize --fuzz N            also compares N lines of odd Unicode and source code, these kinds only (default: 2000)

The first run makes a virtual environment with the package (pinned in tokenize/requirements.txt) in build/tokenize. Both read
the vocabulary of all-MiniLM-L6-v2 (or the tokenizer named above), and each makes the ids, segments, offsets and words of a text. Of the package's own ways
(encode_batch, and encode_batch_fast, which leaves the offsets out) the faster one counts. A round gives every one its turn;
figures are medians over rounds. `ratio` is the package's time divided by ours: above 1 we are faster. The ids must be equal, or
the benchmark stops. Seconds are processor time: one of our turns is shorter than the slice that a busy machine gives a
process, one of the package's is not, so the clock on the wall would count other processes against the package alone.
"""

import argparse
import ctypes
import hashlib
import json
import os
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import project  # noqa: E402

PLACE = project.BUILD / "tokenize"
PYTHON = PLACE / "venv/bin/python"


def prepare():
    """The virtual environment, made once."""
    wanted = hashlib.sha256((HERE / "requirements.txt").read_bytes()).hexdigest()
    stamp = PLACE / "venv/stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the tokenizers package (once)", file=sys.stderr, flush=True)
        project.quiet([sys.executable, "-m", "venv", "--clear", PLACE / "venv"], "python3 -m venv")
        project.quiet([PYTHON, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], "pip install")
        stamp.write_text(wanted)


class Ours:
    """The library's WordPiece, in a shared library."""

    def __init__(self, library, vocabulary, texts):
        self.library = ctypes.CDLL(str(library))
        self.library.tokenizer_open.restype = ctypes.c_void_p
        self.library.tokenizer_encode.restype = ctypes.c_long
        self.library.tokenizer_encode.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int]
        self.library.tokenizer_ids.restype = ctypes.POINTER(ctypes.c_int)
        self.library.tokenizer_ids.argtypes = [ctypes.c_void_p]
        self.handle = self.library.tokenizer_open(str(vocabulary).encode())
        if not self.handle:
            project.stop(f"{vocabulary}: no vocabulary")
        encoded = [text.encode() for text in texts]
        ends, total = [], 0
        for text in encoded:
            total += len(text)
            ends.append(total)
        self.bytes, self.ends, self.count = b"".join(encoded), (ctypes.c_long * len(ends))(*ends), len(texts)

    def run(self):
        tokens = self.library.tokenizer_encode(self.handle, self.bytes, self.ends, self.count)
        if tokens < 0:
            project.stop("a text could not be encoded")
        return tokens

    def ids(self):
        tokens = self.run()
        return self.library.tokenizer_ids(self.handle)[:tokens]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument("--texts", type=pathlib.Path, default=project.ROOT / "tests/golden/minilm/sentences.txt")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--kind", choices=["wordpiece", "bpe", "unigram", "sentencepiece"])
    parser.add_argument("--tokenizer", type=pathlib.Path)
    parser.add_argument("--fuzz", type=int, default=2000)
    wanted = parser.parse_args()
    env = project.environment()
    if pathlib.Path(sys.prefix) != PLACE / "venv":  # once more, with the package
        prepare()
        os.execve(PYTHON, [PYTHON, __file__, *sys.argv[1:]], env)

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    import tokenizers

    try:
        texts = [line for line in wanted.texts.read_text(encoding="utf-8").split("\n") if line]
    except (OSError, UnicodeDecodeError) as problem:
        project.stop(f"{wanted.texts}: {problem}")
    if not texts or wanted.rounds < 1:
        project.stop("at least one text and one round are needed")
    if wanted.tokenizer or wanted.kind not in (None, "wordpiece"):
        import peer_subword
        ours, peer, theirs = peer_subword.prepared(wanted.kind, wanted.tokenizer, texts, wanted.fuzz, env)
        batch, fast = peer.encode_batch, peer.encode_batch_fast
    else:
        vocabulary = pathlib.Path(env["CONSTFORMER_WEIGHTS"]) / "vocab.txt"
        ours = Ours(project.native("bench/libtokenize.so", env), vocabulary, texts)
        peer = tokenizers.BertWordPieceTokenizer(str(vocabulary))
        batch, fast = peer.encode_batch, peer._tokenizer.encode_batch_fast
        theirs = [i for encoding in batch(texts) for i in encoding.ids]
        if ours.ids() != theirs:
            project.stop("the ids differ from the package's")
    ways = {"Constformer": ours.run, "encode_batch": lambda: batch(texts), "encode_batch_fast": lambda: fast(texts)}
    spent = {name: [] for name in ways}
    for _ in range(wanted.rounds):
        for name, way in ways.items():
            start = time.process_time()
            way()
            spent[name].append(time.process_time() - start)
    rows = {name: {"sentences_per_s": round(len(texts) / statistics.median(times)),
                   "best": round(len(texts) / min(times))} for name, times in spent.items()}
    peers = [statistics.median(spent[name]) for name in ways if name != "Constformer"]
    ratio = round(min(peers) / statistics.median(spent["Constformer"]), 2)
    if wanted.json:
        print(json.dumps({"bench": "tokenize", "kind": wanted.kind or "wordpiece", "texts": len(texts), "tokens": len(theirs), "tokenizers": tokenizers.__version__,
                          "threads": 1, "rounds": wanted.rounds, "results": rows, "ratio": ratio}, indent=2))
        return
    print(f"{len(texts):,} texts, {len(theirs) / len(texts):.1f} tokens each, 1 thread, tokenizers {tokenizers.__version__}")
    print(f"{'':28} {'sentences/s':>12} {'best':>12}")
    for name, row in rows.items():
        title = name if name == "Constformer" else "tokenizers, " + name
        print(f"{title:28} {row['sentences_per_s']:>12,} {row['best']:>12,}")
    print(f"ratio {ratio}")


if __name__ == "__main__":
    main()
