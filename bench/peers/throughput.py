"""2,000 texts of mixed length, tokenizing included, texts a second. Ours: packed end to end, without padding, on a team of
threads, or side by side: a model a thread, each on its own texts. Each peer: tokens from `tokenizers` with as many threads,
texts sorted by length, padded to the longest of a batch, in batches of every size below, run one after the other on all threads
or side by side on one thread each. What does best on an eighth of the texts is what runs on all of them, and only the three
fastest peers of a precision do."""

import concurrent.futures
import queue
import time

import numpy

import engines
import inputs
from judge import ACCURATE, OURS
from rounds import load, summary

BATCHES = (1, 8, 16, 32, 64)
TOKENS = (256, 512, 1024)  # of one packed forward of ours
PASSES = 3
RUNNERS = 3  # peers of a precision; of int8 at most two of them are inaccurate


def peer_pass(engine, words, texts, size, workers):
    encoded = inputs.encode(words, texts)
    order = sorted(range(len(texts)), key=lambda number: -len(encoded[number]))
    out = numpy.empty((len(texts), engine.width), numpy.float32)

    def one(begin):
        chosen = order[begin:begin + size]
        out[chosen] = engine.prepare([encoded[number] for number in chosen])()

    begins = range(0, len(order), size)
    if workers == 1:
        for begin in begins:
            one(begin)
    else:
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, begins))
    return out


def our_pass(sessions, texts):
    """A share of the texts for whichever session is free."""
    out, free, share = numpy.empty((len(texts), sessions[0].width), numpy.float32), queue.SimpleQueue(), 64
    for session in sessions:
        free.put(session)

    def one(begin):
        session = free.get()
        out[begin:begin + share] = session.prepare_texts(texts[begin:begin + share])()
        free.put(session)

    with concurrent.futures.ThreadPoolExecutor(len(sessions)) as pool:
        list(pool.map(one, range(0, len(texts), share)))
    return out


def candidates(job, words):
    """(precision, name) -> {how: function of texts}. How is said in words."""
    out = {}
    for p in job.precisions:
        if engines.Constformer.has(job.library, job.model, p):
            ways = {}
            for tokens in TOKENS:
                ours = engines.Constformer(job.library, job.model, p, job.env, job.threads, tokens)
                ways[f"{tokens} tokens a forward"] = lambda texts, ours=ours: ours.prepare_texts(texts)()
                if job.threads > 1:
                    alone = [engines.Constformer(job.library, job.model, p, job.env, 1, tokens) for _ in range(job.threads)]
                    ways[f"{tokens} tokens a forward, side by side"] = lambda texts, alone=alone: our_pass(alone, texts)
            out[p, OURS] = ways
    for workers in (1, job.threads) if job.threads > 1 else (1,):
        for name, p, kind, path in engines.peers(job.model, job.env, job.precisions, job.torch and workers == 1):
            try:
                engine = kind(name, p, path, job.threads, workers)
            except RuntimeError:
                continue
            engine.width = job.model.width
            for size in BATCHES:
                how = f"batches of {size}" + (", side by side" if workers > 1 else "")
                out.setdefault((p, name), {})[how] = lambda texts, e=engine, s=size, w=workers: peer_pass(e, words, texts, s, w)
    return out


def run(job):
    words, texts = inputs.tokenizer(job.model.checkpoint(job.env)), inputs.mixed()
    few, every = texts[::8], candidates(job, words)
    result = {"model": job.model.title, "texts": len(texts), "tokens": sum(map(len, inputs.encode(words, texts))),
              "begins": load(), "engines": {}}
    best = {}
    for (p, name), ways in every.items():
        speeds = {}
        for how, do in ways.items():
            do(few[:32])
            start = job.rounds.clock()
            do(few)
            speeds[how] = len(few) / (job.rounds.clock() - start)
        how = max(speeds, key=speeds.get)
        best[p, name] = ways[how]
        result["engines"].setdefault(p, {})[name] = {"how": how, "swept": speeds}
        job.say(f"{name} {p}: {how}")
    for p in job.precisions:
        speeds = {name: max(each["swept"].values()) for name, each in result["engines"].get(p, {}).items() if name != OURS}
        for name in sorted(speeds, key=speeds.get)[:-RUNNERS]:
            del best[p, name]
    times, answers = {key: [] for key in best}, {}
    for turn in range(PASSES):
        for key, do in best.items():
            time.sleep(job.rounds.rest)
            start = job.rounds.clock()
            answers[key] = do(texts)
            times[key].append(job.rounds.clock() - start)
        job.say(f"pass {turn + 1} of {PASSES}")
    wanted = answers.get(("f32", OURS))
    for (p, name), seconds in times.items():
        figures = result["engines"][p][name]
        figures["texts_per_s"] = len(texts) / summary(seconds)["median_ms"] * 1e3
        if wanted is not None:
            cosines = (answers[p, name] * wanted).sum(1)
            figures["cosine_mean"], figures["cosine_min"] = float(cosines.mean()), float(cosines.min())
    for p, figures in result["engines"].items():
        peers = {name: each["texts_per_s"] for name, each in figures.items() if name != OURS and "texts_per_s" in each}
        accurate = {name: speed for name, speed in peers.items() if figures[name].get("cosine_mean", 0) >= ACCURATE}
        for field, among in (("ratio", peers), ("ratio_accurate", accurate)):
            if OURS in figures and among:
                figures[OURS][field] = figures[OURS]["texts_per_s"] / max(among.values())
    result["ends"] = load()
    return result


def text(result):
    lines = [f"{result['model']}: {result['texts']} texts of mixed length, {result['tokens']} tokens, tokenizing included; "
             f"load {result['begins']} to {result['ends']}", f"  {'':36}{'texts/s':>9}{'cosine':>9}"]
    for p, figures in result["engines"].items():
        ran = [(name, each) for name, each in figures.items() if "texts_per_s" in each]
        for name, each in sorted(ran, key=lambda pair: -pair[1]["texts_per_s"]):
            ratio = f"   {each['ratio']:.2f} times the fastest peer" if "ratio" in each else ""
            ratio += f", {each['ratio_accurate']:.2f} times the fastest accurate one" if "ratio_accurate" in each else ""
            cosine = f"{each['cosine_mean']:9.4f}" if "cosine_mean" in each else f"{'':9}"
            lines.append(f"  {p:5}{name:31}{each['texts_per_s']:9.0f}{cosine}   {each['how']}{ratio}")
    return "\n".join(lines)
