"""y = x W in f32, one thread, through Constformer, OpenBLAS, oneDNN and Eigen: weights hot in cache, and cycled through 40 MB.
The libraries are the system's own; the program that is linked with them is built only for this."""

import json
import os
import subprocess

from models import project
from rounds import load

PACKAGES = {"dnnl.hpp": "libdnnl-dev", "cblas.h": "libopenblas-dev", "eigen3/Eigen/Core": "libeigen3-dev"}
OURS = "Constformer"


def check():
    missing = [package for header, package in PACKAGES.items() if subprocess.run(
        ["g++", "-E", "-x", "c++", "-include", header, os.devnull, "-o", os.devnull], stderr=subprocess.DEVNULL).returncode]
    if missing:
        project.stop(f"--matmul compares with system libraries that are missing: apt-get install {' '.join(missing)}")


def run(job):
    check()
    program = project.native("bench/peers-matmul", job.env)
    # One thread each, and none of a machine's settings that force OpenBLAS to another kernel.
    env = {name: value for name, value in job.env.items() if not name.startswith("OPENBLAS_")}
    env.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    words = [str(program), str(job.rounds.count), *(["cpu-time"] if job.cpu_time else [])]
    begins = load()
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        project.stop("peers-matmul failed")
    result = {"begins": begins, "ends": load(), **json.loads(done.stdout)}
    for row in result["results"]:
        speeds = {name: each["gflops"] for name, each in row["engines"].items()}
        row["fastest"] = max((name for name in speeds if name != OURS), key=speeds.get)
        row["ratio"] = speeds[OURS] / speeds[row["fastest"]]
        row["share_of_peak"] = speeds[OURS] / row["peak_gflops"]
    return result


def text(result):
    names = list(result["results"][0]["engines"])
    lines = [f"f32 matmul, one thread, {result['compiler']}, GFLOP/s of medians: OpenBLAS {result['openblas'].split()[1]} "
             f"({result['openblas_core']}), oneDNN {result['onednn']}, Eigen {result['eigen']}; "
             f"load {result['begins']} to {result['ends']}",
             f"{'M, K, N':>15} {'weights':>8}" + "".join(f"{name:>15}" for name in names) + f"{'peak':>8}{'of it':>7}{'ratio':>7}"]
    for row in result["results"]:
        shape = f"{row['rows']}, {row['depth']}, {row['columns']}"
        cells = "".join(f"{each['gflops']:15.1f}" for each in row["engines"].values())
        lines.append(f"{shape:>15} {row['weights']:>8}{cells}"
                     f"{row['peak_gflops']:8.1f}{row['share_of_peak']:7.0%}{row['ratio']:7.2f}")
    return "\n".join(lines)
