#!/usr/bin/env python3
"""Constformer beside other engines on the same weights and inputs, in one process, in turns.

  bench/run peers                      all-MiniLM-L6-v2, 8 to 256 tokens, f32, bf16 and int8, one thread
  bench/run peers --threads 2          as many threads for every engine
  bench/run peers --model bert_base    another shape, random weights
  bench/run peers --list               the modes: what else is compared
  bench/run peers --svg FILE           the table as a picture; --json FILE: every figure
  bench/run peers --from FILE ...      prints and draws the table that an earlier run wrote with --json

The first run makes a virtual environment with the peers (pinned in peers/requirements.txt) and brings the model into each
engine's format; both stay in build/peers. A round runs every engine twice on the same ids and times the second; figures are
medians. `ratio` is the fastest peer's time divided by ours: above 1 we are faster.
"""

import argparse
import json
import pathlib
import platform
import sys
import types

import models
import prepare
import table
from models import project
from rounds import Rounds

# mode -> (what it compares, its models: None for --model, the formats that it needs or None for no environment)
EVERY = ["onnx", "openvino", "ctranslate2"]
MODES = {
    "rows": ("one sentence, ids to embedding (what runs if no mode is named)", None, EVERY),
    "throughput": ("2,000 texts of mixed length, tokenizing included, texts a second; best with --threads 2", None, EVERY),
    "start": ("a whole process, from its start to its first embedding", "minilm_l6", EVERY),
    "attention": ("attention alone, 12 heads of 32, beside PyTorch's", "minilm_l6", []),
    "fasttext": ("a text to its embedding, bge-small's shape, beside fasttextembed", "bge_small", ["fasttext"]),
    "deterministic": ("what our deterministic build costs, beside our default one", None, []),
    "matmul": ("f32 matrix products beside OpenBLAS, oneDNN and Eigen", "minilm_l6", None),
}


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"bench: {message}\n")


def options(words):
    parser = Parser(prog="bench/run peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (what, *_) in MODES.items():
        parser.add_argument(f"--{name}", action="store_true", help=what)
    parser.add_argument("--all", action="store_true", help="every mode")
    parser.add_argument("--list", action="store_true", help="name the modes")
    parser.add_argument("--model", default="minilm_l6", choices=models.MODELS)
    parser.add_argument("--precisions", default="f32,bf16,i8", help="comma-separated")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", help="comma-separated lengths, at most 512")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--torch", action="store_true", help="PyTorch too (slow)")
    parser.add_argument("--cpu-time", action="store_true", help="count processor time, for busy machines; one thread only")
    parser.add_argument("--json", metavar="FILE", help="write the figures there; - is standard output, without the tables")
    parser.add_argument("--svg", metavar="FILE", help="write the picture of the main table there")
    parser.add_argument("--from", metavar="FILE", dest="earlier", help="measure nothing: take the main table from there")
    parser.add_argument("--prepare", metavar="FORMAT", choices=[*EVERY, "fasttext"],
                        help="only make the model's files: onnx, openvino, ctranslate2, fasttext")
    chosen = parser.parse_args(words)
    chosen.precisions = chosen.precisions.split(",")
    unknown = [p for p in chosen.precisions if p not in models.PRECISIONS]
    if unknown:
        parser.error(f"no precision is named {unknown[0]}; there are {', '.join(models.PRECISIONS)}")
    if chosen.tokens is not None:
        tokens = chosen.tokens.split(",")
        if not all(word.isdecimal() and 2 < int(word) <= 512 for word in tokens):
            parser.error(f"--tokens takes lengths from 3 to 512, not {chosen.tokens}")
        chosen.tokens = [int(word) for word in tokens]
    if chosen.threads < 1 or chosen.rounds < 1:
        parser.error("--threads and --rounds take numbers from 1 on")
    if chosen.cpu_time and chosen.threads != 1:
        parser.error("--cpu-time counts one thread")
    chosen.modes = [name for name in MODES if chosen.all or getattr(chosen, name)] or ["rows"]
    if chosen.svg and "rows" not in chosen.modes and not chosen.earlier:
        parser.error("--svg draws the main table: add --rows")
    return chosen


def say(what):
    print(f"  {what}", file=sys.stderr, flush=True)


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def measure(chosen, env, show):
    """Every mode's figures, by its name."""
    from engines import Constformer, versions
    wanted = [mode for mode in chosen.modes if MODES[mode][2] is not None]
    about = {"bench": "peers", "processor": processor(), "threads": chosen.threads, "rounds": chosen.rounds,
             "cpu_time": chosen.cpu_time}
    library = None
    if wanted:
        library = Constformer.load(project.native("bench/libpeers.so", env))
        about.update(isa=library.peers_isa().decode(), compiler=library.peers_compiler().decode(), versions=versions())
    for mode in chosen.modes:
        _, named, formats = MODES[mode]
        model = models.MODELS[named or chosen.model]
        if formats is not None:
            prepare.model(model, env, formats)
        job = types.SimpleNamespace(
            model=model, env=env, library=library, precisions=chosen.precisions, threads=chosen.threads, torch=chosen.torch,
            tokens=chosen.tokens or model.tokens, rounds=Rounds(chosen.rounds, chosen.threads, chosen.cpu_time),
            cpu_time=chosen.cpu_time, say=say)
        about[mode] = __import__(mode).run(job)
        show(mode, about)
    return about


def main(words):
    chosen = options(words)
    if chosen.list:
        print("\n".join(f"--{name:14}{what}" for name, (what, *_) in MODES.items()))
        return 0

    def show(mode, about):
        if chosen.json != "-":
            text = table.text(about[mode], about) if mode == "rows" else __import__(mode).text(about[mode])
            print(text, end="\n\n", flush=True)

    if chosen.earlier:
        try:
            about = json.loads(pathlib.Path(chosen.earlier).read_text())
            assert about["bench"] == "peers"
        except (OSError, ValueError, KeyError, TypeError, AssertionError):
            project.stop(f"{chosen.earlier} is not what `bench/run peers --json` wrote")
        if "rows" in about:
            show("rows", about)
    else:
        env = project.environment()
        if chosen.prepare or any(MODES[mode][2] is not None for mode in chosen.modes):
            prepare.venv()
            prepare.enter(chosen.threads)
        if chosen.prepare:
            prepare.model(models.MODELS[chosen.model], env, [chosen.prepare])
            return 0
        about = measure(chosen, env, show)
    if chosen.json == "-":
        print(json.dumps(about, indent=2))
    elif chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(about, indent=2) + "\n")
    if chosen.svg:
        import chart
        picture = chart.svg(about["rows"], about) if "rows" in about else None
        if picture is None:
            project.stop("the figures hold no row of ours to draw")
        pathlib.Path(chosen.svg).write_text(picture, encoding="utf-8")
    return 0


sys.exit(main(sys.argv[1:]))
