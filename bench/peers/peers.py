#!/usr/bin/env python3
"""all-MiniLM-L6-v2 through Constformer and through onnxruntime, in one process, in turns, on the same ids.

  bench/run peers                      one thread, 8 to 256 tokens
  bench/run peers --threads 2          as many threads for every engine
  bench/run peers --torch              PyTorch too
  bench/run peers --start              also the time from the start of a process to its first embedding
  bench/run peers --json FILE          the figures for machines as well

The first run makes a virtual environment with the peers (pinned in peers/requirements.txt) and exports the model to ONNX;
both stay in build/peers. onnxruntime runs the plain graph with all of its optimizations, and the graph that its own
transformer optimizer has fused; the faster one counts. A round runs every engine twice on the same ids and times the
second; figures are medians. `ratio` is onnxruntime's time divided by ours: above 1 we are faster.
"""

import argparse
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import project  # noqa: E402

PLACE = project.BUILD / "peers"
PYTHON = PLACE / "venv/bin/python"
SENTENCE = "how do plants make food"


def prepare(env):
    """The virtual environment and the exported model, made once."""
    wanted = hashlib.sha256((HERE / "requirements.txt").read_bytes()).hexdigest()
    stamp = PLACE / "venv/stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the peers (once; PyTorch is large)", file=sys.stderr, flush=True)
        project.quiet([sys.executable, "-m", "venv", "--clear", PLACE / "venv"], "python3 -m venv")
        project.quiet([PYTHON, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], "pip install")
        stamp.write_text(wanted)
    models = [PLACE / "plain.onnx", PLACE / "fused.onnx"]
    stamp = PLACE / "models.stamp"
    wanted = hashlib.sha256((HERE / "export.py").read_bytes() + wanted.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print("exporting the model to ONNX (once)", file=sys.stderr, flush=True)
        project.quiet([PYTHON, HERE / "export.py", env["CONSTFORMER_WEIGHTS"], *models], "the export")
        stamp.write_text(wanted)
    return models


class Constformer:
    """Our kernels, in a shared library."""

    def __init__(self, library, weights, threads):
        import ctypes
        import numpy
        self.library, self.ctypes = library, ctypes
        self.handle = library.peers_open(str(weights).encode(), threads)
        if not self.handle:
            project.stop("our session did not open")
        self.out = numpy.zeros(384, numpy.float32)

    @staticmethod
    def load(path, env):
        """The library, and the packed weights that it makes of the checkpoint."""
        import ctypes
        library = ctypes.CDLL(str(path))
        library.peers_open.restype = ctypes.c_void_p
        library.peers_embed.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
        folder, weights = pathlib.Path(env["CONSTFORMER_WEIGHTS"]), PLACE / "minilm.weights"
        if library.peers_pack(str(folder).encode(), str(folder / "vocab.txt").encode(), str(weights).encode()) != 0:
            project.stop("our weights could not be packed")
        return library, weights

    def prepare(self, ids):
        import numpy
        narrow = numpy.ascontiguousarray(ids[0], numpy.int32)

        def call():
            if self.library.peers_embed(self.handle, narrow.ctypes.data, narrow.size, self.out.ctypes.data) != 0:
                project.stop("our forward failed")
            return self.out
        return call


class OnnxRuntime:
    def __init__(self, path, threads):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def prepare(self, ids):
        import numpy
        inputs = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
        return lambda: self.session.run(None, inputs)[0][0]


class Torch:
    def __init__(self, folder, threads):
        import torch
        from transformers import BertModel, logging
        logging.set_verbosity_error()
        torch.set_num_threads(threads)
        self.torch, self.model = torch, BertModel.from_pretrained(folder, add_pooling_layer=False).eval()

    def prepare(self, ids):
        ids = self.torch.from_numpy(ids)

        def call():
            with self.torch.inference_mode():
                states = self.model(input_ids=ids).last_hidden_state
                return self.torch.nn.functional.normalize(states.mean(1), dim=-1)[0].numpy()
        return call


def compare(engines, lengths, rounds, rest, clock):
    """A row a length: the medians of each engine, and how close its answer is to ours."""
    import numpy
    random = numpy.random.default_rng(1)
    for tokens in lengths:
        ids = random.integers(1000, 30000, (1, tokens), dtype=numpy.int64)
        ids[0, 0], ids[0, -1] = 101, 102
        calls = {name: engine.prepare(ids) for name, engine in engines.items()}
        times = {name: [] for name in engines}
        answers = {name: call().copy() for name, call in calls.items()}
        order = list(engines)
        for _ in range(rounds):
            order.append(order.pop(0))
            for name in order:
                time.sleep(rest)  # other engines' threads stop spinning
                calls[name]()
                start = clock()
                calls[name]()
                times[name].append(clock() - start)
        ours = answers["constformer"]
        row = {"tokens": tokens, "engines": {}}
        for name in engines:
            cosine = float(ours @ answers[name] / numpy.linalg.norm(ours) / numpy.linalg.norm(answers[name]))
            if not cosine > 0.99999:
                project.stop(f"{name} answers something else than we do at {tokens} tokens: cosine {cosine}")
            row["engines"][name] = {"median_ms": statistics.median(times[name]) * 1e3, "min_ms": min(times[name]) * 1e3,
                                    "cosine": cosine}
        figures = row["engines"]
        row["peer"] = min((name for name in figures if name.startswith("onnxruntime")), key=lambda n: figures[n]["median_ms"])
        for kind in ("median", "min"):
            best = min(figures[name][f"{kind}_ms"] for name in figures if name.startswith("onnxruntime"))
            row[f"ratio_of_{kind}s"] = best / figures["constformer"][f"{kind}_ms"]
        yield row


def start_times(program, weights, model, env):
    """Seconds from the start of a process to its end, which comes right behind its first embedding."""
    commands = {
        "constformer, native program": [program, weights, SENTENCE],
        "onnxruntime, Python": [PYTHON, HERE / "first.py", model, pathlib.Path(env["CONSTFORMER_WEIGHTS"]) / "tokenizer.json",
                                SENTENCE]}
    times, answers = {name: [] for name in commands}, {}
    for turn in range(12):
        for name, command in commands.items():
            start = time.perf_counter()
            answers[name] = float(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout)
            if turn:
                times[name].append(time.perf_counter() - start)
    ours, theirs = answers.values()
    if abs(ours - theirs) > 1e-4:
        project.stop(f"the programs answer differently: {answers}")
    return {name: {"median_ms": statistics.median(each) * 1e3, "min_ms": min(each) * 1e3} for name, each in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", default="8,16,32,64,128,256", help="comma-separated lengths, at most 512")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--torch", action="store_true", help="PyTorch as a second peer")
    parser.add_argument("--start", action="store_true", help="the time of a whole process, too")
    parser.add_argument("--cpu-time", action="store_true", help="count processor time, for busy machines; one thread only")
    parser.add_argument("--json", metavar="FILE", help="write the figures there; - is standard output, without the table")
    wanted = parser.parse_args()
    if wanted.cpu_time and wanted.threads != 1:
        parser.error("--cpu-time counts one thread")
    env = project.environment()
    models = prepare(env)
    if os.environ.get("CONSTFORMER_PEERS") != str(PYTHON):  # go on with the environment's own interpreter
        os.execve(PYTHON, [str(PYTHON), *sys.argv], {**os.environ, "CONSTFORMER_PEERS": str(PYTHON)})

    import onnxruntime
    library, weights = Constformer.load(project.native("bench/libpeers.so", env), env)
    engines = {"constformer": Constformer(library, weights, wanted.threads),
               "onnxruntime": OnnxRuntime(models[0], wanted.threads),
               "onnxruntime fused": OnnxRuntime(models[1], wanted.threads)}
    if wanted.torch:
        engines["torch"] = Torch(env["CONSTFORMER_WEIGHTS"], wanted.threads)
    human = wanted.json != "-"
    if human:
        print(f"all-MiniLM-L6-v2, f32, onnxruntime {onnxruntime.__version__}, {wanted.threads} thread(s), ms: medians of "
              f"{wanted.rounds} rounds (best); load {os.getloadavg()[0]:.1f}")
        print(f"{'tokens':>6}" + "".join(f"{name:>22}" for name in engines) + f"{'ratio':>7} {'(best)':>7} {'cosine':>11}")
    rows = []
    for row in compare(engines, [int(word) for word in wanted.tokens.split(",")], wanted.rounds,
                       0.01 if wanted.threads > 1 else 0, time.thread_time if wanted.cpu_time else time.perf_counter):
        rows.append(row)
        if human:
            figures = row["engines"]
            print(f"{row['tokens']:6}" + "".join(f"{f['median_ms']:13.2f} ({f['min_ms']:6.2f})" for f in figures.values()) +
                  f"{row['ratio_of_medians']:7.2f} ({row['ratio_of_mins']:5.2f}) {figures[row['peer']]['cosine']:11.8f}",
                  flush=True)
    result = {"bench": "peers", "model": "all-MiniLM-L6-v2", "element": "f32", "threads": wanted.threads,
              "rounds": wanted.rounds, "cpu_time": wanted.cpu_time, "onnxruntime": onnxruntime.__version__, "results": rows}
    if wanted.start:
        result["start"] = start_times(project.native("bench/first", env), weights, models[1], env)
        if human:
            print("\nfrom the start of a process to its first embedding, ms: medians (best)")
            for name, figures in result["start"].items():
                print(f"  {name:30}{figures['median_ms']:8.1f} ({figures['min_ms']:.1f})")
    if wanted.json == "-":
        print(json.dumps(result, indent=2))
    elif wanted.json:
        pathlib.Path(wanted.json).write_text(json.dumps(result, indent=2) + "\n")
    return 0


sys.exit(main())
