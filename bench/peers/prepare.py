"""Everything that is made once and kept in build/peers: the virtual environment with the peers, and each model in each
engine's format. A stamp beside each says what it was made from."""

import hashlib
import importlib.util
import os
import shutil
import sys

import models
from models import HERE, PLACE, project

PYTHON = PLACE / "venv/bin/python"


def digest(*parts):
    return hashlib.sha256(b"\0".join(part.read_bytes() if hasattr(part, "read_bytes") else str(part).encode()
                                     for part in parts)).hexdigest()


def once(stamp, wanted, what, make):
    """Runs `make` unless the stamp says that it was run on the same things."""
    if not stamp.exists() or stamp.read_text() != wanted:
        stamp.unlink(missing_ok=True)
        print(what, file=sys.stderr, flush=True)
        make()
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(wanted)


def venv():
    def make():
        project.quiet([sys.executable, "-m", "venv", "--clear", PLACE / "venv"], "python3 -m venv")
        project.quiet([PYTHON, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], "pip install")
    if importlib.util.find_spec("ensurepip") is None:
        project.stop("python3 has no ensurepip: install python3-venv")
    once(PLACE / "venv/stamp", digest(HERE / "requirements.txt"), "installing the peers (once; they are large)", make)


def enter(threads):
    """Goes on with the environment's own interpreter. Libraries are told not to spin for long: they would slow down
    whoever has the next turn. Settings that a machine makes for one BLAS kernel would force it on every program."""
    if os.environ.get("CONSTFORMER_PEERS") == str(PYTHON):
        return
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    env.update(CONSTFORMER_PEERS=str(PYTHON), KMP_BLOCKTIME="5", HF_HUB_OFFLINE="1", PYTHONWARNINGS="ignore",
               RAYON_NUM_THREADS=str(threads))
    os.execve(PYTHON, [str(PYTHON), *sys.argv], env)


NEEDS = {"openvino": ["onnx"]}  # formats that are made of another


def model(chosen, env, formats):
    """A model's files in these formats: onnx, openvino, ctranslate2, fasttext. Runs with the environment's interpreter."""
    common = digest(*(HERE / name for name in ("requirements.txt", "models.py", "inputs.py", "export/checkpoint.py")))

    def export(name, script, out):
        def make():
            if out:
                shutil.rmtree(out, ignore_errors=True)
                out.mkdir(parents=True)
            project.quiet([PYTHON, script, chosen.name, chosen.checkpoint(env), chosen.folder], f"the export to {name}",
                          env={**os.environ, "CONSTFORMER_WEIGHTS": env["CONSTFORMER_WEIGHTS"], "PYTHONPATH": str(HERE)})
        from_scripts = [HERE / f"export/to_{other}.py" for other in NEEDS.get(name, [])]
        once(chosen.folder / f"{name}.stamp", digest(script, common, *from_scripts), f"making {chosen.name}: {name} (once)", make)

    export("checkpoint", HERE / "export/checkpoint.py", None if chosen.weights else chosen.folder / "checkpoint")
    for name in dict.fromkeys(other for name in formats for other in (*NEEDS.get(name, []), name)):
        export(name, HERE / f"export/to_{name}.py", chosen.folder / name)
