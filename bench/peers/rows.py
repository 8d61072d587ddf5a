"""The main table: one sentence of so many tokens, ids to embedding, through every engine in every precision."""

import numpy

import engines
import inputs
from limits import Limits
from rounds import load, summary

ACCURATE = 0.99  # mean cosine to f32 from which on a peer counts as accurate
OURS = engines.Constformer.name


def accuracy(engine, batches, reference):
    """The cosines of an engine's embeddings to PyTorch's in f32."""
    cosines = []
    for ids, wanted in zip(batches, reference):
        answer = numpy.asarray(engine.prepare([ids])(), numpy.float64)[0]
        cosines.append(float(answer @ wanted / numpy.linalg.norm(answer) / numpy.linalg.norm(wanted)))
    if not all(cosine == cosine for cosine in cosines):
        engines.project.stop(f"{engine.name} {engine.precision} answers NaN")
    return {"texts": len(cosines), "mean": float(numpy.mean(cosines)), "min": float(numpy.min(cosines))}


def fastest(figures, names, kind="median_ms"):
    return min(names, key=lambda name: figures[name][kind], default=None)


def judge(row, judged):
    """Adds to a row who is fastest, and the ratios: a peer's time divided by ours."""
    figures = row["engines"]
    peers = [name for name in figures if name != OURS]
    row["fastest"] = fastest(figures, peers)
    row["fastest_accurate"] = fastest(figures, [name for name in peers if judged[name]["mean"] >= ACCURATE])
    if OURS in figures:
        ours = figures[OURS]
        for field, name in (("ratio", row["fastest"]), ("ratio_accurate", row["fastest_accurate"])):
            if name:
                row[field] = figures[name]["median_ms"] / ours["median_ms"]
        if peers:
            row["ratio_of_mins"] = figures[fastest(figures, peers, "min_ms")]["min_ms"] / ours["min_ms"]
        row["share_of_limit"] = row["limit_ms"] / ours["median_ms"]
    return row


def run(job):
    """`job`: model, env, library, precisions, tokens, threads, rounds, torch, say (called after each length)."""
    model, words = job.model, inputs.tokenizer(job.model.checkpoint(job.env))
    every = [engines.Constformer(job.library, model, p, job.env, job.threads) for p in job.precisions
             if engines.Constformer.has(job.library, model, p)]
    every += engines.open_peers(model, job.env, job.precisions, job.threads, job.torch)
    reference = numpy.load(model.folder / "reference.npy")
    batches = inputs.encode(words, inputs.judged())
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
