"""The same in headless Chromium: our module and wllama on one page, in turns. Both write behind prompts of about as many
tokens, from a text that each cuts into tokens itself; times are those that each engine reports of itself, without what a page
does with the text."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import project  # noqa: E402


def measure(weights, folder, precision, packages, chosen, env):
    print(f"compiling {folder.name}", file=sys.stderr, flush=True)
    project.quiet([project.ROOT / "tools/constformer", "compile", weights, "-o", folder, "--target", "wasm", "--precision",
                   precision], "tools/constformer", env=env)
    folders = {"/": HERE, "/engine/": folder, "/wllama/": packages / "@wllama/wllama/esm", "/model/": weights.parent,
               "/text/": project.ROOT / "data"}
    job = {"script": "page.mjs", "name": "race", "engine": folder.name, "gguf": weights.name, "lengths": chosen.lengths,
           "rounds": chosen.rounds, "threads": chosen.threads}
    return project.in_chromium(folders, job, env)


def show(found, chosen):
    threads = "one thread" if chosen.threads == 1 else f"{chosen.threads} threads"
    browser = next(iter(found.values()))["browser"]
    print(f"{browser}, SmolLM2-135M-Instruct, {threads}, tokens a second (of a prompt; then of what is written behind it)")
    print(f"{'blocks':8}{'step':>9}{'tokens':>8}{'ours':>9}{'wllama':>9}{'ratio':>7}")
    for form, one in found.items():
        for row in one["rows"]:
            ours, theirs = row["ours"], row["wllama"]
            print(f"{form:8}{row['step']:>9}{row['tokens']:8}{ours:9.1f}{theirs:9.1f}{ours / theirs:7.2f}")
