"""Where things are and how they are built, for the scripts of bench/."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"


def stop(why):
    sys.exit(f"bench: {why}")


def environment():
    """The environment that tools/setup has prepared: compilers, weights, WebAssembly headers."""
    if not (BUILD / "env").exists():
        stop("build/env is missing: run tools/setup first")
    said = subprocess.run(["sh", "-c", ". build/env && env -0"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(line.split("=", 1) for line in said.split("\0") if "=" in line)


def quiet(command, what, **more):
    """A command whose output is only shown when it fails; returns what it printed."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    if done.returncode != 0:
        sys.stderr.write("\n".join(done.stdout.splitlines()[-40:]) + "\n")
        stop(f"{what} failed")
    return done.stdout


def built(name, target, env):
    """Brings one target of a build that tools/build knows up to date, and returns its path."""
    print(f"building {target} of build/{name}", file=sys.stderr, flush=True)
    quiet([ROOT / "tools/build", name, target], "the build", env=env)
    return BUILD / name / target


def native(target, env):
    """The same for this machine, by the compiler that bench/run was asked for."""
    return built(env.get("CONSTFORMER_BENCH_BUILD", "native"), target, env)


def in_chromium(folders, job, env):
    """What a page measured: see web/drive.mjs."""
    if not (ROOT / "tests/web/node_modules/playwright-core").exists():
        stop("tests/web/node_modules/playwright-core is missing: run tools/setup")
    command = ["node", ROOT / "bench/web/drive.mjs", json.dumps({path: str(folder) for path, folder in folders.items()}),
               json.dumps(job)]
    done = subprocess.run([str(word) for word in command], env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        stop("the page failed")
    return json.loads(done.stdout)
