#!/usr/bin/env python3
"""Tests tools/isolate: kernels of different instruction sets in one program never share a function.

Builds small kernels, and looks at the real ones. The last line is the sum: N passed, N failed.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ISOLATE = ROOT / "tools" / "isolate"
CXX = "g++"
# An inline function that differs from source to source, as one does that is compiled with different flags.
KERNEL = """
namespace constformer {{
namespace isas {{ struct {isa}; }}
template <class Isa> int kernels();
inline int which(int x) {{ return x + {number}; }}
template <class T> struct holder {{ static constexpr T value = {number}; static const T& get() {{ return value; }} }};
{more}
template <> int kernels<isas::{isa}>() {{
    int (*volatile out_of_line)(int) = which;
    const int& (*volatile held)() = holder<int>::get;
    return 10 * out_of_line(0) + held();
}}
}}
"""
PROGRAM = """
#include <cstdio>
namespace constformer {
namespace isas { struct one; struct two; }
template <class Isa> int kernels();
inline int which(int x) { return x + 7; }
}
int (*volatile out_of_line)(int) = constformer::which;
int main() {
    std::printf("%d %d %d\\n", out_of_line(0), constformer::kernels<constformer::isas::one>(),
                constformer::kernels<constformer::isas::two>());
}
"""


class Failed(Exception):
    pass


def check(good, why):
    if not good:
        raise Failed(why)


def run(*command):
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout, done.stderr


def must(*command):
    code, said, problem = run(*command)
    check(code == 0, f"{' '.join(map(str, command))}: {problem}")
    return said


def compiled(folder, name, text, *flags):
    source, made = folder / f"{name}.cpp", folder / f"{name}.o"
    source.write_text(text)
    must(CXX, "-std=c++20", "-O1", *flags, "-c", source, "-o", made)
    return made


def kernel(folder, isa, number, more="", *flags):
    return compiled(folder, isa, KERNEL.format(isa=isa, number=number, more=more), *(flags or ["-fno-gnu-unique"]))


def isolated(*objects):
    out = objects[0].with_suffix(".isolated.o")
    return out, *run(ISOLATE, out, *objects, "--", CXX)


def visible(file):
    """What can be seen of an object or an archive from outside, undefined names aside."""
    lines = must("nm", "--extern-only", "--defined-only", "--format=posix", file).splitlines()
    return [line.split()[0] for line in lines if line and not line.endswith(":")]


def test_merging(folder):
    """a program's functions, and those of each instruction set, stay apart, which they would not by themselves"""
    objects = [kernel(folder, "one", 1), kernel(folder, "two", 2)]
    main = compiled(folder, "main", PROGRAM)
    hidden = []
    for made in objects:
        check(len(visible(made)) > 1, "the test has nothing to hide")
        out, code, _, problem = isolated(made)
        check(code == 0, problem)
        check(len(visible(out)) == 1 and "kernels" in visible(out)[0], visible(out))
        hidden.append(out)
    must(CXX, main, *hidden, "-o", folder / "apart")
    check(must(folder / "apart") == "7 11 22\n", must(folder / "apart"))
    must(CXX, main, *objects, "-o", folder / "merged")
    check(must(folder / "merged") == "7 71 71\n", "the linker merges nothing: this test proves nothing")


def test_several(folder):
    """several objects become one, whose parts still find each other"""
    helper = compiled(folder, "helper", "namespace constformer { int helper(int x) { return x + 40; } }\n")
    out, code, _, problem = isolated(kernel(folder, "one", 1, "int helper(int);\n#define which helper"), helper)
    check(code == 0 and len(visible(out)) == 1, problem)
    main = PROGRAM.replace("isas::two", "isas::one")
    must(CXX, compiled(folder, "main", main), out, "-o", folder / "whole")
    check(must(folder / "whole") == "7 401 401\n", must(folder / "whole"))


def test_refusals(folder):
    """what cannot be made safe is refused in a sentence, and nothing is left"""
    out, code, _, problem = isolated(compiled(folder, "empty", "int nothing;\n"))
    check(code == 1 and "it has no kernels" in problem and not out.exists(), problem)
    out, code, _, problem = isolated(kernel(folder, "unique", 1, "", "-fgnu-unique"))
    check(code == 1 and "can be seen from outside" in problem and not out.exists(), problem)
    counted = "inline int count() { static int calls; return ++calls; }\nint (*counter())() { return count; }"
    out, code, _, problem = isolated(kernel(folder, "counted", 1, counted))
    check(code == 1 and "variables of its own, in .bss" in problem and not out.exists(), problem)
    early = "inline int twice(int x) { return 2 * x; }\nint (*volatile now)(int) = twice;\nint early = now(1);"
    out, code, _, problem = isolated(kernel(folder, "early", 1, early))
    check(code == 1 and "code that runs before main()" in problem and not out.exists(), problem)
    code, _, problem = run(ISOLATE, folder / "x.o", "--", CXX)
    check(code == 2 and "tools/isolate OUT" in problem, problem)


def test_kernels(_):
    """the project's own kernels: one name each, with the instruction set in it"""
    must(ROOT / "tools/build", "native", "kernels/libdispatched.a")
    objects = sorted((ROOT / "build/native/kernels").glob("*.*.o"))
    check(len(objects) >= 4, f"there are few: {objects}")
    for file in objects:
        isa = file.name.split(".")[1]
        names = visible(file)
        check(len(names) == 1 and f"4isas{len(isa)}{isa}E" in names[0], f"{file.name}: {names}")
        for line in must("nm", "--format=posix", file).splitlines():
            kind = line.split()[1]
            check(kind not in "uvwVWC", f"{file.name}: {line} may be merged with another object's")
    check(len(visible(ROOT / "build/native/kernels/libdispatched.a")) == len(objects), "the archive holds something else")


def main():
    passed = failed = 0
    for name, test in [(name, test) for name, test in globals().items() if name.startswith("test_")]:
        with tempfile.TemporaryDirectory(prefix="constformer-test-") as folder:
            try:
                test(pathlib.Path(folder))
                passed += 1
            except Failed as why:
                failed += 1
                print(f"FAILED isolate, {name[5:]}: {test.__doc__}: {why}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
