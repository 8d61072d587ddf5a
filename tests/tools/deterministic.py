#!/usr/bin/env python3
"""The deterministic build: the same SHA-256 of every output on every instruction set that runs here, in WebAssembly, and with
one thread and two."""

import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "tests/deterministic/digest.cpp"
FLAGS = ["-std=c++20", "-O1", "-DCONSTFORMER_DETERMINISTIC", "-ffp-contract=off", f"-I{ROOT / 'include'}", f"-I{ROOT}"]


def output(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit code {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def instruction_sets():
    """Name and flags of each of this architecture's instruction sets."""
    machine = os.uname().machine
    for line in (ROOT / "kernels/isas.txt").read_text().splitlines():
        words = line.split()
        if line.startswith("#") or len(words) < 2:
            continue
        if words[1] == machine:
            yield words[0], ["g++", *(word for word in words if word.startswith("-"))]


def digests(name, compiler, folder):
    """SHA-256 of what a build prints, by the number of threads; nothing where this processor lacks the instructions."""
    program = folder / name
    headers = output("pkg-config", "--cflags", "xsimd").decode().split()
    output(*compiler, *FLAGS, *headers, "-pthread", SOURCE, "-o", program)
    found = {}
    for threads in (1, 2):
        try:
            said = output(program, threads)
        except RuntimeError as why:
            if "exit code -4" in str(why):  # an illegal instruction
                return {}
            raise
        found[f"{name}, {threads} thread(s)"] = (hashlib.sha256(said).hexdigest(), said.count(b"\n"))
    return found


def web(folder):
    program = folder / "digest.js"
    output("em++", *FLAGS, "-msimd128", "-isystem", os.environ["CONSTFORMER_WASM_HEADERS"], "-sALLOW_MEMORY_GROWTH=1",
           "-sSTACK_SIZE=1MB", SOURCE, "-o", program)
    said = output("node", program)
    return {"wasm_simd128": (hashlib.sha256(said).hexdigest(), said.count(b"\n"))}


def main():
    with tempfile.TemporaryDirectory(prefix="constformer-") as name, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = pathlib.Path(name)
        jobs = [pool.submit(digests, *one, folder) for one in instruction_sets()] + [pool.submit(web, folder)]
        found = {}
        for job in jobs:
            found.update(job.result())
    passed = failed = 0
    wanted = found["wasm_simd128"]
    for title, one in found.items():
        good = one == wanted and one[1] > 100_000
        print(f"{'ok' if good else 'FAILED'} {title}: {one[0]} of {one[1]} numbers")
        passed, failed = passed + good, failed + (not good)
    if len(found) < 3:
        print(f"FAILED only {len(found)} builds could run")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
