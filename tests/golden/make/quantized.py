"""Writes quantized.json: what native programs in q8 and q4 say, for modules of the same precisions to be compared with. (That
those programs are near PyTorch is checked by tests/models/precision.cpp and tests/tools/compiler.py.)

    python tests/golden/make/quantized.py
"""

import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden"
TEXTS = ["the cat sat", "a dog", "The Sun"]
PROMPTS = ["The cat", "plants make food", "Once upon a time", "the sky is", "a dog ran"]


def main():
    said = {"embed": {}, "generate": {}}
    with tempfile.TemporaryDirectory() as folder:
        def compiled(case, precision):
            program = pathlib.Path(folder) / f"{case}_{precision}"
            subprocess.run([ROOT / "tools/constformer", "compile", GOLDEN / case, "-o", program, "--march", "native", "-q",
                            "--precision", precision], check=True)  # fmt: skip
            return lambda *words: subprocess.run([program, *words], check=True, stdout=subprocess.PIPE).stdout.decode()

        for precision in ("f32", "q8", "q4"):
            ask = compiled("bert_w64_h2", precision)
            said["embed"][precision] = [[text, json.loads(ask("embed", "--json", text))["embedding"]] for text in TEXTS]
        for precision in ("q8", "q4"):
            ask = compiled("llama_chat", precision)
            said["generate"][precision] = [[text, ask("generate", "--tokens", "24", text).removesuffix("\n")] for text in PROMPTS]
    (GOLDEN / "quantized.json").write_text(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
