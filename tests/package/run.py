"""Installs the library and builds a user's program on it in every way that the README promises.

Run by tools/test (part `package`); alone: `. build/env; python3 tests/package/run.py`. Closes with N passed, N failed.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build/package"
PREFIX = WORK / "prefix"
ANSWER = "40 parameters\n"


def run(*command, **environment):
    done = subprocess.run([str(word) for word in command], cwd=WORK, env={**os.environ, **environment}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def answers(program):
    said = run(program)
    if said != ANSWER:
        raise RuntimeError(f"{program} said {said!r}, not {ANSWER!r}")


def pkg_config_path():
    rest = os.environ.get("PKG_CONFIG_PATH")
    return f"{PREFIX}/share/pkgconfig" + (f":{rest}" if rest else "")


def project(name, *files):
    """A user's project folder, made anew."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in files:
        shutil.copy(HERE / file, folder)
    return folder


def install():
    """meson install puts every header where it belongs"""
    run("meson", "setup", WORK / "library", ROOT, f"--prefix={PREFIX}", "-Dtests=disabled", "-Dprograms=disabled")
    run("meson", "install", "-C", WORK / "library")
    ours = {file.relative_to(ROOT / "include") for file in (ROOT / "include").rglob("*.hpp")}
    installed = {file.relative_to(PREFIX / "include") for file in (PREFIX / "include").rglob("*.hpp")}
    if ours != installed:
        raise RuntimeError(f"headers that differ: {', '.join(map(str, ours ^ installed))}")


def found_by_meson():
    """dependency('constformer') finds the installed library"""
    user = project("meson", "meson/meson.build", "main.cpp")
    run("meson", "setup", user / "build", user, "--wrap-mode=nofallback", PKG_CONFIG_PATH=pkg_config_path())
    run("ninja", "-C", user / "build")
    answers(user / "build/user")


def found_by_cmake():
    """find_package(constformer) finds the installed library"""
    user = project("cmake", "cmake/CMakeLists.txt", "main.cpp")
    rest = os.environ.get("CMAKE_PREFIX_PATH")
    run("cmake", "-G", "Ninja", "-S", user, "-B", user / "build", CMAKE_PREFIX_PATH=f"{PREFIX}" + (f":{rest}" if rest else ""))
    run("cmake", "--build", user / "build")
    answers(user / "build/user")


def refused_by_cmake():
    """find_package of a version that does not exist yet is refused"""
    user = project("cmake-refused", "cmake/CMakeLists.txt", "main.cpp")
    lists = user / "CMakeLists.txt"
    lists.write_text(lists.read_text().replace("constformer 0.1", "constformer 99.0"))
    try:
        run("cmake", "-G", "Ninja", "-S", user, "-B", user / "build", CMAKE_PREFIX_PATH=f"{PREFIX}")
    except RuntimeError as why:
        if "version: 0.1" in str(why):
            return
        raise
    raise RuntimeError("find_package(constformer 99.0) found something")


def found_by_pkg_config():
    """a plain compiler line with pkg-config finds the installed library"""
    user = project("plain", "main.cpp")
    flags = run("pkg-config", "--cflags", "--libs", "constformer", PKG_CONFIG_PATH=pkg_config_path()).split()
    run("g++", "-std=c++20", user / "main.cpp", *flags, "-o", user / "user")
    answers(user / "user")


def found_as_subproject():
    """dependency('constformer') falls back to the source tree in subprojects/"""
    user = project("subproject", "meson/meson.build", "main.cpp")
    library = user / "subprojects/constformer"
    library.mkdir(parents=True)
    for name in ("meson.build", "meson_options.txt", "include", "packaging"):
        (library / name).symlink_to(ROOT / name)
    run("meson", "setup", user / "build", user, "--wrap-mode=forcefallback")
    run("ninja", "-C", user / "build")
    answers(user / "build/user")


def compiled_by_hand():
    """the README's plain compiler line, for one instruction set"""
    run("g++", "-std=c++20", "-march=native", f"-I{ROOT / 'include'}", f"-I{ROOT}", *run("pkg-config", "--cflags", "xsimd").split(),
        ROOT / "examples/embed.cpp", ROOT / "kernels/minilm_l6.cpp", "-o", WORK / "embed")  # fmt: skip
    done = subprocess.run([WORK / "embed", "no such file", "a", "b"], capture_output=True, text=True, check=False)
    if done.returncode != 1 or not done.stderr.startswith("embed: no such file: "):
        raise RuntimeError(f"{WORK / 'embed'} said {done.stdout}{done.stderr}")


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    passed = failed = 0
    for case in (install, found_by_meson, found_by_cmake, refused_by_cmake, found_by_pkg_config, found_as_subproject,
                 compiled_by_hand):
        try:
            case()
            passed += 1
        except (RuntimeError, OSError) as why:
            failed += 1
            print(f"FAILED package: {case.__doc__}:\n{why}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
