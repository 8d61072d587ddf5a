#!/usr/bin/env python3
"""all-MiniLM-L6-v2 in headless Chromium: Constformer and onnxruntime-web, on one page, in turns, on the same ids.

  bench/run web                      f32, one thread, 8 to 256 tokens
  bench/run web --precision i8       int8 instead; every graph that onnxruntime quantizes
  bench/run web --threads 2          as many threads for every engine, beside one thread of ours
  bench/run web --native             instead: WebAssembly under Node against a program of 128-bit registers (SSE4.2)
  bench/run web --start              from the opening of a page to the first embedding, nothing kept from earlier visits
  bench/run web --tokens 16,128      other lengths
  bench/run web --rounds 40          more turns
  bench/run web --json FILE          the figures for machines as well
  bench/run web --prepare            only installs the peer, for the race on the page that tools/site puts together

The first run installs onnxruntime-web (its version is pinned in package.json) and exports the model to ONNX, as
`bench/run peers` does; both stay in build/peers. onnxruntime-web runs the plain graph with all of its optimizations, and the
graph that onnxruntime's own transformer optimizer has fused, in int8 each with a scale a tensor and a scale a channel; the
fastest one counts, whatever its accuracy. All engines run on the page's own thread (and its helpers). A round runs every
engine twice on the same ids and times the second; figures are medians in milliseconds, the whole call in JavaScript.
`ratio` is onnxruntime-web's time divided by ours: above 1 we are faster.
"""

import argparse
import json
import pathlib
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import native  # noqa: E402
import project  # noqa: E402

PLACE = project.BUILD / "peers"
PACKAGES = PLACE / "npm"
GRAPHS = {"f32": ["plain", "fused"], "i8": ["plain-tensor", "plain-channel", "fused-tensor", "fused-channel"]}


def prepare(env):
    """The page's engine, the driver of the browser, onnxruntime-web and its models."""
    print("building the page", file=sys.stderr, flush=True)
    project.quiet([project.ROOT / "tools/site"], "tools/site", env=env, cwd=project.ROOT)
    print("looking for the model as ONNX", file=sys.stderr, flush=True)
    project.quiet([sys.executable, HERE.parent / "run", "peers", "--prepare", "onnx"], "bench/run peers", env=env)
    wanted = (HERE / "package.json").read_text()
    kept = PACKAGES / "package.json"
    if not kept.exists() or kept.read_text() != wanted or not (PACKAGES / "node_modules/onnxruntime-web").exists():
        print("installing onnxruntime-web (once)", file=sys.stderr, flush=True)
        PACKAGES.mkdir(parents=True, exist_ok=True)
        kept.write_text(wanted)
        project.quiet(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"], "npm install",
                      env=env, cwd=PACKAGES)


def engine(precision, env):
    """Our model for the web in this precision, compiled by the tool that users have: (folder, name)."""
    if precision == "f32":
        return project.BUILD / "site/engine", "minilm_l6"
    folder = PLACE / f"web_{precision}"
    print(f"compiling the model in {precision}", file=sys.stderr, flush=True)
    project.quiet([project.ROOT / "tools/constformer", "compile", env["CONSTFORMER_WEIGHTS"], "-o", folder, "--target", "wasm",
                   "--precision", precision], "tools/constformer", env=env)
    return folder, folder.name


def drive(folder, job, env):
    return project.in_chromium({"/": HERE, "/engine/": folder, "/ort/": PACKAGES / "node_modules/onnxruntime-web/dist",
                                "/graphs/": PLACE / "minilm_l6/onnx"}, {"script": "race.mjs", "name": "race", **job}, env)


def show_race(found, chosen):
    threads = "one thread" if chosen.threads == 1 else f"{chosen.threads} threads"
    print(f"{found['browser']}, all-MiniLM-L6-v2 {chosen.precision}, {threads}, ms: median / best (cosine to f32)")
    names = [*found["own"], *found["graphs"]]
    titles = {"threads": f"{chosen.threads} threads", **{name: f"ort {name}" for name in found["graphs"]}}
    print(f"{'tokens':>6}" + "".join(f"{titles.get(name, name):>26}" for name in names) + f"{'ratio':>7}")
    for row in found["rows"]:
        cells = "".join(f"{each['median']:10.2f} /{each['min']:7.2f} ({each['cosine']:.3f})"
                        for each in (row["engines"][name] for name in names))
        print(f"{row['tokens']:6}{cells}{row['ratio']:7.2f}")


def show_start(found):
    print(f"{found['browser']}, from the opening of a page to the first embedding, ms: median (best); also of a page "
          "with nothing,\nof ours until the engine is ready, and until its weights have come to a page that does nothing with them")
    for name, times in found["starts"].items():
        print(f"  {name:28}{statistics.median(times):8.0f} ({min(times):.0f})")


def main():
    parser = argparse.ArgumentParser(prog="bench/run web", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", default="8,16,32,64,128,256", help="comma-separated lengths, at most 256")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--precision", default="f32", choices=GRAPHS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--start", action="store_true", help="time the start instead")
    parser.add_argument("--native", action="store_true", help="WebAssembly against a program of 128-bit registers instead")
    parser.add_argument("--prepare", action="store_true", help="only install onnxruntime-web and export its models")
    parser.add_argument("--json", metavar="FILE", help="write the figures there; - is standard output, without the table")
    chosen = parser.parse_args()
    env = project.environment()
    if chosen.native:
        chosen.rounds = min(chosen.rounds, 7)
        found = native.measure(chosen, env)
        print(json.dumps(found, indent=2)) if chosen.json == "-" else native.show(found, chosen)
        return
    prepare(env)
    if chosen.prepare:
        return
    folder, name = engine(chosen.precision, env)
    graphs = GRAPHS[chosen.precision]
    if chosen.start:
        found = drive(folder, {"rounds": chosen.rounds, "visits": [
            {"name": f"Constformer {chosen.precision}", "engine": name},
            {"name": "  an empty page", "engine": name, "until": "page"},
            {"name": "  its engine alone", "engine": name, "until": "engine"},
            {"name": "  its bytes alone", "engine": name, "until": "bytes"},
            *({"name": f"onnxruntime-web {graph}", "graph": graph} for graph in graphs)]}, env)  # fmt: skip
    else:
        found = drive(folder, {"engine": name, "graphs": graphs, "exact": "plain", "rounds": chosen.rounds,
                               "threads": chosen.threads, "lengths": [int(word) for word in chosen.tokens.split(",")]}, env)
        least = min(each["cosine"] for row in found["rows"] for each in map(row["engines"].get, found["own"]))
        if not least > {"f32": 0.99999, "i8": 0.98}[chosen.precision]:
            project.stop(f"our embeddings differ from onnxruntime-web's: cosine {least}")
    if chosen.json == "-":
        print(json.dumps(found, indent=2))
        return
    show_start(found) if chosen.start else show_race(found, chosen)
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
