"""Compiles a checkpoint's header into a program, or into a module for the browser."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import tempfile

import decoders
import header
import package
from checkpoint import Refusal

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PARTS = ROOT / "tools" / "compiler"
COMMON = ["-std=c++20", "-O2", "-fno-math-errno", "-pthread", f"-I{ROOT / 'include'}"]
LIGHT = ["-O1"]  # of a program around dispatched kernels: it reads texts and files, and they are what must be fast
# Instruction sets that are the one before them, as far as the weights of other precisions go. (In i8, q8 and q4 BF16 serves attention
# alone: in i8 it pays on AMD's processors, in the other two it would cost an eighth of the compile.)
BYTES = ("i8", "q8", "q4")
ONLY_FOR = {"avx_vnni": BYTES, "avx512_vnni": BYTES, "avx512_bf16": ("bf16", "i8"), "neon_dot": BYTES}
# As wasm/meson.build has them.
MODULE = ["-fno-exceptions", "-fno-rtti", "--no-entry", "-sSTANDALONE_WASM", "-sMALLOC=emmalloc", "-sALLOW_MEMORY_GROWTH",
          "-sSTACK_SIZE=128KB"]  # fmt: skip
ALONE = ["-sINITIAL_HEAP=1MB"]
SHARED = ["-matomics", "-mbulk-memory", "-sIMPORTED_MEMORY", "-sINITIAL_MEMORY=2MB", "-sMAXIMUM_MEMORY=2GB",
          "-Wl,--shared-memory,--no-check-features,--export=__stack_pointer"]  # wasm/meson.build says why
BUILDS = {"simd128": ("", ALONE), "relaxed": (".relaxed", ["-mrelaxed-simd", *ALONE]),
          "threads": (".threads", ["-mrelaxed-simd", *SHARED])}  # fmt: skip
FORWARD = {"seq2seq": "forward_seq2seq.hpp", "causal": "decoder.hpp"}  # `run`, `bench` and `describe`, where they are not as BERT's
EMBED = """    .section .rodata
    .balign 64
    .global constformer_weights
constformer_weights:
    .incbin "weights"
    .global constformer_weights_end
constformer_weights_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
"""


def environment():
    """What tools/setup says of this machine, where it has been run."""
    file = ROOT / "build" / "env"
    if not file.exists():
        return dict(os.environ)
    done = subprocess.run(["sh", "-c", '. "$1" && env -0', "sh", file], stdout=subprocess.PIPE, check=False)
    pairs = (pair.partition(b"=") for pair in done.stdout.split(b"\0") if b"=" in pair)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs} or dict(os.environ)


class Tools:
    def __init__(self, say):
        self.env, self.say = environment(), say

    def run(self, command, what, **more):
        try:
            done = subprocess.run([str(word) for word in command], env=self.env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", **more)  # fmt: skip
        except OSError as problem:
            raise Refusal(f"{command[0]}: {problem.strerror}; run tools/setup, or name a compiler by --compiler") from None
        if done.returncode != 0:
            lines = done.stdout.strip().splitlines() or [f"exit code {done.returncode}"]
            said = next((line for line in lines if "error:" in line), lines[-1])
            raise Refusal(f"{what}: {said}" if what else said)
        return done.stdout

    def run_all(self, commands):
        """Runs (command, what to say if it fails) side by side, as many as there are processors."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for running in [pool.submit(self.run, command, what) for command, what in commands]:
                running.result()

    def knows(self, compiler, *flags):
        """Does the compiler take these flags?"""
        try:
            self.run([compiler, *flags, "-fsyntax-only", "-x", "c++", os.devnull], "")
        except Refusal:
            return False
        return True

    def xsimd(self):
        """How the compiler finds xsimd: by pkg-config, or else where it looks anyway."""
        try:
            done = subprocess.run(["pkg-config", "--cflags", "xsimd"], env=self.env, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True, check=False)  # fmt: skip
        except OSError:
            return []
        return done.stdout.split()

    def flags(self):
        """The user's own flags, which come last and so decide."""
        return self.env.get("CXXFLAGS", "").split()


def instruction_sets(tools, compiler, march, precision):
    """{name: flags} of those that the program shall hold, the best last; none: the one that -march= says. All: what the compiler knows and
    the precision has a use for."""
    known = [line.split() for line in (ROOT / "kernels/isas.txt").read_text().splitlines() if line and line[0] != "#"]
    given = march.split(",")
    if march != "all" and not any(name in given for name, *_ in known):
        return {}
    machine = tools.run([compiler, "-dumpmachine"], f"{compiler} failed").strip()
    if "linux" not in machine:  # tools/isolate needs ELF objects and GNU's binutils
        if march == "all":
            return {}
        raise Refusal(f"--march {march}: several instruction sets in one program are for Linux, the compiler's target is {machine}")
    offered = {name: flags for name, cpu, *flags in known if cpu == machine.split("-")[0]}
    for name in given if march != "all" else ():
        if name not in offered:
            raise Refusal(f"--march {march}: {name} is not among {', '.join(offered) or 'what is known'} of {machine}")
        tools.run([compiler, *offered[name], "-fsyntax-only", "-x", "c++", os.devnull], f"{compiler} failed")
    return {name: flags for name, flags in offered.items()
            if name in given or march == "all" and precision in ONLY_FOR.get(name, (precision,)) and tools.knows(compiler, *flags)}  # fmt: skip


def common(tools, compiler):
    """How the compiler is called for every source of a native program."""
    patient = [flag for flag in ["--param=ggc-min-heapsize=600000"] if tools.knows(compiler, flag)]  # GCC: collect garbage later, take less time
    return [compiler, *COMMON, *patient, *tools.xsimd()]


def defines(checkpoint, name, header_file):
    return [f'-DCONSTFORMER_HEADER="{header_file}"', f"-DCONSTFORMER_CHECKPOINT=checkpoints::{name}",
            f'-DCONSTFORMER_COMMANDS="commands/{checkpoint.commands}.hpp"',
            f'-DCONSTFORMER_FORWARD="{FORWARD.get(checkpoint.commands, "forward.hpp")}"']  # fmt: skip


def place(files):
    """Moves finished files to where they belong, each in one step."""
    for source, target in files:
        part = target.with_name(target.name + f".part-{os.getpid()}")
        try:
            shutil.copy(source, part)
            os.replace(part, target)
        except OSError as problem:
            part.unlink(missing_ok=True)
            raise Refusal(f"{target}: cannot be written: {problem.strerror}") from None


def native(checkpoint, out, options, say):
    """OUT, OUT.hpp and, unless they are embedded, OUT.weights."""
    tools = Tools(say)
    name = header.identifier(out.name)
    with tempfile.TemporaryDirectory(prefix="constformer-") as folder:
        work = pathlib.Path(folder)
        header_file = work / (name + ".hpp")
        header_file.write_text(header.write(checkpoint, name, options.precision), encoding="utf-8")
        (work / "vocabulary").write_bytes(checkpoint.vocabulary)
        compiler, why = options.compiler, f"{options.compiler} failed"
        isas = instruction_sets(tools, compiler, options.march, options.precision)
        say(f"compiling {name} ({checkpoint.parameters:,} parameters) with {compiler} for {', '.join(isas) or options.march}")
        compile_by = common(tools, compiler)
        # The program itself is for every processor of the architecture where the kernels are chosen at run time.
        march = ["-DCONSTFORMER_ISAS=" + ",".join(isas)] if isas else ["-march=" + options.march.replace("all", "native")]
        unique = [flag for flag in ["-fno-gnu-unique"] if isas and tools.knows(compiler, flag)]
        commands = [[*compile_by, *(LIGHT if isas else []), *march, f"-I{PARTS}", *defines(checkpoint, name, header_file), *tools.flags(), "-c",
                     PARTS / "program.cpp", "-o", work / "program.o"]]  # fmt: skip
        commands += [[*compile_by, *march, *unique, "-fno-exceptions", "-fno-rtti", f'-DCONSTFORMER_MODEL_HEADER="{header_file}"',
                      f"-DCONSTFORMER_MODEL=checkpoints::{name}::model", f"-DCONSTFORMER_FOR={isa}", *tools.flags(), *flags,
                      "-c", ROOT / "kernels" / "dispatched.cpp", "-o", work / f"{isa}.o"]
                     for isa, flags in isas.items()]  # fmt: skip
        tools.run_all([(command, why) for command in commands])
        objects = [work / "program.o"]
        for isa in isas:
            objects.append(work / f"kernels.{isa}.o")
            tools.run([ROOT / "tools" / "isolate", objects[-1], work / f"{isa}.o", "--", compiler], "")
        link = [compiler, "-pthread", "-s", *tools.flags(), *objects]
        tools.run([*link, "-o", work / "program"], why)
        say("packing the weights")
        tools.run([work / "program", "pack", checkpoint.folder, work / "vocabulary", work / "weights"], "")
        files = [(work / "program", out), (header_file, out.with_name(out.name + ".hpp"))]
        if options.embed:
            (work / "weights.s").write_text(EMBED)
            tools.run([*link, "weights.s", "-o", "embedded"], why, cwd=work)
            files[0] = (work / "embedded", out)
        else:
            files.append((work / "weights", out.with_name(out.name + ".weights")))
        place(files)
    return [target for _, target in files]


def wasm(checkpoint, out, options, say):
    """A folder that npm takes as a package: NAME.wasm, NAME.relaxed.wasm, NAME.threads.wasm, NAME.mjs, NAME.d.ts, NAME.weights, what
    package.files adds, and the header NAME.hpp."""
    if checkpoint.architecture in decoders.LABELS:
        raise Refusal(f"--target wasm does not go with {checkpoint.architecture} yet; native does")
    wanted = list(BUILDS) if options.march == "all" else options.march.split(",")
    for build in wanted:
        if build not in BUILDS:
            raise Refusal(f"--march {options.march}: {build} is not among {', '.join(BUILDS)} of WebAssembly")
    tools = Tools(say)
    name = header.identifier(out.name)
    headers = tools.env.get("CONSTFORMER_WASM_HEADERS", "")
    try:
        out.mkdir(exist_ok=True)
    except OSError as problem:
        raise Refusal(f"{out}: cannot be made: {problem.strerror}") from None
    with tempfile.TemporaryDirectory(prefix="constformer-") as folder:
        work = pathlib.Path(folder)
        header_file = work / (name + ".hpp")
        header_file.write_text(header.write(checkpoint, name, options.precision), encoding="utf-8")
        (work / "vocabulary").write_bytes(checkpoint.vocabulary)
        files = []
        choices = [f"-DCONSTFORMER_MODEL=checkpoints::{name}::model", f"-DCONSTFORMER_TOKENIZER=checkpoints::{name}::tokenizer",
                   f'-DCONSTFORMER_NAME="{name}"', f"-DCONSTFORMER_TOKENIZER_TYPE=checkpoints::{name}::tokenizer_type"]
        if checkpoint.commands in FORWARD:
            choices = [f"-DCONSTFORMER_CHECKPOINT=checkpoints::{name}"]
        if checkpoint.header == "xlnet":
            choices.append(f"-DCONSTFORMER_MOST_TOKENS=checkpoints::{name}::most_tokens")
        if checkpoint.commands == "encoder":
            choices.append(f"-DCONSTFORMER_POOLING=pooling::{checkpoint.pooling}")
        if checkpoint.commands == "masked_lm":
            choices.append(f"-DCONSTFORMER_LOGITS=checkpoints::{name}::output")
        if checkpoint.commands == "sequence":
            choices.append(f"-DCONSTFORMER_SCORES=checkpoints::{name}::scores")
            choices.append(f"-DCONSTFORMER_LABELS=checkpoints::{name}::labels")
        commands = []
        for kind, flags in (BUILDS[build] for build in BUILDS if build in wanted):
            module = work / f"{name}{kind}.wasm"
            commands.append(["em++", "-std=c++20", "-O3", "-msimd128", *flags, *(["-isystem", headers] if headers else []),
                             f"-I{ROOT / 'include'}", f"-I{ROOT}", f'-DCONSTFORMER_MODEL_HEADER="{header_file}"', *choices, *MODULE,
                             ROOT / "wasm" / (checkpoint.commands + ".cpp" if checkpoint.commands in FORWARD else "module.cpp"),
                             "-o", module])  # fmt: skip
            files.append((module, out / module.name))
        say(f"compiling {', '.join(target.name for _, target in files)} with em++")
        pack = [options.compiler, "-std=c++20", "-O2", "-march=native", f"-I{ROOT / 'include'}", f"-I{PARTS}", *tools.xsimd(),
                *defines(checkpoint, name, header_file), *tools.flags(), PARTS / "pack.cpp", "-o", work / "pack"]  # fmt: skip
        tools.run_all([*((one, "em++ failed") for one in commands), (pack, f"{options.compiler} failed")])
        say("packing the weights")
        tools.run([work / "pack", checkpoint.folder, work / "vocabulary", work / "weights"], "")
        files += [(work / "weights", out / (name + ".weights")), (header_file, out / header_file.name)]
        title = checkpoint.folder.resolve().name
        for file, text in package.files(name, title, checkpoint.commands, checkpoint.folder, wanted).items():
            (work / file).write_text(text, encoding="utf-8")
            files.append((work / file, out / file))
        place(files)
    return [target for _, target in files]
