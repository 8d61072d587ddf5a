"""The main table: one sentence of so many tokens, ids to embedding, through every engine in every precision."""

import numpy

import engines
import inputs
from judge import judge
from limits import Limits
from rounds import load, summary

SOME = 10  # random weights are judged on every tenth text


def accuracy(engine, batches, reference):
    """The cosines of an engine's embeddings to PyTorch's in f32."""
    cosines = []
    for ids, wanted in zip(batches, reference):
        answer = numpy.asarray(engine.prepare([ids])(), numpy.float64)[0]
        cosines.append(float(answer @ wanted / numpy.linalg.norm(answer) / numpy.linalg.norm(wanted)))
    if not all(cosine == cosine for cosine in cosines):
        engines.project.stop(f"{engine.name} {engine.precision} answers NaN")
    return {"texts": len(cosines), "mean": float(numpy.mean(cosines)), "min": float(numpy.min(cosines))}


def run(job):
    """`job`: model, env, library, precisions, tokens, threads, rounds, torch, say (called after each length)."""
    model, words = job.model, inputs.tokenizer(job.model.checkpoint(job.env))
    every = [engines.Constformer(job.library, model, p, job.env, job.threads) for p in job.precisions
             if engines.Constformer.has(job.library, model, p)]
    every += engines.open_peers(model, job.env, job.precisions, job.threads, job.torch)
    reference = numpy.load(model.folder / "reference.npy")
    batches = inputs.encode(words, inputs.judged())
    if not model.weights:  # a large shape takes minutes, and random weights say little of accuracy
        batches, reference = batches[::SOME], reference[::SOME]
    result = {"model": model.title, "begins": load(), "accuracy": {p: {} for p in job.precisions}, "rows": []}
    for engine in every:
        found = accuracy(engine, batches, reference)
        result["accuracy"][engine.precision][engine.name] = found
        if engine.precision == "f32" and not found["min"] > 0.9999:
            engines.project.stop(f"{engine.name} f32 answers something else than PyTorch does: cosine {found['min']}")
    limits = Limits(job.library, model, job.precisions, job.threads)
    for tokens in job.tokens:
        ids = inputs.of_length(words, tokens)
        calls = {(engine.precision, engine.name): engine.prepare([ids]) for engine in every}
        times = job.rounds.run({**calls, **limits.calls()})
        rates = limits.rates(times)
        for p in job.precisions:
            figures = {engine.name: summary(times[p, engine.name]) for engine in every if engine.precision == p}
            result["rows"].append(judge({
                "precision": p, "tokens": tokens, "flops": model.flops(tokens), "bytes": model.bytes(p), **rates[p],
                "limit_ms": limits.milliseconds(rates, p, tokens), "engines": figures}, result["accuracy"][p]))
        job.say(f"{tokens} tokens")
    limits.close()
    result["ends"] = load()
    return result
