"""What the deterministic build costs: one sentence through it and through the default build, in turns, on the same weights."""

import engines
import inputs
from models import project
from rounds import load, summary

FLAVORS = ("default", "deterministic")


def run(job):
    words = inputs.tokenizer(job.model.checkpoint(job.env))
    libraries = (job.library, engines.Constformer.load(project.native("bench/libpeers-deterministic.so", job.env)))
    sessions = {(p, flavor): engines.Constformer(library, job.model, p, job.env, job.threads)
                for p in job.precisions for flavor, library in zip(FLAVORS, libraries)}
    result = {"model": job.model.title, "begins": load(), "rows": []}
    for tokens in job.tokens:
        ids = inputs.of_length(words, tokens)
        times = job.rounds.run({key: session.prepare([ids]) for key, session in sessions.items()})
        for p in job.precisions:
            figures = {flavor: summary(times[p, flavor]) for flavor in FLAVORS}
            result["rows"].append({"precision": p, "tokens": tokens, "engines": figures, **{
                field: figures["deterministic"][kind] / figures["default"][kind]
                for field, kind in (("costs", "median_ms"), ("costs_of_mins", "min_ms"))}})
        job.say(f"{tokens} tokens")
    result["ends"] = load()
    return result


def text(result):
    lines = [f"{result['model']}: the deterministic build beside the default one, ms: medians (best); "
             f"load {result['begins']} to {result['ends']}", f"{'':4}{'tokens':>7}{'default':>18}{'deterministic':>18}{'times':>7} (best)"]
    for row in result["rows"]:
        cells = "".join(f"{row['engines'][flavor]['median_ms']:9.2f} ({row['engines'][flavor]['min_ms']:6.2f})" for flavor in FLAVORS)
        lines.append(f"{row['precision']:4}{row['tokens']:7} {cells}{row['costs']:8.2f} ({row['costs_of_mins']:.2f})")
    return "\n".join(lines)
