"""The same model in WebAssembly, under Node, and as a program of 128-bit registers, in turns: what WebAssembly costs."""

import json
import statistics
import subprocess
import sys

import project

PLACE = project.BUILD / "peers/web_native"
BUILDS = {"native sse4_2": ["-msse4.2"], "wasm simd128": ["-msimd128"], "wasm relaxed": ["-msimd128", "-mrelaxed-simd"]}


def build(env):
    """bench/models for each: the same sources, the same level."""
    PLACE.mkdir(parents=True, exist_ok=True)
    programs = {}
    for name, flags in BUILDS.items():
        print(f"building {name}", file=sys.stderr, flush=True)
        common = ["-std=c++20", "-O3", "-fno-rtti", "-DFMT_HEADER_ONLY", *flags, "-isystem", env["CONSTFORMER_WASM_HEADERS"],
                  f"-I{project.ROOT / 'include'}", f"-I{project.ROOT}", project.ROOT / "bench/models/models.cpp",
                  project.ROOT / "kernels/minilm_l6.cpp", "-o"]  # fmt: skip
        out = PLACE / name.replace(" ", "_")
        if name.startswith("native"):
            project.quiet(["g++", *common, out, "-pthread"], "g++", env=env)
            programs[name] = [out]
        else:
            out = out.with_suffix(".js")
            project.quiet(["em++", *common, out, "-sALLOW_MEMORY_GROWTH", "-sENVIRONMENT=node", "-sSTACK_SIZE=1MB", "-sMALLOC=emmalloc"],
                          "em++", env=env)  # fmt: skip
            programs[name] = ["node", out]
    return programs


def measure(chosen, env):
    """Milliseconds of each program, a median of `rounds` processes that take turns: {tokens: {name: ms}}."""
    programs = build(env)
    found = {}
    for _ in range(chosen.rounds):
        for name, command in programs.items():
            said = subprocess.run([str(word) for word in command] + ["--json", "--threads", "1", "--rounds", "3", "--tokens", chosen.tokens,
                                  "--precision", chosen.precision], env=env, check=True, stdout=subprocess.PIPE, text=True).stdout  # fmt: skip
            for row in json.loads(said)["results"]:
                found.setdefault(row["tokens"], {}).setdefault(name, []).append(row["min_ms"])
    return {tokens: {name: statistics.median(times) for name, times in row.items()} for tokens, row in found.items()}


def show(found, chosen):
    print(f"all-MiniLM-L6-v2 {chosen.precision}, random weights, one thread, ms; `share`: the program's time in WebAssembly's "
          "with relaxed SIMD")  # fmt: skip
    print(f"{'tokens':>6}" + "".join(f"{name:>16}" for name in BUILDS) + f"{'share':>8}")
    for tokens, row in found.items():
        share = row["native sse4_2"] / row["wasm relaxed"]
        print(f"{tokens:6}" + "".join(f"{row[name]:16.2f}" for name in BUILDS) + f"{share:8.0%}")
