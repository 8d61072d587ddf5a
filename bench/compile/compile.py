#!/usr/bin/env python3
"""What compiling costs, and what the result weighs, against the project's budgets.

  bench/run compile            a table
  bench/run compile --json     the same for machines
  bench/run compile --check    only what is over budget
  bench/run compile --decoder  only what tools/constformer compiles of SmolLM2-135M by g++ (half a minute; no test runs it)
  bench/run compile --sizes    only what the WebAssembly engines weigh, and what a page loads of onnxruntime-web,
                               transformers.js and wllama (installed by the first run; their versions are pinned in peers.json)

Exits with 1 if something is over budget. Seconds are processor time, so that a busy machine changes nothing.
"""

import argparse
import concurrent.futures
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from project import ROOT, built, environment, quiet, stop  # noqa: E402

# The budgets. A larger one needs a reason in its commit.
SECONDS, MEGABYTES = 10, 600  # of each kernel source with each compiler
ALL_SECONDS = 120  # of all kernels that a program of every instruction set holds, by one compiler
DECODER_SECONDS = 50  # of all that tools/constformer compiles of a decoder: on two processors 30 s with the rest
ENGINE_KIB, ATTENTION_KIB = 60, 20  # of WebAssembly after brotli; the engine's JavaScript included
WRITING_KIB = 146  # 150 KB, of an engine that writes, its tokenizer included
UNITS = {"seconds": "s", "megabytes": "MB", "brotli_kib": "KiB after brotli"}


def compilers(env):
    """Each compiler's command up to the source."""
    common = ["-std=c++20", "-O3", "-fno-exceptions", "-fno-rtti", "-I" + str(ROOT / "include"), "-I" + str(ROOT)]
    simd = quiet(["pkg-config", "--cflags", "xsimd"], "pkg-config --cflags xsimd", env=env).split()
    web = ["-msimd128", "-isystem", env["CONSTFORMER_WASM_HEADERS"]]
    return {
        "g++": ["g++", *common, "-march=native", *simd],
        "clang++": [env.get("CLANGXX") or "clang++", *common, "-march=native", *simd],
        "em++": ["em++", *common, *web],
        "em++ relaxed": ["em++", *common, *web, "-mrelaxed-simd"],
    }


def instruction_sets():
    """{name: flags} of this architecture's instruction sets in kernels/isas.txt."""
    lines = [line.split() for line in (ROOT / "kernels/isas.txt").read_text().splitlines() if line and line[0] != "#"]
    return {name: flags for name, cpu, *flags in lines if cpu == os.uname().machine}


def compile_one(command, source, env, folder):
    """Compiles a source by itself: processor seconds and peak megabytes of the largest process."""
    place = pathlib.Path(tempfile.mkdtemp(dir=folder))
    with open(place / "said", "w+") as said:
        child = subprocess.Popen([*command, "-c", str(source), "-o", str(place / "out.o")], env=env, stdin=subprocess.DEVNULL,
                                 stdout=said, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            said.seek(0)
            sys.stderr.write(said.read())
            stop(f"{command[0]} does not compile {source.relative_to(ROOT)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def brotli_bytes(path, env):
    return len(subprocess.run(["brotli", "--best", "--stdout", str(path)], env=env, check=True, stdout=subprocess.PIPE).stdout)


def attention(command, env, folder):
    """The module of attention alone."""
    out = folder / "attention.wasm"
    quiet([*command, pathlib.Path(__file__).with_name("attention.cpp"), "--no-entry", "-o", out, "-sSTANDALONE_WASM",
           "-sALLOW_MEMORY_GROWTH", "-sMALLOC=emmalloc"], "linking the attention module", env=env)
    return out


def engines(env):
    """Name and files of each WebAssembly engine: the module and the JavaScript that loads it."""
    for name in ("wasm", "wasm-relaxed", "wasm-threads"):
        yield name, [built(name, "wasm/minilm_l6.wasm", env), ROOT / "wasm/constformer.mjs"]


def writers(env, folder):
    """The same of each kind of model that writes: its package's module with relaxed SIMD, and its JavaScript."""
    for name, checkpoint in (("chat", "tests/golden/llama_chat"), ("translation", "data/dates")):
        out = folder / name
        quiet([ROOT / "tools/constformer", "compile", ROOT / checkpoint, "-o", out, "--target", "wasm", "--march", "relaxed", "-q"],
              f"compiling {checkpoint}", env=env)  # fmt: skip
        module = next(out.glob("*.relaxed.wasm"))  # (not every name may be one in C++)
        yield name, [module, out / module.name.replace(".relaxed.wasm", ".mjs")]


def measure(env):
    """All results: name, figures, and the budget of each figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        all_compilers = compilers(env)
        dispatched = ROOT / "kernels/dispatched.cpp"
        models = [source for source in sorted((ROOT / "kernels").glob("*.cpp")) if source != dispatched]
        jobs = [(source, title, command) for source in models for title, command in all_compilers.items()]
        isas = instruction_sets()
        for source in models:
            for title in ("g++", "clang++"):
                for isa, flags in isas.items():
                    command = [word for word in all_compilers[title] if word != "-march=native"]
                    jobs.append((dispatched, f"{title} {isa}", [
                        *command, *flags, f'-DCONSTFORMER_MODEL_HEADER="kernels/{source.stem}.hpp"', f"-DCONSTFORMER_FOR={isa}",
                        f"-DCONSTFORMER_MODEL=bert<{source.stem}>", "-DCONSTFORMER_ISAS=" + ",".join(isas)]))  # fmt: skip
        total = dict.fromkeys(("g++", "clang++"), 0.0)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            costs = pool.map(lambda job: compile_one(job[2], job[0], env, folder), jobs)
            for (source, title, _), (seconds, megabytes) in zip(jobs, costs):
                yield {"what": f"kernels/{source.name}", "by": title, "seconds": round(seconds, 2),
                       "megabytes": round(megabytes), "budget": {"seconds": SECONDS, "megabytes": MEGABYTES}}
                if source == dispatched:
                    total[title.split()[0]] += seconds
        for title, seconds in total.items():
            yield {"what": "all kernels, every instruction set", "by": title, "seconds": round(seconds, 2),
                   "budget": {"seconds": ALL_SECONDS}}
        yield from sizes(env)


def decoder(env):
    """SmolLM2-135M as tools/constformer compiles it: the program's own source, and the kernels of each instruction set."""
    sys.path.insert(0, str(ROOT / "tools/compiler"))
    import build as checkpoints  # its flags and instruction sets are what is measured

    header, tools = pathlib.Path(__file__).with_name("smollm2.hpp"), checkpoints.Tools(print)
    isas = checkpoints.instruction_sets(tools, "g++", "all", "q4")
    common = [*checkpoints.common(tools, "g++"), "-DCONSTFORMER_ISAS=" + ",".join(isas)]
    program = [*common, *checkpoints.LIGHT, f"-I{ROOT / 'tools/compiler'}", f'-DCONSTFORMER_HEADER="{header}"',
               "-DCONSTFORMER_CHECKPOINT=checkpoints::smollm2", '-DCONSTFORMER_COMMANDS="commands/causal.hpp"',
               '-DCONSTFORMER_FORWARD="decoder.hpp"']  # fmt: skip
    jobs = [("program", program, ROOT / "tools/compiler/program.cpp")]
    jobs += [(isa, [*common, "-fno-exceptions", "-fno-rtti", f'-DCONSTFORMER_MODEL_HEADER="{header}"', "-DCONSTFORMER_MODEL=checkpoints::smollm2::model",
                    f"-DCONSTFORMER_FOR={isa}", *flags], ROOT / "kernels/dispatched.cpp") for isa, flags in isas.items()]  # fmt: skip
    total = 0.0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (title, _, _), (seconds, megabytes) in zip(jobs, pool.map(lambda job: compile_one(job[1], job[2], env, folder), jobs)):
            yield {"what": "SmolLM2-135M, q4", "by": f"g++ {title}", "seconds": round(seconds, 2), "megabytes": round(megabytes), "budget": {}}
            total += seconds
    yield {"what": "SmolLM2-135M, q4, all of it", "by": "g++", "seconds": round(total, 2), "budget": {"seconds": DECODER_SECONDS}}


def sizes(env):
    """What attention alone and the engines weigh."""
    with tempfile.TemporaryDirectory() as name:
        for title in ("em++", "em++ relaxed"):
            module = attention(compilers(env)[title], env, pathlib.Path(name))
            yield weigh("attention alone", title, [module], env, ATTENTION_KIB)
        for kind, files in writers(env, pathlib.Path(name)):
            yield weigh(f"{kind} engine, JavaScript included", "wasm-relaxed", files, env, WRITING_KIB)
    for name, files in engines(env):
        yield weigh("MiniLM engine, JavaScript included", name, files, env, ENGINE_KIB)


def peers(env):
    """What a page loads of others to do the same: their JavaScript, minified, and the module that it asks for."""
    place = ROOT / "build/peers/sizes"
    wanted = pathlib.Path(__file__).with_name("peers.json").read_text()
    kept = place / "package.json"
    if not kept.exists() or kept.read_text() != wanted or not (place / "node_modules").exists():
        print("installing onnxruntime-web, transformers.js and wllama (once)", file=sys.stderr, flush=True)
        place.mkdir(parents=True, exist_ok=True)
        kept.write_text(wanted)
        quiet(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"], "npm install", env=env, cwd=place)
    there = place / "node_modules"
    ort = there / "onnxruntime-web/dist"
    for name, files in {
        "onnxruntime-web": [ort / "ort.wasm.min.mjs", ort / "ort-wasm-simd-threaded.mjs", ort / "ort-wasm-simd-threaded.wasm"],
        "@huggingface/transformers": [there / "@huggingface/transformers/dist/transformers.min.js",
                                      *(ort / f"ort-wasm-simd-threaded.asyncify.{kind}" for kind in ("mjs", "wasm"))],
        "@wllama/wllama": [there / "@wllama/wllama/esm/index.min.js", there / "@wllama/wllama/esm/wasm/wllama.wasm"],
    }.items():  # fmt: skip
        yield weigh(name, json.loads(wanted)["dependencies"][name], files, env)


def weigh(what, by, files, env, budget=None):
    return {"what": what, "by": by, "raw_kib": round(sum(file.stat().st_size for file in files) / 1024, 1),
            "gzip_kib": round(sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) / 1024, 1),
            "brotli_kib": round(sum(brotli_bytes(file, env) for file in files) / 1024, 1),
            "budget": {"brotli_kib": budget} if budget else {}}


def over(result):
    return [f"{result['what']} by {result['by']}: {result[key]} {UNITS[key]}, the budget is {most}"
            for key, most in result["budget"].items() if result[key] > most]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument("--check", action="store_true", help="print only what is over budget")
    parser.add_argument("--sizes", action="store_true", help="only the bytes of the engines, and those of others")
    parser.add_argument("--decoder", action="store_true", help="only a decoder's program, as tools/constformer compiles it")
    wanted = parser.parse_args()
    env = environment()
    for tool in ("brotli", "em++"):
        if not shutil.which(tool, path=env["PATH"]):
            stop(f"{tool} is missing: run tools/setup")
    results = [*sizes(env), *peers(env)] if wanted.sizes else list(decoder(env) if wanted.decoder else measure(env))
    problems = [problem for result in results for problem in over(result)]
    if wanted.json:
        print(json.dumps({"bench": "compile", "results": results, "over_budget": problems}, indent=2))
    elif not wanted.check:
        print(f"{'':36} {'by':14} {'CPU s':>6} {'MB':>5} {'KiB raw':>8} {'gzip':>7} {'brotli':>7}   budget")
        for r in results:
            budget = ", ".join(f"{most} {UNITS[key]}" for key, most in r["budget"].items())
            print(f"{r['what']:36} {r['by']:14} {r.get('seconds', ''):>6} {r.get('megabytes', ''):>5} "
                  f"{r.get('raw_kib', ''):>8} {r.get('gzip_kib', ''):>7} {r.get('brotli_kib', ''):>7}   {budget}".rstrip())
    for problem in problems:
        print(f"over budget: {problem}", file=sys.stderr)
    return 1 if problems else 0


sys.exit(main())
