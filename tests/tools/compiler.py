#!/usr/bin/env python3
"""Tests tools/constformer: compiles the tiny checkpoints of tests/golden and asks the programs everything they offer.

  tests/tools/compiler.py [--keep FOLDER] [--wasm]

One line a test; the last line is the sum: N passed, N failed. --keep leaves the programs in FOLDER and, where it holds
them already, does not compile them again. --wasm compiles for the browser too.
"""

import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
COMPILER = ROOT / "tools" / "constformer"
RELATIVES = ["roberta_masked_lm", "roberta_answer", "roberta_sequence", "xlm_roberta_rerank", "distilbert_sequence", "mpnet_w36_h3", "albert_w36_h3",
             "xlnet_sequence", "xlnet_answer", "gpt2_sequence", "muse_w24_h2"]
CASES = ["bert_w36_h3", "bert_masked_lm_untied", "bert_sequence", "bert_token", "bert_answer", *RELATIVES, "llama_chat", "marian_w27_h3", "dates", "agreement", "prose"]
CHECKPOINTS = {name: ROOT / "data" / name for name in ("dates", "agreement", "prose")}  # what does not lie in GOLDEN
ONE, FEW = ["--march", "sse4_2"], ["--march", "sse4_2,avx2"]  # instruction sets that one program holds
SEVERAL = {"bert_sequence": FEW, "bert_token": FEW, "llama_chat": FEW, "marian_w27_h3": FEW, "bert_answer": []}  # of the others ONE
ALL = "bert_answer"  # (all that there are, as it is without an option)
FORMATS = {"I64": ("q", 8), "I32": ("i", 4), "F32": ("f", 4)}
TOLERANCE = 2e-5  # relative to the largest value of a tensor: float against float, summed in another order


# --- safetensors, as small as it gets -----------------------------------------------------------------------------------

def read(path):
    """{name: (dtype, shape, values)}"""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    body, tensors = data[8 + length:], {}
    for name, about in json.loads(data[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = about["data_offsets"]
            letter, size = FORMATS[about["dtype"]]
            values = struct.unpack(f"<{(end - begin) // size}{letter}", body[begin:end])
            tensors[name] = (about["dtype"], about["shape"], values)
    return tensors


def write(path, tensors):
    header, body = {}, b""
    for name, (dtype, shape, values) in tensors.items():
        part = struct.pack(f"<{len(values)}{FORMATS[dtype][0]}", *values)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(part)]}
        body += part
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + body)


# --- running things -------------------------------------------------------------------------------------------------------

class Failed(Exception):
    pass


def check(good, why):
    if not good:
        raise Failed(why)


def run(*command, text="", env=None):
    done = subprocess.run([str(word) for word in command], input=text if isinstance(text, bytes) else text.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def answer(*command, text="", env=None):
    """What a command that must succeed says."""
    code, said, problem = run(*command, text=text, env=env)
    check(code == 0, f"{' '.join(map(str, command))}: exit code {code}: {problem}")
    check(problem == "", f"{' '.join(map(str, command))}: says {problem}")
    return said


def refused(sentence, *command, code=1, text="", env=None):
    """A command that must fail with one line that holds `sentence`."""
    found, said, problem = run(*command, text=text, env=env)
    check(found == code, f"{' '.join(map(str, command))}: exit code {found}, not {code}: {said}{problem}")
    check(problem.count("\n") == 1, f"{' '.join(map(str, command))}: not one line: {problem!r}")
    check(sentence in problem, f"{' '.join(map(str, command))}: says {problem!r}, not {sentence!r}")


def close(found, wanted, name):
    largest = max(map(abs, wanted))
    worst = max(abs(a - b) for a, b in zip(found, wanted))
    check(all(map(math.isfinite, found)) and worst <= TOLERANCE * largest, f"{name}: differs by {worst:.3g} of {largest:.3g}")


class Bench:
    """The programs, and a place for files."""

    def __init__(self, folder):
        self.folder = folder

    def program(self, case):
        return self.folder / case

    def file(self, name, content=None):
        path = self.folder / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def checkpoint(self, case, name, **changes):
        """A copy of a golden checkpoint with other fields in its config.json; None takes one away."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(GOLDEN / case, folder, ignore=shutil.ignore_patterns("io.safetensors"))
        config = json.loads((folder / "config.json").read_text())
        config.update(changes)
        (folder / "config.json").write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
        return folder

    def compile_all(self, jobs):
        """Compiles the cases, with the library precompiled: what counts here is what the programs do, not how fast."""
        everything = self.folder / "everything.hpp"
        if not all(self.program(case).exists() for case in CASES):
            everything.write_text('#ifndef CONSTFORMER_FOR // a kernel needs less\n#include "constformer/constformer.hpp"\n'
                                  '#include <chrono>\n#include <fstream>\n#endif\n')
            sys.path.insert(0, str(ROOT / "tools" / "compiler"))
            sys.dont_write_bytecode = True
            import build
            tools = build.Tools(print)
            precompiled = self.folder / "everything.hpp.gch"  # GCC takes the one in it that fits
            precompiled.mkdir(exist_ok=True)
            tools.run_all([([*build.common(tools, "g++"), f"-DCONSTFORMER_ISAS={isas}", "-O1", "-x", "c++-header", everything, "-o",
                             precompiled / isas], "precompiling failed") for _, isas in (ONE, FEW)])  # fmt: skip

        def one(case):
            if not self.program(case).exists():
                flags = {"CXXFLAGS": f"-O1 -include {everything}"}
                return run(COMPILER, "compile", CHECKPOINTS.get(case, GOLDEN / case), "-o", self.program(case), *SEVERAL.get(case, ONE), env=flags)
            return 0, "", ""

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for case, (code, _, problem) in zip(CASES, pool.map(one, CASES)):
                check(code == 0, f"compiling {case}: {problem}")


# --- the tests --------------------------------------------------------------------------------------------------------------

def isas(program):
    """The instruction sets of a program: all, and those of them that this processor has."""
    words = re.search(r"^isa: +(\w+)(?: \(of ([\w, ]+)\))?$", answer(program, "describe"), re.MULTILINE)
    check(words, f"{program}: describe does not name its instruction sets")
    names = (words.group(2) or words.group(1)).split(", ")
    return names, [name for name in names if run(program, "describe", env={"CONSTFORMER_ISA": name})[0] == 0]


def test_goldens(b):
    """run gives what Transformers gives, for every call of every case, on every instruction set that is here"""
    for case, isa in ((case, isa) for case in CASES if case not in CHECKPOINTS for isa in isas(b.program(case))[1]):
        stored = read(GOLDEN / case / "io.safetensors")
        for call in sorted({name.split(".")[0] for name in stored}):
            tensors = {name.split(".", 1)[1]: t for name, t in stored.items() if name.split(".")[0] == call}
            inputs = {n: tensors.pop(n) for n in ("input_ids", "attention_mask", "token_type_ids", "decoder_input_ids") if n in tensors}
            if "input_ids" not in inputs or "sequences" in tensors:  # a word on a cache, an answer of generate()
                continue
            write(b.file("in.safetensors"), inputs)
            answer(b.program(case), "run", b.file("in.safetensors"), b.file("out.safetensors"), env={"CONSTFORMER_ISA": isa})
            found = read(b.file("out.safetensors"))
            wanted = {n: t for n, t in tensors.items() if not n.startswith(("attentions", "hidden_states"))}
            check(set(found) == set(wanted), f"{case} {call}: {sorted(found)}, not {sorted(wanted)}")
            for name, (_, shape, values) in wanted.items():
                check(found[name][1] == shape, f"{case} {call} {name}: shape {found[name][1]}, not {shape}")
                close(found[name][2], values, f"{case} {call} {name} on {isa}")


def test_instruction_sets(b):
    """a program holds several, runs the best that is here, or the one that it is told to"""
    names, here = isas(b.program("bert_token"))
    check(names == FEW[1].split(",") and here, f"{names}, {here}")
    program = b.program(ALL)
    names, here = isas(program)
    check(names == ["sse4_2", "avx2", "avx512"], f"not all that F32 has a use for: {names}")
    import build
    tools = build.Tools(print)
    known = [name for name in ("sse4_2", "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_bf16")
             if tools.knows("g++", *build.instruction_sets(tools, "g++", "sse4_2,avx2," + name, "f32")[name])]
    for precision, without in (("i8", ()), ("q8", ("avx512_bf16",)), ("q4", ("avx512_bf16",)), ("bf16", ("avx_vnni", "avx512_vnni"))):
        found = list(build.instruction_sets(tools, "g++", "all", precision))
        check(found == [name for name in known if name not in without] and len(found) >= 4, f"{precision}: {found}")
    check(f" {here[-1]} (of" in answer(program, "describe"), "describe does not say the best of {here}")
    for isa in here:
        check(f" {isa} (of" in answer(program, "describe", env={"CONSTFORMER_ISA": isa}), f"{isa} does not run")
    for isa in set(names) - set(here):
        refused(f"CONSTFORMER_ISA={isa}: this processor lacks ", program, "describe", env={"CONSTFORMER_ISA": isa})
    refused("CONSTFORMER_ISA=neon: this program is not compiled for it, only for sse4_2, avx2", b.program("bert_token"),
            "tag", "x", env={"CONSTFORMER_ISA": "neon"})
    refused("CONSTFORMER_ISA=best: there is no such instruction set; this program has sse4_2, avx2", program, "describe",
            env={"CONSTFORMER_ISA": "best"})
    check(answer(program, "--help", env={"CONSTFORMER_ISA": "best"}), "--help")


def test_precisions(b):
    """--precision bf16, i8 and q4: smaller weights, close to PyTorch on every instruction set, and described as what they are"""
    case = "bert_w36_h3"
    stored = read(GOLDEN / case / "io.safetensors")
    write(b.file("in.safetensors"), {n: stored[f"batch.{n}"] for n in ("input_ids", "attention_mask", "token_type_ids")})
    wanted = stored["batch.last_hidden_state"][2]
    sizes = [pathlib.Path(f"{b.program(case)}.weights").stat().st_size]
    for precision, away in (("bf16", 0.012), ("i8", 0.055), ("q4", 0.3)):
        program = b.file(f"{case}_{precision}")
        code, _, problem = run(COMPILER, "compile", GOLDEN / case, "-o", program, "--precision", precision,
                               *(FEW if precision != "bf16" else ["--march", "sse4_2,avx512_bf16"]),
                               env={"CXXFLAGS": f"-O1 -include {b.folder / 'everything.hpp'}"})
        check(code == 0, f"compiling {precision}: {problem}")
        said = answer(program, "describe")
        check(re.search(rf"^precision: +{precision}$", said, re.MULTILINE), said)
        header = pathlib.Path(f"{program}.hpp").read_text()
        check(f"using model = constformer::bert<{case}_{precision}, constformer::{precision}>;" in header, header)
        for isa in isas(program)[1]:
            answer(program, "run", b.file("in.safetensors"), b.file("out.safetensors"), env={"CONSTFORMER_ISA": isa})
            found = read(b.file("out.safetensors"))["last_hidden_state"][2]
            off = math.sqrt(sum((f - w) ** 2 for f, w in zip(found, wanted)) / sum(w * w for w in wanted))
            check(1e-5 < off <= away, f"{precision} on {isa}: off by {off}")
        line = json.loads(answer(program, "bench", "--lengths", "8"))
        check(line["precision"] == precision, line)
        sizes.append(pathlib.Path(f"{program}.weights").stat().st_size)
    check(sizes == sorted(sizes, reverse=True) and len(set(sizes)) == 4, f"weights do not become smaller: {sizes}")
    refused("this program needs", b.file(f"{case}_i8"), "embed", "x", "--weights",
            f"{b.file(f'{case}_bf16')}.weights")


def test_older_processors(b):
    """a program starts on every x86-64, and no instruction of a better one comes in its way: under an emulator"""
    text = "how do plants make food"
    wanted = json.loads(answer(b.program("bert_sequence"), "classify", "--json", text))
    for processor, isa in (("Nehalem", "sse4_2"), ("SandyBridge", "sse4_2"), ("Haswell", "avx2")):
        emulated = ["qemu-x86_64-static", "-cpu", processor, b.program("bert_sequence")]
        check(f" {isa} (of" in run(*emulated, "describe")[1], f"{processor} does not run {isa}")
        code, said, problem = run(*emulated, "classify", "--json", text)
        check(code == 0, f"{processor}: exit code {code}: {problem}")
        found = json.loads(said)
        check([f["label"] for f in found["labels"]] == [w["label"] for w in wanted["labels"]], said)
        close([f["score"] for f in found["labels"]], [w["score"] for w in wanted["labels"]], processor)
    code, _, problem = run("qemu-x86_64-static", "-cpu", "qemu64", b.program("bert_sequence"), "describe")
    check(code == 1 and "this processor lacks SSE 4.2; this program is compiled for sse4_2, avx2\n" in problem, problem)


def test_inputs(b):
    """run takes what PyTorch takes: masks left out or of floats, ids of 32 bits; threads change nothing"""
    program = b.program("bert_w36_h3")
    ids = [7, 8, 9, 10, 11, 12]
    write(b.file("plain.safetensors"), {"input_ids": ("I64", [2, 3], ids)})
    write(b.file("full.safetensors"), {"input_ids": ("I32", [2, 3], ids), "attention_mask": ("F32", [2, 3], [1.0] * 6),
                                       "token_type_ids": ("I32", [2, 3], [0] * 6)})
    answer(program, "run", b.file("plain.safetensors"), b.file("a.safetensors"))
    answer(program, "run", b.file("full.safetensors"), b.file("b.safetensors"), "--threads", "2")
    check(b.file("a.safetensors").read_bytes() == b.file("b.safetensors").read_bytes(), "the outputs differ")


def test_bad_inputs(b):
    """run refuses wrong tensors in a sentence and writes nothing"""
    program, path = b.program("bert_w36_h3"), b.file("bad.safetensors")
    out = b.file("never.safetensors")

    def no(sentence, **tensors):
        write(path, tensors)
        refused(sentence, program, "run", path, out)
        check(not out.exists(), f"{sentence}: a file was written")

    no("must lie from 0 to 96", input_ids=("I64", [1, 2], [5, 97]))
    no("must lie from 0 to 96", input_ids=("I64", [1, 2], [-1, 5]))
    no("must lie from 0 to 96", input_ids=("I64", [1, 1], [2**40]))
    no("this model has 70 positions", input_ids=("I64", [1, 71], [5] * 71))
    no("no tokens", input_ids=("I64", [1, 0], []))
    no("no tokens", input_ids=("I64", [0, 3], []))
    no("(batch, tokens) is needed", input_ids=("I64", [3], [5, 6, 7]))
    no("input_ids is missing", attention_mask=("I64", [1, 1], [1]))
    no("type of whole numbers", input_ids=("F32", [1, 1], [5.0]))
    no("attention_mask is (1, 2), input_ids are (1, 3)", input_ids=("I64", [1, 3], [5] * 3), attention_mask=("I64", [1, 2], [1, 1]))
    no("must lie from 0 to 1", input_ids=("I64", [1, 1], [5]), token_type_ids=("I64", [1, 1], [2]))
    no("attention_mask", input_ids=("I64", [1, 1], [5]), attention_mask=("F32", [1, 1], [0.5]))
    no("pixel_values is no input", input_ids=("I64", [1, 1], [5]), pixel_values=("F32", [1], [0.5]))
    refused("No such file", program, "run", b.file("missing"), out)
    refused("bytes", program, "run", b.file("empty", b"\0" * 4), out)
    write(path, {"input_ids": ("I64", [1, 1], [5])})
    refused("cannot be written", program, "run", path, b.folder / "no" / "such" / "folder")


def test_command_line(b):
    """unknown commands and options: a sentence and exit code 2"""
    for case in CASES:
        program = b.program(case)
        check("describe" in answer(program, "--help"), "--help does not list the commands")
        refused("there is no such command", program, "fly", code=2)
        refused("there is no option --fly", program, "run", "a", "b", "--fly", code=2)
        refused("arguments were given", program, "run", "a", code=2)
        refused("needs FILE", program, "run", "a", "b", "--weights", code=2)
        refused("a whole number", program, "run", "a", "b", "--threads", "0")
        check("--weights" in answer(program, "run", "--help"), "run --help does not list its options")
    refused("there is no such command", b.program("bert_token"), "embed", code=2)
    check(answer(b.program("bert_token"), "token-classification", "the cat") == answer(b.program("bert_token"), "tag", "the cat"),
          "a task by Transformers' word")
    code, said, _ = run(b.program("bert_token"))
    check(code == 2 and "tag" in said, "without a command the commands are not listed")


def test_describe(b):
    """describe and bench"""
    said = answer(b.program("bert_token"), "describe")
    for part in ("bert_token_classifier<bert_token>", "f32", "9585", "70"):
        check(part in said, f"describe does not say {part}: {said}")
    lines = answer(b.program("bert_token"), "bench", "--lengths", "1,8", "--threads", "1,2").splitlines()
    found = [json.loads(line) for line in lines]
    check([(f["length"], f["threads"]) for f in found] == [(1, 1), (8, 1), (1, 2), (8, 2)], f"bench: {lines}")
    check(all(set(f) == {"model", "precision", "length", "threads", "median_us", "min_us"} for f in found), f"bench: {lines}")
    check(all(f["precision"] == "f32" and 0 < f["min_us"] <= f["median_us"] for f in found), f"bench: {lines}")
    refused("70 positions", b.program("bert_token"), "bench", "--lengths", "71")
    refused("a whole number", b.program("bert_token"), "bench", "--lengths", "8,,9")


def test_tokenize(b):
    """tokenize prints ids with the special tokens; lower case or not as the checkpoint says"""
    vocabulary = (GOLDEN / "bert_sequence" / "vocab.txt").read_text().splitlines()
    program = b.program("bert_sequence")
    said = answer(program, "tokenize", text="The cat\n\nplants, food\r\n")
    found = [[vocabulary[int(i)] for i in line.split()] for line in said.splitlines()]
    check(found == [["[CLS]", "the", "cat", "[SEP]"], ["[CLS]", "[SEP]"], ["[CLS]", "plants", ",", "food", "[SEP]"]], found)
    check(answer(program, "tokenize", "The cat", "x") == answer(program, "tokenize", text="The cat\nx\n"), "arguments differ")
    check(answer(program, "tokenize", "--", "--truncate").strip() != "", "-- does not end the options")
    check(answer(program, "tokenize", text="") == "", "no line gives a line")
    cased = answer(b.program("bert_token"), "tokenize", "The").split()
    check(cased != answer(b.program("bert_token"), "tokenize", "the").split(), "a cased tokenizer lowers its text")
    check(len(answer(program, "tokenize", "a " * 100, "--truncate").split()) == 70, "--truncate")
    check(len(answer(program, "tokenize", "a " * 100).split()) == 102, "tokenize has a limit of its own")
    refused("line 2: wordpiece: the text is not UTF-8 at byte 1", program, "tokenize", text=b"good\na\xff\n")


USUAL = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}  # added tokens


def with_added(b, name, *added, drop=4):
    """bert_sequence with other tokens at the end of its vocabulary: dictionaries that lack what is as usual."""
    folder = b.checkpoint("bert_sequence", name)
    about = json.loads((folder / "tokenizer.json").read_text())
    vocab = {token: i for token, i in about["model"]["vocab"].items() if i < 89 - drop}
    about["model"]["vocab"] = vocab
    about["added_tokens"] += [{"id": len(vocab) + i, **USUAL, **token} for i, token in enumerate(added)]
    (folder / "tokenizer.json").write_text(json.dumps(about))
    return folder


def test_added_tokens(b):
    """tokens that a checkpoint adds are found as their flags say, from tokenizer.json or beside vocab.txt"""
    added = [{"content": "[E1]", "lstrip": True}, {"content": "New York", "special": False},
             {"content": "The CAT", "special": False, "normalized": True}, {"content": "ox", "single_word": True}]
    folder, program = with_added(b, "added", *added), b.file("with_added")
    if not program.exists():
        code, _, problem = run(COMPILER, "compile", folder, "-o", program, *ONE,
                               env={"CXXFLAGS": f"-O1 -include {b.folder / 'everything.hpp'}"})
        check(code == 0, problem)
    vocabulary = (folder / "vocab.txt").read_text().splitlines()[:85] + [token["content"] for token in added]
    said = answer(program, "tokenize", text="a  [E1]New Yorka\nthe C\u00e1t new york\nox, foxes\n[e1]\n")
    found = [[vocabulary[int(i)] for i in line.split()[1:-1]] for line in said.splitlines()]
    check(found[0] == ["a", "[E1]", "New York", "a"] and found[1][0] == "The CAT" and "New York" not in found[1], found)
    check(found[2][:2] == ["ox", ","] and "ox" not in found[2][2:] and "[E1]" not in found[3], found)
    check("{.text = \"The CAT\", .special = false, .normalized = true}," in b.file("with_added.hpp").read_text(), "the header")

    # the same without tokenizer.json
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(vocabulary[:85]))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config["added_tokens_decoder"] = {str(85 + i): {**USUAL, **token} for i, token in enumerate(added)}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    again = answer(COMPILER, "compile", folder, "-o", program, "--header")
    check(again == b.file("with_added.hpp").read_text(), f"another header from vocab.txt: {again}")


def test_language_model(b):
    """generate, chat and perplexity say what Transformers says, from the folder and from the same model in a GGUF file"""
    folder, program = GOLDEN / "llama_chat", b.program("llama_chat")
    asked = json.loads((folder / "asked.json").read_text())
    written = lambda *words, **more: json.loads(answer(program, *words, "--json", **more))  # noqa: E731
    for one in asked["generate"]:
        options = ["--tokens", "24", "--repetition-penalty", one.get("penalty", 1)]
        found = written("generate", *options, one["prompt"])
        check(found["text"] == one["text"] and found["tokens"] <= 24 and found["stop"] in ("end", "length"), f"{one}: {found}")
    for one in asked["beams"]:
        lines = answer(program, "generate", "--tokens", "24", "--beams", "4", "--best", "2", "--length-penalty", "0.5", "--json",
                       one["prompt"]).splitlines()
        found = [json.loads(line) for line in lines]
        check([f["text"] for f in found] == one["texts"] and found[0]["score"] >= found[1]["score"], f"{one}: {found}")
    for one in asked["chat"]:
        messages = b.file("messages.json", json.dumps(one["messages"]))
        found = written("chat", "--tokens", "24", "--messages", messages)
        check(found["content"] == one["text"] and found["role"] == "assistant", f"{one}: {found}")
    first = asked["chat"][0]
    for words in ([first["messages"][0]["content"]], first["messages"][0]["content"].split()):
        check(answer(program, "chat", "--tokens", "24", *words) == first["text"] + "\n", "the same message by words differs")
    lines = answer(program, "chat", "--tokens", "5", "--json", text="The cat\n\na dog?\n").splitlines()
    check(len(lines) == 2 and lines[0] == answer(program, "chat", "--tokens", "5", "--json", "The cat").strip(), lines)
    wanted = asked["perplexity"]
    text = b.file("text.txt", wanted["text"])
    found = written("perplexity", text, "--context", str(wanted["context"]))
    check(found["tokens"] == wanted["tokens"] and abs(found["perplexity"] / wanted["perplexity"] - 1) < 1e-4, found)

    # the same weights, from GGUF
    vocabulary = b.file("vocabulary")
    sys.path.insert(0, str(ROOT / "tools" / "compiler"))
    import checkpoint
    vocabulary.write_bytes(checkpoint.read(folder / "model.gguf").vocabulary)
    answer(program, "pack", folder / "model.gguf", vocabulary, b.file("gguf.weights"))
    one = asked["generate"][0]
    found = written("generate", "--tokens", "24", one["prompt"], "--weights", b.file("gguf.weights"))
    check(found["text"] == one["text"], "the weights of the GGUF file differ")
    data, other = b.file("gguf.weights").read_bytes(), pathlib.Path(f"{program}.weights").read_bytes()
    size = int(re.search(r"^weights: +(\d+) bytes", answer(program, "describe"), re.MULTILINE).group(1))
    check(data[128:128 + size] == other[128:128 + size], "the packed weights of the GGUF file differ")
    headers = [answer(COMPILER, "compile", path, "-o", b.file("same"), "--header") for path in (folder, folder / "model.gguf")]
    config = [re.search(r"llama_config .*?;", header, re.DOTALL).group(0) for header in headers]
    check(config[0] == config[1], f"the configs differ: {config}")

    # drawn: the same for a seed, cut by what stops it, and by the context
    drawn = [written("generate", "--tokens", "9", "--temperature", "1.5", "--top-k", "50", "--seed", seed, "The cat")["text"]
             for seed in ("1", "1", "2")]  # fmt: skip
    check(drawn[0] == drawn[1] != drawn[2], f"seeds: {drawn}")
    found = written("generate", "--stop", "tight", "plants make food")
    check(found["text"] == "tsigh" and found["stop"] == "stop", found)
    found = written("generate", "--context", "12", "plants make food")
    check(found["stop"] == "full" and found["prompt"] + found["tokens"] == 13, found)
    plain = written("generate", "--tokens", "40", "plants make food")
    found = written("generate", "--tokens", "40", "--lookup", "6", "plants make food")
    check(found["text"] == plain["text"] and found["forwards"] < plain["forwards"] == 39, found)
    long = "the cat " * 40
    check(written("generate", "--context", "12", "--truncate", "--tokens", "1", long)["prompt"] == 12, "--truncate")


def test_decoder_configs(b):
    """every decoder's config.json is read as its type needs it, and calls for the tensors that its file holds"""
    sys.path.insert(0, str(ROOT / "tools" / "compiler"))
    import checkpoint
    import decoders
    wanted = {
        "gpt2_w64_h2": {"layers": 1, "width": 64, "heads": 2, "feed_forward": 100, "act": "gelu_tanh", "epsilon": 1e-6},
        "gpt_w36_h3": {"layers": 2, "feed_forward": 144, "positions": 40, "post_norm": True, "act": "gelu_tanh"},
        "gpt_neox_w48_h2": {"rotary": (6, {"base": 10000.0}), "parallel": True, "tied": False, "bias": True, "act": "gelu"},
        "gpt_neox_in_turn": {"rotary": (10, {"base": 10000.0}), "parallel": False, "tied": True, "bias": False, "act": "gelu_tanh"},
        "llama_w42_h6": {"kv_heads": 2, "head_width": 12, "tied": False, "bias": False, "rotary": (12, {
            "base": 100.0, "factor": 4.0, "low": 1.0, "high": 4.0, "original": 24})},
        "llama_one_key": {"kv_heads": 1, "rotary": (12, {"base": 500.0, "factor": 2.5}), "bias": True, "output_bias": True,
                          "feed_bias": True, "tied": True, "epsilon": 1e-5},
        "mistral_w48_h4": {"window": 5, "kv_heads": 2, "bias": False} | {"tied": False},
        "qwen2_w36_h3": {"window": 7, "full_layers": 1, "bias": True, "output_bias": False, "interleaved": False, "tied": True},
    }  # fmt: skip
    for case, some in wanted.items():
        fields = checkpoint.Fields(GOLDEN / case / "config.json")
        kind = decoders.KINDS[fields.all["architectures"][0]][1]
        config = decoders.read(fields, kind, checkpoint.ACTIVATIONS)
        found = {name: config.get(name, decoders.DEFAULTS[kind].get(name)) for name in some}
        check(found == some, f"{case}: {found}, not {some}")
        path, tensors = checkpoint.find_tensors(GOLDEN / case)
        needed = decoders.tensors(kind, config, tensors)
        checkpoint.check_shapes(path, tensors, needed)
        check(set(needed) == set(tensors), f"{case}: {set(tensors) ^ set(needed)}")

    fields = checkpoint.Fields(GOLDEN / "llama_w42_h6" / "config.json")
    for old, wanted in (({"rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 2.0}}, {"base": 5e5, "factor": 2.0}),
                        ({"rope_theta": 5e5, "rope_scaling": None}, {"base": 5e5})):  # fmt: skip
        fields.all = {**fields.all, "rope_parameters": None, **old}
        check(decoders.rope(fields, 12) == (12, wanted), f"{old}: {decoders.rope(fields, 12)}")
    numbers = {"<|im_start|>": 1, "<|im_end|>": 2, "<|start_header_id|>": 3, "<|end_header_id|>": 4, "<|eot_id|>": 5}
    for template, wanted, why in (
        ("{{'<|im_start|>' + m['content'] + '<|im_end|>\\n'}}", {}, ""),
        ("{{ '<|im_start|>system\\nBe good.<|im_end|>\\n' }}{{ m['content'] | trim }}", {"system": "Be good.", "trims": True}, ""),
        ("{{ bos_token }}<|start_header_id|>{{ m['content'] | trim }}", {
            "begin": "<s>", "before_role": "<|start_header_id|>", "behind_role": "<|end_header_id|>\n\n",
            "behind_message": "<|eot_id|>", "trims": True}, ""),
        ("<|user|> <|assistant|>", {"before_role": "<|", "behind_role": "|>\n", "behind_message": "</s>\n"}, ""),
        ("<|start_header_id|>Today Date", {}, "writes the date"), ("[INST]", {}, "none that is known"), (None, {}, "no chat template"),
        ([{"name": "default", "template": "<|im_start|>"}], {}, ""),
    ):  # fmt: skip
        found = decoders.chat(template, numbers, {"bos_token": "<s>", "eos_token": "</s>"})
        check(found.fields == wanted and why in found.why and bool(why) == bool(found.why), f"{template}: {found}")
    check("needs the token <|im_start|>" in decoders.chat("<|im_start|>", {}, {}).why, "a template whose tokens are not there")
    check(decoders.ends([None, [7, 8], "</s>"], numbers, 100, decoders.Chat({})) == [2, 7, 8], "ends")
    check(decoders.ends([None, "<|eot_id|>"], numbers, 100, decoders.Chat({}, "none")) == [5], "an end by its text")


def test_language_model_refusals(b):
    """what cannot be generated is a sentence"""
    program = b.program("llama_chat")
    refused("line 1: generate: the prompt is empty", program, "generate", text="\n")
    refused("the prompt is empty", program, "generate", "")
    refused("not UTF-8 at byte 1", program, "generate", text=b"a\xff\n")
    refused("tokens, the context has room for 8", program, "generate", "--context", "8", "the cat sat on the mat and the dog")
    refused("--context 129: this model has 128 positions", program, "generate", "--context", "129", "x")
    refused("beams: 0 beams, at least 1", program, "generate", "--beams", "0", "x")
    refused("the 3 best were asked for of 2 beams", program, "generate", "--beams", "2", "--best", "3", "x")
    refused("--beams goes with no --temperature", program, "generate", "--beams", "2", "--temperature", "1", "x")
    refused("--early-stopping maybe: false, true or never", program, "generate", "--early-stopping", "maybe", "x")
    refused("--temperature warm: a number", program, "generate", "--temperature", "warm", "x")
    refused("top-p must be above 0", program, "generate", "--top-p", "0", "x")
    refused("9 tokens are to be guessed, 0 to 8 can be", program, "generate", "--lookup", "9", "x")
    refused("the temperature must be", program, "generate", "--temperature", "-1", "x")
    for sentence, messages in (("is not JSON", "[{"), ("holds no list", "{}"), ("message 0 is no object", "[1]"),
                               ("message 0 has no text as its content", '[{"role": "user"}]'),
                               ("has the role \"robot\"", '[{"role": "robot", "content": "x"}]'),
                               ("there are no messages", "[]"), ("message 0 is empty", '[{"role": "user", "content": " "}]'),
                               ("is not the user's", '[{"role": "assistant", "content": "x"}]'),
                               ("may only come first", '[{"role": "user", "content": "x"}, {"role": "system", "content": "x"}]'),
                               ("holds <|im_end|>, which separates", '[{"role": "user", "content": "a<|im_end|>b"}]')):  # fmt: skip
        refused(sentence, program, "chat", "--messages", b.file("bad.json", messages))
    refused("No such file", program, "chat", "--messages", b.file("missing.json"))
    refused("1 tokens cannot be scored", program, "perplexity", b.file("short.txt", "a"))
    refused("at least 2 are needed", program, "perplexity", "--context", "1", b.file("short.txt", "the cat"))
    damaged = bytearray(pathlib.Path(f"{program}.weights").read_bytes())
    damaged[128:128 + 4 * 48 * 300] = struct.pack("<f", math.nan) * (48 * 300)
    refused("not numbers: its weights are damaged", program, "generate", "x", "--weights", b.file("nan.weights", bytes(damaged)))

    def no(sentence, **changes):
        refused(sentence, COMPILER, "compile", b.checkpoint("llama_chat", "bad_llama", **changes), "-o", b.file("never"), "--header")

    no('rope_type "yarn" is not supported yet', rope_parameters={"rope_type": "yarn", "factor": 2.0})
    no("num_attention_heads 4 is not a multiple of num_key_value_heads 3", num_key_value_heads=3)
    no('hidden_act "gelu_10" is not supported yet', hidden_act="gelu_10")
    no("quantization_config", quantization_config={"bits": 4})
    no("MambaForCausalLM is not supported yet", architectures=["MambaForCausalLM"])
    no('model_type "mamba" does not go with LlamaForCausalLM', model_type="mamba")
    no("architectures does not name one architecture; supported are BertModel", architectures=None, model_type="mamba")
    folder = b.checkpoint("llama_chat", "bad_llama")
    about = json.loads((folder / "tokenizer.json").read_text())
    del about["model"]["merges"]
    (folder / "tokenizer.json").write_text(json.dumps(about))
    refused("tokenizer.json: a model of type BPE without merges cannot be read", COMPILER, "compile", folder, "-o", b.file("never"), "--header")
    (folder / "tokenizer.json").unlink(), (folder / "vocab.json").write_text("{}"), (folder / "merges.txt").write_text("")
    refused("holds neither tokenizer.json nor vocab.txt; of vocab.json and merges.txt a fast tokenizer's save_pretrained() makes",
            COMPILER, "compile", folder, "-o", b.file("never"), "--header")
    data = (GOLDEN / "llama_chat/model.gguf").read_bytes().replace(b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llama",
                                                                   b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0mamba")
    refused('general.architecture "mamba" is not supported yet; supported are gpt2', COMPILER, "compile", b.file("mamba.gguf", data), "-o",
            b.file("never"), "--header")
    no("model.embed_tokens.weight is (300, 32), config.json calls for (299, 32)", vocab_size=299)
    refused("is neither a folder nor a GGUF file", COMPILER, "compile", b.file("some", "text"), "-o", b.file("never"))
    refused("the file ends at byte", COMPILER, "compile", b.file("cut.gguf", (GOLDEN / "llama_chat/model.gguf").read_bytes()[:900]),
            "-o", b.file("never"), "--header")


def test_embed(b):
    """embed, index and search agree with each other"""
    program = b.program("bert_w36_h3")
    lines = answer(program, "embed", text="the cat sat\nplants make food\n").splitlines()
    vectors = [list(map(float, line.split())) for line in lines]
    check([len(v) for v in vectors] == [36, 36], "not two vectors of 36")
    check(all(abs(sum(x * x for x in v) - 1) < 1e-5 for v in vectors), "a vector's length is not 1")
    one = json.loads(answer(program, "embed", "--json", "the cat sat"))
    check(one["text"] == "the cat sat" and one["embedding"] == vectors[0], "--json differs")

    texts = ["the cat sat", "plants make food", "the sun", "how do plants make food"]
    passages = b.file("passages.tsv", "# a comment\n" + "\n".join(texts) + "\n\n")
    found = answer(program, "search", passages, "the cat sat", "--top", "9").splitlines()
    check(len(found) == 4 and found[0] == "1.0000\tthe cat sat", found)
    answer(program, "index", passages, b.file("passages.index"))
    check(answer(program, "search", b.file("passages.index"), "the cat sat", "--top", "9").splitlines() == found, "index")
    best = json.loads(answer(program, "search", passages, "plants make food", "--top", "1", "--json"))
    check(best["index"] == 1 and best["text"] == texts[1] and abs(best["score"] - 1) < 1e-5, best)
    by_hand = sum(x * y for x, y in zip(*vectors))
    check(any(abs(float(line.split("\t")[0]) - by_hand) < 1e-4 for line in found), "a score is not the inner product")

    refused("tokens, at most 70 fit", program, "embed", "a " * 100)
    check(len(answer(program, "embed", "a " * 100, "--truncate").split()) == 36, "--truncate")
    refused("not UTF-8", program, "embed", text=b"\xc3\n")
    refused("there is no passage", program, "search", b.file("none.tsv", "# nothing\n"), "x")
    refused("text 2: wordpiece", program, "search", b.file("long.tsv", "short\n" + "a " * 100 + "\n"), "x")
    data = b.file("passages.index").read_bytes()
    refused("its header says", program, "search", b.file("cut.index", data[:-1]), "x")
    refused("64 are its header", program, "search", b.file("cut.index", data[:40]), "x")


def test_embed_stream(b):
    """embed of many lines: their order, bounded memory, what comes before a bad line, a line at a time where it waits"""
    program = b.program("bert_w36_h3")
    words = ["the", "cat", "sat", "plants", "make", "food", "sun"]
    lines = [" ".join(words[(i * k) % 7] for k in range(1, 2 + i * 13 % 30)) for i in range(997)]
    texts = "\r\n".join(lines)  # no end of line behind the last one
    answers = [json.loads(line) for line in answer(program, "embed", "--json", text=texts).splitlines()]
    check([one["text"] for one in answers] == lines, "the texts come in another order, or not all")
    for i in (0, 1, 500, 996):
        close(answers[i]["embedding"], json.loads(answer(program, "embed", "--json", lines[i]))["embedding"], f"line {i + 1}")
    check(answer(program, "embed", "--threads", "2", text=texts) == answer(program, "embed", text=texts), "two threads differ")
    check(answer(program, "embed", text="") == "" and len(answer(program, "embed", text="\n").splitlines()) == 1, "an empty line")

    code, said, problem = run(program, "embed", "--json", text="the cat\nsat\n".encode() + b"\xc3\nsun\n")
    check(code == 1 and "line 3: wordpiece: the text is not UTF-8" in problem, problem)
    check([json.loads(line)["text"] for line in said.splitlines()] == ["the cat", "sat"], f"before a bad line: {said}")
    refused("line 2: is longer than 16777216 bytes", program, "embed", "--truncate", text="the\n" + "a" * (17 << 20))

    measure = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    size = [int(answer(sys.executable, "-c", measure, program, "embed", "--truncate", "--most-tokens", "8",
                       text=("the cat " * 500 + "\n") * count)) for count in (50, 8000)]
    check(size[1] < size[0] + 2048, f"memory grows with the input: {size} KiB for 50 and 8000 lines")

    with subprocess.Popen([str(program), "embed"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as alive:
        for text in ("the cat", "sat"):  # each answer comes before the next question
            alive.stdin.write(text.encode() + b"\n")
            alive.stdin.flush()
            check(len(alive.stdout.readline().split()) == 36, "no answer while the input waits")
        alive.stdin.close()
        check(alive.stdout.read() == b"" and alive.wait(60) == 0, "the end of the input")


def test_progress(b):
    """a bar on the terminal for a file on the standard input, and nothing left of it at the end"""
    program = b.program("bert_w36_h3")
    path = b.file("lines.txt", "the cat sat on the mat\n" * 20000)

    def shown(source, *output):
        terminal, other = os.openpty()
        with open(source, "rb") as file, open(b.file("out.txt", ""), "wb") as out:
            child = subprocess.Popen([str(program), "embed"], stdin=file, stdout=output[0] if output else out, stderr=other)
        os.close(other)
        text = b""
        while True:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # Linux says so at the end
                break
            if not part:
                break
            text += part
        os.close(terminal)
        check(child.wait(60) == 0, "it failed")
        return text.decode()

    text = shown(path)
    check(re.search(r"\[#+ *\] +\d+ %  \d+ texts, \d+ a second", text), f"no bar: {text[:200]!r}")
    check(text.endswith("\r\x1b[K"), f"the bar stays: {text[-80:]!r}")
    check(shown("/dev/null") == "", "a bar without a file")


def test_fill_mask(b):
    """fill-mask: the best words of every mask, as run's logits have them"""
    program = b.program("bert_masked_lm_untied")
    text = "the [MASK] sat [MASK]"
    vocabulary = (GOLDEN / "bert_masked_lm_untied" / "vocab.txt").read_text().splitlines()
    found = json.loads(answer(program, "fill-mask", "--json", "--top", "3", text))["masks"]
    ids = list(map(int, answer(program, "tokenize", text).split()))
    write(b.file("mask.safetensors"), {"input_ids": ("I64", [1, len(ids)], ids)})
    answer(program, "run", b.file("mask.safetensors"), b.file("masked.safetensors"))
    logits = read(b.file("masked.safetensors"))["logits"][2]
    masks = [i for i, token in enumerate(ids) if token == vocabulary.index("[MASK]")]
    check(len(found) == len(masks) == 2, found)
    for position, fillings in zip(masks, found):
        row = logits[position * 101:(position + 1) * 101]
        total = sum(math.exp(x) for x in row)
        best = sorted(range(101), key=lambda i: -row[i])[:3]
        check([f["token"] for f in fillings] == best, f"{fillings}, not {best}")
        check([f["text"] for f in fillings] == [vocabulary[i] for i in best], fillings)
        close([f["score"] for f in fillings], [math.exp(row[i]) / total for i in best], "fill-mask")
    plain = answer(program, "fill-mask", "--top", "2", text).split("\n\n")
    check(len(plain) == 2 and plain[0].split("\n")[0].split("\t")[1] == found[0][0]["text"], plain)
    refused("has no [MASK]", program, "fill-mask", "nothing to fill")


def test_classify(b):
    """classify: the softmax of run's logits, by name"""
    program = b.program("bert_sequence")
    text = "how do plants make food"
    found = json.loads(answer(program, "classify", "--json", text))["labels"]
    ids = list(map(int, answer(program, "tokenize", text).split()))
    write(b.file("class.safetensors"), {"input_ids": ("I64", [1, len(ids)], ids)})
    answer(program, "run", b.file("class.safetensors"), b.file("classes.safetensors"))
    row = read(b.file("classes.safetensors"))["logits"][2]
    total = sum(map(math.exp, row))
    wanted = sorted(zip(["negative", "neutral", "positive"], (math.exp(x) / total for x in row)), key=lambda p: -p[1])
    check([f["label"] for f in found] == [name for name, _ in wanted], found)
    close([f["score"] for f in found], [score for _, score in wanted], "classify")
    lines = answer(program, "classify", text=text + "\nthe cat\n").splitlines()
    check(len(lines) == 2 and lines[0].startswith(f"{wanted[0][0]} {wanted[0][1]:.4f}"), lines)
    check(answer(program, "classify", text, "--pair", "the cat") != answer(program, "classify", text), "--pair")


def test_tag(b):
    """tag: a label for each word, at its place"""
    program = b.program("bert_token")
    text = "Ädä saw the unsung cat"
    words = json.loads(answer(program, "tag", "--json", text))["tags"]
    check([w["text"] for w in words] == text.split(), words)
    check([text[w["begin"]:w["end"]] for w in words] == text.split(), "offsets are not code points")
    check(all(w["label"] in ("O", "B-PER", "I-PER", "B-LOC", "I-LOC") and 0 < w["score"] <= 1 for w in words), words)
    tokens = json.loads(answer(program, "tag", "--json", "--tokens", text))["tags"]
    check(len(tokens) == len(answer(program, "tokenize", text).split()) - 2 > len(words), tokens)
    for word in words:
        check(next(t for t in tokens if t["word"] == word["word"])["label"] == word["label"], "not the first token's label")
    plain = answer(program, "tag", text=text + "\nthe cat\n").split("\n\n")
    check(len(plain) == 2 and len(plain[0].splitlines()) == 5, plain)


def test_answer(b):
    """answer: the best span of run's logits; long contexts are read window by window"""
    program = b.program("bert_answer")
    question, context = "how do plants make food", "the sun is red. plants make food from light, water and air"
    found = json.loads(answer(program, "answer", "--json", question, context))
    q, c = ([int(i) for i in answer(program, "tokenize", t).split()][1:-1] for t in (question, context))
    ids = [2, *q, 3, *c, 3]
    write(b.file("qa.safetensors"), {"input_ids": ("I64", [1, len(ids)], ids),
                                     "token_type_ids": ("I64", [1, len(ids)], [0] * (len(q) + 2) + [1] * (len(c) + 1))})
    answer(program, "run", b.file("qa.safetensors"), b.file("qas.safetensors"))
    out = read(b.file("qas.safetensors"))
    first = len(q) + 2
    scores = []
    for name in ("start_logits", "end_logits"):
        row = [math.exp(x) for x in out[name][2][first:first + len(c)]]
        scores.append([x / sum(row) for x in row])
    best = max(scores[0][i] * scores[1][j] for i in range(len(c)) for j in range(i, min(len(c), i + 15)))
    check(abs(found["score"] - best) < 1e-5, f"{found}, not {best}")
    check(context[found["begin"]:found["end"]] == found["answer"] != "", found)
    one = json.loads(answer(program, "answer", "--json", "--longest", "1", question, context))
    check(one["score"] <= found["score"] and " " not in one["answer"], one)
    long = " ".join([context] * 20)
    found = json.loads(answer(program, "answer", "--json", question, "-", text=long))
    check(long[found["begin"]:found["end"]] == found["answer"] != "", found)
    refused("leaves no room", program, "answer", "a " * 80, context)
    refused("no words", program, "answer", question, " ")
    refused("the context: wordpiece: the text is not UTF-8", program, "answer", question, "-", text=b"a \xff")


def test_relatives(b):
    """BERT's relatives with their tokenizers say to texts what Transformers says"""
    for case in RELATIVES:
        asked, program = json.loads((GOLDEN / case / "asked.json").read_text()), b.program(case)
        for line, ids in asked.pop("tokenize"):
            found = list(map(int, answer(program, "tokenize", line).split()))
            check(found == ids, f"{case}: {line!r} is {found}, not {ids}")
        for line, ids, shown, scores in asked.get("fill_mask", []):
            masks = json.loads(answer(program, "fill-mask", "--json", "--top", "3", line))["masks"]
            found = next((m for m in masks if [f["token"] for f in m] == ids), None)
            check(found, f"{case}: {line!r} gives {masks}, not {ids}")
            check([f["text"] for f in found] == shown, f"{case}: {found}, not {shown}")
            close([f["score"] for f in found], scores, case)
        for question, context, text, score in asked.get("answer", []):
            found = json.loads(answer(program, "answer", "--json", question, context))
            check(found["answer"] == text and abs(found["score"] - score) < 1e-5, f"{case}: {found}, not {text!r} {score}")
        for line, scores in asked.get("classify", []):
            found = json.loads(answer(program, "classify", "--json", line))["labels"]
            names = json.loads((GOLDEN / case / "config.json").read_text())["id2label"]
            wanted = sorted(zip(scores, (names[str(i)] for i in range(3))), reverse=True)
            check([f["label"] for f in found] == [name for _, name in wanted], f"{case}: {found}, not {wanted}")
            close([f["score"] for f in found], [score for score, _ in wanted], case)
        for line, vector in asked.get("embed", []):
            close(json.loads(answer(program, "embed", "--json", line))["embedding"], vector, f"{case} {line!r}")
        check(asked, f"{case}: nothing was asked")


def test_translate(b):
    """an encoder-decoder writes what generate() writes, in beams and greedily, and says why it does not"""
    program = b.program("marian_w27_h3")
    asked = json.loads((GOLDEN / "marian_w27_h3" / "asked.json").read_text())
    for line, ids in asked["tokenize"]:
        found = list(map(int, answer(program, "tokenize", "--", line).split()))
        check(found == ids, f"{line!r} is {found}, not {ids}")
    for name, options in (("translate", []), ("greedy", ["--beams", "1"])):
        lines = [line for line, _, _ in asked[name]]
        found = [json.loads(line) for line in answer(program, "translate", "--json", *options, text="\n".join(lines) + "\n").splitlines()]
        for (line, ids, text), one in zip(asked[name], found, strict=True):
            check((one["text"], one["written"], one["tokens"]) == (line, text, ids[1:]), f"{name} {line!r}: {one}, not {text!r} {ids}")
    text = asked["translate"][0][2]
    check(answer(program, "summarize", asked["translate"][0][0]) == text + "\n", "summarize")
    check(answer(program, "translate", "--prefix", "The sun ", "warms the sea.") == text + "\n", "--prefix")
    check(len(answer(program, "translate", "--beams", "4", "--best", "3", "the sea").splitlines()) == 3, "--best")
    one = json.loads(answer(program, "translate", "--json", "--most-new", "4", "the sea"))
    check(len(one["tokens"]) == 4, f"--most-new: {one}")
    refused("--beams 0: a whole number of at least 1 is needed", program, "translate", "--beams", "0", "x", code=1)
    refused("the 2 best were asked for of 1 beams", program, "translate", "--beams", "1", "--best", "2", "x")
    refused("tokens, at most 20", program, "translate", "the sea " * 20)
    check(answer(program, "translate", "--truncate", "the sea " * 20), "--truncate")
    long = {"input_ids": ("I64", [1, 3], [5, 6, 7]), "decoder_input_ids": ("I64", [1, 2], [58, 5])}
    for sentence, change in (("decoder_input_ids is missing", {"decoder_input_ids": None}),
                             ("decoder_input_ids is (2, 1), input_ids are (1, 3)", {"decoder_input_ids": ("I64", [2, 1], [1, 2])}),
                             ("59, it must lie from 0 to 58", {"input_ids": ("I64", [1, 1], [59])}),
                             ("49 tokens, this model has 48 positions", {"input_ids": ("I64", [1, 49], [5] * 49)}),
                             ("token_type_ids is no input of this model", {"token_type_ids": ("I64", [1, 3], [0, 0, 0])})):  # fmt: skip
        write(b.file("in.safetensors"), {n: t for n, t in {**long, **change}.items() if t})
        refused(sentence, program, "run", b.file("in.safetensors"), b.file("out.safetensors"))
    said = answer(program, "describe")
    check(all(part in said for part in ("encoder layers:  2", "decoder layers:  1", "FLOPs a word")), said)
    said = [json.loads(line) for line in answer(program, "bench", "--lengths", "4,8").splitlines()]
    check([one["length"] for one in said] == [4, 8] and all(one["word_min_us"] > 0 for one in said), f"bench: {said}")


def test_agreement(b):
    """an XLNet that was trained here fills gaps with verbs that agree with a subject some words away: 980 of 1000, at least"""
    lines = [line.split("\t") for line in (ROOT / "data" / "agreement" / "test.tsv").read_text().splitlines()]
    said = answer(b.program("agreement"), "fill-mask", "--json", "--top", "1", text="".join(line[0] + "\n" for line in lines)).splitlines()
    forms = {"singular": {"is", "was", "has", "seems", "stays", "looks"}, "plural": {"are", "were", "have", "seem", "stay", "look"}}
    words = [json.loads(line)["masks"][0][0]["text"].strip() for line in said]
    good = sum(word in forms[number] for word, (_, number) in zip(words, lines, strict=True))
    check(len(lines) == 1000 and good >= 980, f"{good} of {len(lines)} verbs agree")


def test_glue(b):
    """glue measures a file of one of GLUE's tasks, by what classify says of each example"""
    program = b.program("roberta_sequence")
    pairs = [("Plants make food", "the sun"), ("The cat sat", "a dog is in"), ("One two three", "day and night"), ("sky", "blue")]
    said = []
    for first, second in pairs:
        found = json.loads(answer(program, "classify", "--json", "--pair", second, first))["labels"][0]["label"]
        said.append(found.lower())
    wanted = [said[0], said[1], "neutral" if said[2] != "neutral" else "entailment", said[3]]
    rows = ["index\tsentence1\tsentence2\tgold_label"] + [f"{i}\t{a}\t{c}\t{w}" for i, ((a, c), w) in enumerate(zip(pairs, wanted))]
    file = b.file("dev.tsv", "\n".join(rows) + "\n")
    check(answer(program, "glue", "MNLI", file) == "accuracy\t0.7500\n", "MNLI")
    check(json.loads(answer(program, "glue", "--json", "mnli-mm", file)) == {"task": "mnli", "examples": 4, "accuracy": 0.75}, "--json")
    turned = answer(program, "glue", "--labels", "neutral,entailment,contradiction", "mnli", file)
    check(turned != "accuracy\t0.7500\n", f"--labels: {turned}")
    for sentence, words in (("squad is none of its tasks", ("squad", file)), ("rte has 2 labels, this model has 3", ("rte", file)),
                            ("sts-b needs a model of one number, this one has 3 labels", ("sts-b", file)),
                            ("--labels: 2 names, this model has 3 labels", ("mnli", file, "--labels", "a,b")),
                            ("line 1: there is no column sentence1", ("mnli", b.file("x.tsv", "a\tb\n"))),
                            ("cannot be opened", ("mnli", b.folder / "no.tsv"))):  # fmt: skip
        refused(sentence, program, "glue", *words)
    program = b.program("xlm_roberta_rerank")
    texts = [("the cat", "a dog", 1.5), ("sun and moon", "the sky is red", 4.0), ("food", "plants make food", 3.0)]
    file = b.file("dev.tsv", "sentence1\tsentence2\tscore\n" + "".join(f"{a}\t{c}\t{s}\n" for a, c, s in texts))
    said = json.loads(answer(program, "glue", "--json", "sts-b", file))
    check(set(said) == {"task", "examples", "pearson", "spearman"} and -1 <= said["pearson"] <= 1, f"STS-B: {said}")


def test_dates(b):
    """a T5 that was trained here writes dates as ISO 8601 does: 995 of 1000 that it has not seen, at least"""
    lines = [line.split("\t") for line in (ROOT / "data" / "dates" / "test.tsv").read_text().splitlines()]
    for options in ([], ["--beams", "3", "--threads", "2"]):
        said = answer(b.program("dates"), "translate", *options, text="".join(line[0] + "\n" for line in lines)).splitlines()
        good = sum(one == wanted for one, (_, wanted) in zip(said, lines, strict=True))
        check(len(lines) == 1000 and good >= 995, f"{good} of {len(lines)} dates are right")


def test_prose(b):
    """a GPT-2 that was trained here foresees a text that it has not seen as well as PyTorch says"""
    program, text = b.program("prose"), ROOT / "data" / "prose" / "test.txt"
    said = json.loads(answer(program, "perplexity", "--json", "--context", "128", text))
    check(said["tokens"] == 3407 and abs(said["perplexity"] / 63.834 - 1) < 1e-3, f"{said}, not 3407 tokens at 63.834")
    written = answer(program, "generate", "--tokens", "40", "The sun")
    check(len(written) > 40 and written == answer(program, "generate", "--tokens", "40", "--threads", "2", "The sun"), written)


def test_pipeline(b):
    """examples/pipeline opens what the tool packed, and says what the programs say"""
    code, said, problem = run(ROOT / "tools" / "build", "native", "examples/pipeline")
    check(code == 0, f"examples/pipeline: {said}{problem}")
    program, gap, date = ROOT / "build" / "native" / "examples" / "pipeline", "the keys near the tree <mask> there", "the 3rd of March 2021"
    lines = answer(program, f"{b.program('agreement')}.weights", gap, f"{b.program('dates')}.weights", date).splitlines()
    found = json.loads(answer(b.program("agreement"), "fill-mask", "--json", "--top", "3", gap))["masks"][0]
    check([line.split("\t")[1] for line in lines[:3]] == [f["text"] for f in found] and lines[3:] == ["2021-03-03"], lines)
    refused("dates.weights: ", program, f"{b.program('dates')}.weights", gap, f"{b.program('dates')}.weights", date)


def test_zero_shot(b):
    """zero-shot: the labels that a classifier of entailment finds in a text, one or several"""
    program = b.program("roberta_sequence")
    for line, topics, one, several in json.loads((GOLDEN / "roberta_sequence" / "asked.json").read_text())["zero_shot"]:
        for scores, more in ((one, []), (several, ["--several"])):
            said = answer(program, "zero-shot", "--json", "--hypothesis", "It is {}!", *more, ",".join(topics), line)
            found, wanted = json.loads(said)["labels"], sorted(zip(scores, topics), reverse=True)
            check([f["label"] for f in found] == [name for _, name in wanted], f"{found}, not {wanted}")
            close([f["score"] for f in found], [score for score, _ in wanted], "zero-shot")
    lines = answer(program, "zero-shot", "food, sun", text="the cat\nthe sun\n").splitlines()
    check(len(lines) == 2 and all(len(line.split("\t")) == 2 for line in lines), lines)
    check(lines == answer(program, "zero-shot", "food,sun", "the cat", "the sun").splitlines(), "spaces around labels count")
    refused("has no {}", program, "zero-shot", "food", "x", "--hypothesis", "It is")
    refused("is empty", program, "zero-shot", "food,,sun", "x")
    refused("label 1: tokenizer: ", program, "zero-shot", "food", "x" * 60)
    refused("there is no such command", b.program("bert_sequence"), "zero-shot", "a", "b", code=2)


def test_rerank(b):
    """rerank: a cross-encoder's scores of passages, best first, however many share a forward"""
    program = b.program("xlm_roberta_rerank")
    query, scores = json.loads((GOLDEN / "xlm_roberta_rerank" / "asked.json").read_text())["rerank"]
    wanted = sorted(scores, key=lambda pair: -pair[1])
    passages = b.file("rerank.txt", "# a comment\n" + "\n".join(text for text, _ in scores) + "\n")
    found = [json.loads(line) for line in answer(program, "rerank", "--json", query, passages).splitlines()]
    check([f["text"] for f in found] == [text for text, _ in wanted], f"{found}, not {wanted}")
    check([scores[f["index"]][0] for f in found] == [f["text"] for f in found], f"wrong numbers: {found}")
    close([f["score"] for f in found], [score for _, score in wanted], "rerank")
    plain = answer(program, "rerank", query, passages, "--top", "2", "--threads", "2").splitlines()
    check(plain == [f"{score:.4f}\t{text}" for text, score in wanted[:2]], plain)
    many = b.file("many.txt", "\n".join(text for _ in range(50) for text, _ in scores))
    found = [json.loads(line) for line in answer(program, "rerank", "--json", query, many).splitlines()]
    check(len(found) == 200 and [f["text"] for f in found[::50]] == [text for text, _ in wanted], "200 passages")
    check([f["index"] for f in found[:50]] == sorted(f["index"] for f in found[:50]), "equal scores are not in their order")
    refused("passage 2: tokenizer: ", program, "rerank", query, b.file("long.txt", "a\n" + "x " * 60 + "\n"))
    check(len(answer(program, "rerank", query, b.file("long.txt"), "--truncate").splitlines()) == 2, "--truncate")
    refused("there is no passage", program, "rerank", query, b.file("none.txt", "\n"))
    refused("there is no such command", b.program("bert_sequence"), "rerank", "a", "b", code=2)


def test_weights(b):
    """weights that are missing, cut, damaged in their header or another model's are refused"""
    program = b.program("bert_token")
    refused("cannot be opened", program, "tag", "x", "--weights", b.file("missing"))
    data = pathlib.Path(str(program) + ".weights").read_bytes()
    refused("incomplete", program, "tag", "x", "--weights", b.file("cut.weights", data[:-1]))
    refused("within its header", program, "tag", "x", "--weights", b.file("cut.weights", data[:100]))
    refused("is empty", program, "tag", "x", "--weights", b.file("cut.weights", b""))
    refused("followed by something else", program, "tag", "x", "--weights", b.file("cut.weights", data + b"x"))
    refused("is not a packed weights file", program, "tag", "x", "--weights", b.file("cut.weights", b"x" * 1000))
    refused("bert_sequence_classifier", program, "tag", "x", "--weights", str(b.program("bert_sequence")) + ".weights")
    moved = b.file("moved")
    shutil.copy(program, moved)
    refused("moved.weights", moved, "tag", "x")


def split(b, case, name, files=None):
    """A copy of a checkpoint whose tensors lie in two files, or as `files` says."""
    folder = b.checkpoint(case, name)
    tensors = read(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    half, map_ = len(tensors) // 2, {}
    for number, names in enumerate((list(tensors)[:half], list(tensors)[half:]), 1):
        write(folder / f"model-{number}.safetensors", {n: tensors[n] for n in names})
        map_ |= {n: f"model-{number}.safetensors" for n in names}
    index = {"metadata": {}, "weight_map": map_ if files is None else files}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_compile_refusals(b):
    """checkpoints that cannot be compiled are refused before anything is compiled"""
    out = b.file("out-never")

    def no(sentence, folder, *more, code=1):
        refused(sentence, COMPILER, "compile", folder, "-o", out, *more, code=code)
        check(not out.exists() and not b.file("out-never.hpp").exists(), f"{sentence}: a file was written")

    def changed(sentence, **changes):
        no(sentence, b.checkpoint("bert_w36_h3", "changed", **changes))

    changed("ElectraModel is not supported yet; supported are BertModel", architectures=["ElectraModel"])
    changed('model_type "bert" does not go with RobertaModel', architectures=["RobertaModel"])
    changed("architectures does not name one", architectures=[])
    changed("architectures does not name one", architectures=None)
    changed('model_type "t5" does not go with', model_type="t5")
    changed('hidden_act "mish" is not supported yet; supported are gelu', hidden_act="mish")
    changed('position_embedding_type "relative_key" is not supported yet', position_embedding_type="relative_key")
    changed("is_decoder true is not supported yet", is_decoder=True)
    changed("hidden_size 36 is not a multiple of num_attention_heads 5", num_attention_heads=5)
    changed("num_attention_heads is 0", num_attention_heads=0)
    changed('hidden_size is "36"', hidden_size="36")
    changed("hidden_size is missing", hidden_size=None)
    changed("layer_norm_eps is -1", layer_norm_eps=-1)
    changed("word_embeddings.weight is (97, 36), config.json calls for (98, 36)", vocab_size=98)
    changed("encoder.layer.2.attention.self.query.weight (36, 36) is missing", num_hidden_layers=3)
    changed("intermediate.dense.weight is", intermediate_size=53)
    folder = b.checkpoint("bert_sequence", "changed", id2label={"0": "a", "2": "b"})
    no("does not number its 2 labels", folder)
    folder = b.checkpoint("bert_sequence", "changed", id2label={"0": "a", "1": "b"})
    no("classifier.weight is (3, 24), config.json calls for (2, 24)", folder)
    no("cls.predictions.decoder.weight (101, 40) is missing", b.checkpoint("bert_masked_lm", "changed", tie_word_embeddings=False))

    def relative(sentence, case, **changes):
        no(sentence, b.checkpoint(case, "changed", **changes))

    relative("pad_token_id is 33, a number from 0 to 32 is needed", "roberta_w20_h1", pad_token_id=33)
    relative("position_embeddings.weight is (34, 20), config.json calls for (35, 20)", "roberta_w20_h1", max_position_embeddings=35)
    relative("roberta.encoder.layer.1.attention.self.query.weight (12, 12) is missing", "roberta_token", num_hidden_layers=2)
    relative("classifier.out_proj.weight is (3, 12), config.json calls for (1, 12)", "roberta_sequence", id2label={"0": "a"})
    relative('activation "mish" is not supported yet', "distilbert_w36_h3", activation="mish")
    relative("dim 36 is not a multiple of n_heads 5", "distilbert_w36_h3", n_heads=5)
    relative("relative_attention_num_buckets 16 is not supported yet; 32 is", "mpnet_w36_h3", relative_attention_num_buckets=16)
    relative("inner_group_num 2 is not supported yet; 1 is", "albert_groups", inner_group_num=2)
    relative("num_hidden_groups 9 is more than num_hidden_layers 5", "albert_groups", num_hidden_groups=9)
    relative("word_embeddings.weight is (97, 20), config.json calls for (97, 16)", "albert_w36_h3", embedding_size=16)

    relative('attn_type "uni" is not supported yet; "bi" is', "xlnet_sequence", attn_type="uni")
    relative("clamp_len 4 is not supported yet; -1 is", "xlnet_sequence", clamp_len=4)
    relative('summary_type "mean" is not supported yet', "xlnet_sequence", summary_type="mean")
    relative("transformer.layer.1.rel_attn.q (24, 3, 8) is missing", "xlnet_sequence", n_layer=2)
    relative('activation_function "mish" is not supported yet', "marian_w27_h3", activation_function="mish")
    relative("share_encoder_decoder_embeddings false is not supported yet", "marian_w27_h3", share_encoder_decoder_embeddings=False)
    relative("d_model 27 is not a multiple of 4 heads", "marian_w27_h3", decoder_attention_heads=4)
    relative("model.decoder.layers.1.self_attn.q_proj.weight (27, 27) is missing", "marian_w27_h3", decoder_layers=2)
    relative('feed_forward_proj "gated-silu" is not supported yet', "t5_gated_gelu", feed_forward_proj="gated-silu")
    relative("holds neither tokenizer.json nor vocab.txt", "t5_gated_gelu")

    def told(sentence, **changes):
        folder = b.checkpoint("marian_w27_h3", "changed")
        (folder / "generation_config.json").write_text(json.dumps({"decoder_start_token_id": 58, "eos_token_id": 0, **changes}))
        no(sentence, folder)

    told("do_sample true is not supported yet; false is", do_sample=True)
    told("bad_words_ids [3, 4] is not supported yet; single tokens are", bad_words_ids=[[58], [3, 4]])
    told("forced_eos_token_id is 59, a token of the vocabulary of 59 is needed", forced_eos_token_id=59)
    told('early_stopping "never" is not supported yet', early_stopping="never")
    for name, content, sentence in (("source.spm", b"\x0a\xff", "is no SentencePiece model"), ("source.spm", b"", "is no SentencePiece model"),
                                    ("vocab.json", b'{"</s>": 0, "<unk>": 2}', "does not number its pieces"),
                                    ("vocab.json", b'{"a": 0}', "has no '<unk>'"), ("vocab.json", None, "no such file")):  # fmt: skip
        folder = b.checkpoint("marian_w27_h3", "changed")
        (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
        no(sentence, folder)

    def retold(sentence, case, change):
        folder = b.checkpoint(case, "changed")
        about = json.loads((folder / "tokenizer.json").read_text())
        change(about)
        (folder / "tokenizer.json").write_text(json.dumps(about))
        no(sentence, folder)

    retold("a normalizer of type Nmt is not supported yet", "roberta_w20_h1", lambda t: t.update(normalizer={"type": "Nmt"}))
    retold("with dropout 0.1 is not supported yet", "roberta_w20_h1", lambda t: t["model"].update(dropout=0.1))
    retold("a model of type BPE without vocab cannot be read", "roberta_w20_h1", lambda t: t["model"].pop("vocab"))
    retold("is not as `tokenizers` writes it", "roberta_w20_h1", lambda t: t["model"].update(merges=["a"]))
    retold("283 tokens, but config.json has a vocab_size of 281", "roberta_w20_h1",
           lambda t: t["added_tokens"].append({"id": 282, "content": "x", "special": True}))
    twice = [{"SpecialToken": {"id": "[SEP]", "type_id": 0}}] * 2
    sequences = [{"Sequence": {"id": name, "type_id": 0}} for name in "AB"]
    retold("around a pair, which is not supported yet with WordPiece", "bert_sequence", lambda t: t["post_processor"].update(
        pair=[{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, sequences[0], *twice, *twice, sequences[1], twice[0]]))

    no("no such folder", b.folder / "nowhere")
    for name, content, sentence in (("config.json", "{", "is not JSON"), ("config.json", "[]", "holds no object"),
                                    ("config.json", b"\xff", "is not UTF-8"), ("config.json", "[" * 100000, "is not JSON"),
                                    ("config.json", None, "no such file"), ("model.safetensors", None, "no such file"),
                                    ("model.safetensors", b"", "is no safetensors file"),
                                    ("model.safetensors", b"\xff" * 16, "is no safetensors file"),
                                    ("model.safetensors", b"\2\0\0\0\0\0\0\0{{", "is not JSON"),
                                    ("tokenizer.json", "{}", "a model of type None is not supported yet"),
                                    ("tokenizer.json", "x", "is not JSON")):
        folder = b.checkpoint("bert_w36_h3", "changed")
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        no(sentence, folder)
    for names, sentence in (({"x": "../m.safetensors"}, "is not the name of a .safetensors file beside it"),
                            ({"x": "/m.safetensors"}, "is not the name of a .safetensors file beside it"),
                            ({"x": "m.safetensors"}, "m.safetensors: no such file"), ({"x": 1}, "has no weight_map"),
                            ([], "has no weight_map"), ({}, "embeddings.word_embeddings.weight (97, 36) is missing")):  # fmt: skip
        no(sentence, split(b, "bert_w36_h3", "changed", names))

    def added(sentence, *tokens, **more):
        no(sentence, with_added(b, "changed", *tokens, **more))

    added("an added token has no content or no id", {"content": 3})
    added("an added token has no content or no id", {"content": ""})
    added("the added token '[E1]' has the number 86, but is number 85 by its place", {"content": "[E1]", "id": 86})
    added("the added token 'the' has the number 85, but is number", {"content": "the"})
    added("the added token ' x' has white space at an end", {"content": " x"})
    added("lstrip of the added token '[E1]' is 1, not true or false", {"content": "[E1]", "lstrip": 1})
    added("90 tokens, but config.json has a vocab_size of 89", *({"content": f"x{i}"} for i in range(5)))
    folder = b.checkpoint("bert_w36_h3", "changed")
    (folder / "tokenizer.json").unlink(), (folder / "added_tokens.json").write_text('{"x": 97}')
    no("says nothing of how its tokens are found", folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**config, "added_tokens_decoder": {"x": {}}}))
    no("added_tokens_decoder is no object of numbers and tokens", folder)
    folder = b.checkpoint("bert_w36_h3", "changed")
    (folder / "vocab.txt").unlink(), (folder / "tokenizer.json").unlink()
    no("holds neither tokenizer.json nor vocab.txt", folder)

    good = GOLDEN / "bert_w36_h3"
    no("--precision i4 is not supported; f32, bf16, i8, q8 and q4 are", good, "--precision", "i4")
    no("--target gpu is not supported", good, "--target", "gpu")
    no("--fly", good, "--fly", code=2)
    no("no-such-compiler", good, "--compiler", "no-such-compiler")
    no("--march avx2,neon: neon is not among sse4_2, avx2", good, "--march", "avx2,neon")
    refused("no such folder", COMPILER, "compile", good, "-o", b.folder / "no" / "out")
    refused("is a folder", COMPILER, "compile", good, "-o", b.folder)
    refused("required", COMPILER, "compile", good, code=2)


def test_header(b):
    """the header is what a person would have written"""
    said = pathlib.Path(str(b.program("bert_token")) + ".hpp").read_text()
    for part in ("constformer::bert_config bert_token{", ".layers = 1, .width = 24, .heads = 3, .feed_forward = 52",
                 "using model = constformer::bert_token_classifier<bert_token>;",
                 "static_assert(constformer::parameters<model>() == 9'585);", "{.lowercase = false}", '"B-PER"'):
        check(part in said, f"{part} is not in\n{said}")
    check(max(map(len, said.splitlines())) <= 120, "a line is too long")
    same = [answer(COMPILER, "compile", folder, "-o", "x", "--header")
            for folder in (b.checkpoint("bert_w36_h3", "same"), split(b, "bert_w36_h3", "same"))]
    check(same[0] == same[1], "a checkpoint in two files gives another header than in one")
    for case, wanted in (("llama_sequence", "causal_sequence_classifier<constformer::llama<x>, 3>;"), ("xlnet_token", "xlnet_token_classifier<x>;")):
        said = answer(COMPILER, "compile", GOLDEN / case, "-o", "x", "--header")
        check(f"using model = constformer::{wanted}" in said, f"{case}: {said}")
    refused("score.weight is (3, 36), config.json calls for (2, 36)", COMPILER, "compile",
            b.checkpoint("llama_sequence", "labels", id2label={"0": "a", "1": "b"}), "-o", "x", "--header")
    for mode, wanted in (("cls_token", "first"), ("mean_tokens", "mean"), ("lasttoken", "last")):
        pooled = b.checkpoint("bert_w36_h3", "pooled")
        (pooled / "1_Pooling").mkdir()
        (pooled / "1_Pooling" / "config.json").write_text(json.dumps({f"pooling_mode_{mode}": True, "pooling_mode_max_tokens": False}))
        said = answer(COMPILER, "compile", pooled, "-o", "x", "--header")
        check(f"pooling = constformer::pooling::{wanted};" in said, f"{mode}: {said}")
    (pooled / "1_Pooling" / "config.json").write_text('{"pooling_mode_max_tokens": true}')
    refused("pooling_mode_max_tokens is not supported yet", COMPILER, "compile", pooled, "-o", "x", "--header")
    odd = b.checkpoint("bert_sequence", "odd \\", id2label={"0": 'say "hi"\\', "1": "a\nb", "2": "ü"})
    said = answer(COMPILER, "compile", odd, "-o", "7 odd-names.x", "--header")
    check("namespace checkpoints::model_7_odd_names_x {" in said and r'"say \"hi\"\\", "a\012b", "ü"' in said, said)


def test_separated_twice(b):
    """WordPiece with the separating token twice between two texts, as MPNet has it"""
    folder = b.checkpoint("bert_sequence", "twice")
    about = json.loads((folder / "tokenizer.json").read_text())
    about["post_processor"] = {"type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2], "trim_offsets": True,
                               "add_prefix_space": False}  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(about))
    said = answer(COMPILER, "compile", folder, "-o", b.file("twice-program"), "--header")
    check("inline constexpr constformer::wordpiece_config tokenizer{.twice = true};" in said, said)


def test_embedded(b):
    """--embed puts the weights into the program"""
    program, object_file = b.file("embedded"), b.program("bert_w36_h3")
    if not program.exists():
        code, _, problem = run(COMPILER, "compile", GOLDEN / "bert_w36_h3", "-o", program, "--embed", "--march", "native",
                               env={"CXXFLAGS": f"-O1 -include {b.folder / 'everything.hpp'}"})
        check(code == 0, problem)
    check(not pathlib.Path(str(program) + ".weights").exists(), "there is a weights file beside it")
    close(*([float(x) for x in answer(p, "embed", "the cat").split()] for p in (program, object_file)), "the embedding")
    said = answer(program, "describe")
    check("in this program" in said, "describe does not say so")
    isa = re.search(r"^isa: +(\w+)$", said, re.MULTILINE)
    check(isa, "--march native: describe does not say the one instruction set")
    refused(f"only for {isa[1]}", program, "describe", env={"CONSTFORMER_ISA": "neon"})


def test_wasm(b):
    """--target wasm gives a folder of a module, its wrapper and the weights"""
    folder = b.file("web")
    code, said, problem = run(COMPILER, "compile", GOLDEN / "bert_sequence", "-o", folder, "--target", "wasm")
    check(code == 0, problem)
    names = {"web.wasm", "web.relaxed.wasm", "web.threads.wasm", "web.mjs", "web.d.ts", "web.weights", "web.hpp",
             "index.mjs", "package.json", "README.md", "LICENSE"}  # fmt: skip
    check({p.name for p in folder.iterdir()} == names, said)
    about = json.loads((folder / "package.json").read_text())
    check(set(about["files"]) | {"web.hpp", "package.json", "README.md", "LICENSE"} == names, about["files"])
    check("NAME" not in (folder / "index.mjs").read_text(), "index.mjs does not name the model's files")
    check((folder / "web.wasm").read_bytes()[:4] == b"\0asm", "web.wasm is no module")
    packed, weights = (pathlib.Path(path).read_bytes() for path in (folder / "web.weights", str(b.program("bert_sequence")) + ".weights"))
    check(packed[128:] == weights[128:], "the weights differ from the native ones")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", metavar="FOLDER", type=pathlib.Path)
    parser.add_argument("--wasm", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("tests", nargs="*", help="only these")
    given = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="constformer-test-") as temporary:
        folder = given.keep.resolve() if given.keep else pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(folder)
        tests = [(name[5:], test) for name, test in globals().items() if name.startswith("test_")]
        tests = [t for t in tests if t[0] in given.tests] if given.tests else [t for t in tests if given.wasm or t[0] != "wasm"]
        try:
            bench.compile_all(given.jobs)
        except Exception as problem:  # noqa: BLE001: nothing can be tested without programs
            print(f"FAILED compile: {problem}")
            print("0 passed, 1 failed")
            return 1
        for name, test in tests:
            try:
                test(bench)
                passed += 1
                print(f"ok {name}: {test.__doc__}", flush=True)
            except Exception as problem:  # noqa: BLE001: a test that breaks has failed
                failed += 1
                why = problem if isinstance(problem, Failed) else traceback.format_exc()
                print(f"FAILED {name}: {why}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
