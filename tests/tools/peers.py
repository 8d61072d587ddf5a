"""bench/run peers without any peer: its judgment, its table and its picture of made-up figures, and its mistakes."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench/peers"))
from judge import judge  # noqa: E402


def peers(*words):
    return subprocess.run([sys.executable, ROOT / "bench/run", "peers", *words], capture_output=True, text=True, check=False,
                          timeout=60, stdin=subprocess.DEVNULL)


def figures():
    """f32 and int8 of one length; the int8 peer that is fastest is not accurate."""
    accuracy = {"f32": {name: {"texts": 3, "mean": 1.0, "min": 1.0} for name in ("Constformer", "onnxruntime", "OpenVINO")},
                "i8": {"Constformer": {"texts": 3, "mean": 0.998, "min": 0.996},
                       "onnxruntime per tensor": {"texts": 3, "mean": 0.95, "min": 0.8},
                       "CTranslate2": {"texts": 3, "mean": 0.997, "min": 0.985}}}
    times = {"f32": {"Constformer": 2.0, "onnxruntime": 5.0, "OpenVINO": 3.0},
             "i8": {"Constformer": 1.0, "onnxruntime per tensor": 1.5, "CTranslate2": 2.5}}
    rows = [judge({"precision": p, "tokens": 8, "flops": 1e8, "bytes": 4e7, "gflops": 100.0, "gbytes_per_s": 40.0,
                   "limit_ms": 0.5, "engines": {name: {"median_ms": ms, "min_ms": ms / 2} for name, ms in each.items()}}, accuracy[p])
            for p, each in times.items()]
    return {"bench": "peers", "threads": 1, "rounds": 3, "rows": {
        "model": "a <model>", "begins": 0.1, "ends": 0.2, "accuracy": accuracy, "rows": rows}}


class Peers(unittest.TestCase):
    def test_the_fastest_and_the_fastest_accurate_peer_are_told_apart(self):
        full, small = figures()["rows"]["rows"]
        self.assertEqual((full["fastest"], full["fastest_accurate"]), ("OpenVINO", "OpenVINO"))
        self.assertEqual((full["ratio"], full["ratio_accurate"], full["share_of_limit"]), (1.5, 1.5, 0.25))
        self.assertEqual((small["fastest"], small["fastest_accurate"]), ("onnxruntime per tensor", "CTranslate2"))
        self.assertEqual((small["ratio"], small["ratio_accurate"], small["ratio_of_mins"]), (1.5, 2.5, 1.5))

    def test_a_row_without_ours_has_no_ratio(self):
        row = judge({"limit_ms": 1.0, "engines": {"OpenVINO": {"median_ms": 3.0, "min_ms": 2.0}}}, {"OpenVINO": {"mean": 0.5}})
        self.assertEqual((row["fastest"], row["fastest_accurate"]), ("OpenVINO", None))
        self.assertNotIn("ratio", row)

    def test_table_and_picture(self):
        with tempfile.TemporaryDirectory() as folder:
            kept, pictures = pathlib.Path(folder) / "kept.json", [pathlib.Path(folder) / f"{n}.svg" for n in (1, 2)]
            kept.write_text(json.dumps(figures()))
            for picture in pictures:
                done = peers("--from", kept, "--svg", picture)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
            lines = done.stdout.splitlines()
            row = next(line for line in lines if "CTranslate2" in line and line.startswith("     8"))
            for text in ("1.00 (0.50)", "1.50 (0.75)", "50%", "2.50", "onnxruntime per tensor; accurate: CTranslate2"):
                self.assertIn(text, row)
            self.assertTrue(any("per tensor*" in line for line in lines))
            drawn = pictures[0].read_text(encoding="utf-8")
            self.assertEqual(drawn, pictures[1].read_text(encoding="utf-8"))
            texts = ["".join(each.itertext()) for each in xml.etree.ElementTree.fromstring(drawn).iter()
                     if each.tag.endswith("}text")]
            for text in ("f32", "int8", "1.50", "2.50", "mean cosine below 0.99"):
                self.assertIn(text, texts)
            self.assertIn("a <model>, 1 thread", texts[0])
            self.assertEqual(drawn.count("url(#hatch)"), 2)  # the inaccurate peer's bar, and the legend
            self.assertIn("prefers-color-scheme:dark", drawn)

    def test_modes_are_listed(self):
        done = peers("--list")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([line.split()[0] for line in done.stdout.splitlines()],
                         ["--rows", "--throughput", "--start", "--attention", "--fasttext", "--deterministic", "--matmul"])

    def test_mistakes_get_one_sentence(self):
        for words, sentence in ((["--precisions", "f32,i4"], "no precision is named i4; there are f32, bf16, i8"),
                                (["--tokens", "8,1000"], "--tokens takes lengths from 3 to 512, not 8,1000"),
                                (["--cpu-time", "--threads", "2"], "--cpu-time counts one thread"),
                                (["--matmul", "--svg", "x.svg"], "--svg draws the main table: add --rows"),
                                (["--from", "/dev/null"], "/dev/null is not what `bench/run peers --json` wrote")):
            done = peers(*words)
            self.assertNotEqual(done.returncode, 0, words)
            self.assertEqual((done.stdout, done.stderr), ("", f"bench: {sentence}\n"))


if __name__ == "__main__":
    outcome = unittest.main(exit=False).result
    bad = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
