"""The scripts that people type: what they answer, and what they say to a mistake."""

import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def typed(*words, timeout=600):
    return subprocess.run([ROOT / words[0], *words[1:]], cwd="/", capture_output=True, text=True, timeout=timeout, check=False,
                          stdin=subprocess.DEVNULL)


class Demo(unittest.TestCase):
    def test_ranks_the_passage_on_photosynthesis_first(self):
        done = typed("tools/demo", "--once", "how do plants make food")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        ranked = [line for line in done.stdout.splitlines() if "\t" in line]
        self.assertGreaterEqual(len(ranked), 5)
        self.assertIn("Photosynthesis", ranked[0])

    def test_mistakes_get_one_sentence(self):
        for words in (["tools/demo", "--twice"], ["tools/demo", "--once", "two", "queries"], ["tools/test", "nothing"],
                      ["tools/build", "nothing"], ["tools/setup", "nothing"]):
            done = typed(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1), words)

    def test_help(self):
        for name in ("tools/demo", "tools/test", "tools/serve"):
            done = typed(name, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn(name, done.stdout)


if __name__ == "__main__":
    outcome = unittest.main(exit=False).result
    bad = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
