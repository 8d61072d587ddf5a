"""A text to its embedding on one thread, tokenizing included, beside PyPI's fasttextembed (bge-small in C, weights in f16).
That package fetches its weights when it is first used; here it reads a checkpoint of the same shape with random weights, as
we do. Both take the first token's state."""

import os

import numpy

import engines
import inputs
from judge import OURS
from rounds import load, summary


def of_length(words, tokens):
    """Running text of so many tokens, special ones included, without anything that fasttextembed reads differently."""
    for passage in inputs.passages():
        pieces = passage.split()
        for count in range(1, len(pieces)):
            text = " ".join(pieces[:count])
            if len(words.encode(text).ids) == tokens and text.isascii():
                return text
    engines.project.stop(f"no passage begins with {tokens} tokens")


def run(job):
    os.environ["FTE_THREADS"] = "1"
    import fasttextembed
    folder = job.model.folder / "fasttext"
    theirs = fasttextembed.TextEmbedding(str(folder / "model.fte"), str(folder / "vocab.tsv"))
    ours = {p: engines.Constformer(job.library, job.model, p, job.env, 1, 512, first=True) for p in job.precisions
            if engines.Constformer.has(job.library, job.model, p)}
    words = inputs.tokenizer(job.model.checkpoint(job.env))
    result = {"model": job.model.title, "begins": load(), "rows": []}
    for tokens in (8, 16, 32):
        text = of_length(words, tokens)
        calls = {f"{OURS} {p}": engine.prepare_texts([text]) for p, engine in ours.items()}
        answers = {name: call()[0].copy() for name, call in calls.items()}
        calls["fasttextembed f16"] = lambda text=text: theirs.embed_one(text)
        wanted = numpy.array(calls["fasttextembed f16"](), numpy.float32)
        figures = {name: summary(seconds) for name, seconds in job.rounds.run(calls).items()}
        for name, answer in answers.items():
            figures[name]["cosine"] = float(answer @ wanted)
            if not figures[name]["cosine"] > 0.98:
                engines.project.stop(f"{name} answers something else than fasttextembed at {tokens} tokens: "
                                     f"cosine {figures[name]['cosine']}")
            for field, kind in (("ratio", "median_ms"), ("ratio_of_mins", "min_ms")):
                figures[name][field] = figures["fasttextembed f16"][kind] / figures[name][kind]
        result["rows"].append({"tokens": tokens, "engines": figures})
    result["ends"] = load()
    return result


def text(result):
    lines = [f"{result['model']}, text to embedding, one thread, ms: medians (best); load {result['begins']} to {result['ends']}"]
    for row in result["rows"]:
        for name, each in row["engines"].items():
            ratio = ""
            if "ratio" in each:
                ratio = f"   ratio {each['ratio']:.2f} ({each['ratio_of_mins']:.2f}), cosine {each['cosine']:.5f}"
            lines.append(f"{row['tokens']:4} tokens  {name:22}{each['median_ms']:8.2f} ({each['min_ms']:6.2f}){ratio}")
    return "\n".join(lines)
