"""A whole process from its start to its end, which comes right behind its first embedding; weights mapped where an engine can.
Peers are started in Python, their usual way; Python's own start is shown beside them."""

import subprocess
import time

import engines
import inputs
from models import HERE, project
from prepare import PYTHON
from rounds import load, summary

TURNS = 12


def commands(job):
    """(name, precision) -> a command that prints the embedding's first number."""
    model, checkpoint, out = job.model, job.model.checkpoint(job.env), {}
    program = project.native("bench/first", job.env)
    for p in job.precisions:
        if engines.Constformer.has(job.library, model, p):
            weights = engines.Constformer.pack(job.library, model, p, job.env)
            out["Constformer, native program", p] = [program, p, weights, inputs.SENTENCE]
    for name, p, path in (("onnxruntime", "f32", "onnx/fused.onnx"), ("onnxruntime", "i8", "onnx/fused-tensor.onnx"),
                          ("OpenVINO", "f32", "openvino/f32.xml"), ("OpenVINO", "i8", "openvino/i8.xml"),
                          ("CTranslate2", "f32", "ctranslate2/f32"), ("CTranslate2", "i8", "ctranslate2/i8")):
        if p in job.precisions:
            out[f"{name}, Python", p] = [PYTHON, HERE / "first.py", name, model.folder / path, checkpoint / "tokenizer.json",
                                         inputs.SENTENCE]
    out["Python alone", ""] = [PYTHON, "-c", "import numpy, tokenizers; print(0)"]
    return out


def run(job):
    every = commands(job)
    times, answers = {key: [] for key in every}, {}
    begins = load()
    for turn in range(TURNS):
        for key, command in every.items():
            start = time.perf_counter()
            done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
            if done.returncode != 0:
                project.stop(f"{key[0]} {key[1]} failed")
            answers[key] = float(done.stdout)
            if turn:
                times[key].append(time.perf_counter() - start)
    exact = {key: answer for key, answer in answers.items() if key[1] == "f32"}
    if exact and max(exact.values()) - min(exact.values()) > 1e-4:
        project.stop(f"the programs answer differently: {exact}")
    return {"model": job.model.title, "begins": begins, "ends": load(), "programs": [
        {"name": name, "precision": p, **summary(seconds)} for (name, p), seconds in times.items()]}


def text(result):
    return "\n".join([f"{result['model']}, from the start of a process to its first embedding, ms: medians (best); "
                      f"load {result['begins']} to {result['ends']}"] +
                     [f"  {each['name']:30}{each['precision']:5}{each['median_ms']:8.1f} ({each['min_ms']:.1f})"
                      for each in result["programs"]])
