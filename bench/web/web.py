#!/usr/bin/env python3
"""all-MiniLM-L6-v2 in headless Chromium: Constformer and onnxruntime-web, on one page, in turns, on the same ids.

  bench/run web                      one thread, 8 to 256 tokens
  bench/run web --tokens 16,128      other lengths
  bench/run web --rounds 40          more turns
  bench/run web --json FILE          the figures for machines as well
  bench/run web --prepare            only installs the peer, for the race on the page that tools/site puts together

The first run installs onnxruntime-web (its version is pinned in package.json) and exports the model to ONNX, as
`bench/run peers` does; both stay in build/peers. onnxruntime-web runs the plain graph with all of its optimizations, and the
graph that onnxruntime's own transformer optimizer has fused; the faster one counts. All engines run on the page's own
thread. A round runs every engine twice on the same ids and times the second; figures are medians in milliseconds, the
whole call in JavaScript. `ratio` is onnxruntime-web's time divided by ours: above 1 we are faster.
"""

import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import project  # noqa: E402

PLACE = project.BUILD / "peers"
PACKAGES = PLACE / "npm"
MODELS = [PLACE / "minilm_l6/onnx/plain.onnx", PLACE / "minilm_l6/onnx/fused.onnx"]


def prepare(env):
    """The page's engine, the driver of the browser, onnxruntime-web and its models."""
    driver = project.ROOT / "tests/web/node_modules/playwright-core"
    if not driver.exists():
        project.stop(f"{driver.relative_to(project.ROOT)} is missing: run tools/setup")
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


def main():
    parser = argparse.ArgumentParser(description="all-MiniLM-L6-v2 in Chromium, beside onnxruntime-web")
    parser.add_argument("--tokens", default="8,16,32,64,128,256", help="comma-separated lengths, at most 512")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--prepare", action="store_true", help="only install onnxruntime-web and export its models")
    parser.add_argument("--json", metavar="FILE", help="write the figures there; - is standard output, without the table")
    chosen = parser.parse_args()
    env = project.environment()
    prepare(env)
    if chosen.prepare:
        return
    command = ["node", HERE / "drive.mjs", project.BUILD / "site", PACKAGES / "node_modules/onnxruntime-web/dist", *MODELS,
               chosen.tokens, str(chosen.rounds)]
    done = subprocess.run([str(word) for word in command], env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        project.stop("the page failed")
    found = json.loads(done.stdout)
    if chosen.json == "-":
        print(json.dumps(found, indent=2))
        return
    print(f"{found['browser']}, all-MiniLM-L6-v2 f32, one thread, ms (median / best)")
    head = ["tokens", "relaxed", "simd128", "onnxruntime-web", "its fused graph", "ratio"]
    print("  ".join(f"{word:>15}" for word in head))
    for row in found["rows"]:
        cells = [str(row["tokens"])] + [f"{row[name]['median']:.2f} / {row[name]['min']:.2f}"
                                        for name in ("relaxed", "simd128", "plain", "fused")]
        print("  ".join(f"{word:>15}" for word in [*cells, f"{row['ratio']:.2f}"]))
    print(f"least cosine to onnxruntime-web's embeddings: {found['cosine']:.7f}")
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
