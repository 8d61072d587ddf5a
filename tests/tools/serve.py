"""tools/serve: what a browser gets from it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

SERVE = pathlib.Path(__file__).resolve().parents[2] / "tools/serve"


class Serving:
    """A running tools/serve on a free port."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen([sys.executable, SERVE, "--port", "0", *options, folder], stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return answer.read(), answer.headers

    def code(self, path):
        try:
            self.get(path)
            return 200
        except urllib.error.HTTPError as why:
            why.close()
            return why.code


class Serve(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.site = pathlib.Path(self.folder.name, "site")
        (self.site / "empty").mkdir(parents=True)
        (self.site / "index.html").write_text("page")
        (self.site / "engine.wasm").write_bytes(b"\0asm")
        (self.site / "code.mjs").write_text("export {}")
        pathlib.Path(self.folder.name, "secret").write_text("secret")

    def test_types(self):
        with Serving(self.site) as server:
            self.assertEqual(server.get("")[0], b"page")
            for path, kind in (("engine.wasm", "application/wasm"), ("code.mjs", "text/javascript; charset=utf-8"),
                               ("index.html", "text/html; charset=utf-8")):
                self.assertEqual(server.get(path)[1]["Content-Type"], kind)
                self.assertEqual(server.get(path)[1]["Cache-Control"], "no-store")

    def test_isolation_is_asked_for(self):
        with Serving(self.site) as server:
            self.assertIsNone(server.get("")[1]["Cross-Origin-Embedder-Policy"])
        with Serving(self.site, "--isolated") as server:
            self.assertEqual(server.get("")[1]["Cross-Origin-Embedder-Policy"], "require-corp")
            self.assertEqual(server.get("")[1]["Cross-Origin-Opener-Policy"], "same-origin")

    def test_nothing_else_is_shown(self):
        with Serving(self.site) as server:
            for path in ("nothing", "empty/", "../secret", "%2e%2e/secret", "..%2fsecret"):
                self.assertEqual(server.code(path), 404, path)

    def test_bad_arguments_get_one_sentence(self):
        with Serving(self.site) as server:
            taken = server.address.rstrip("/").rsplit(":", 1)[1]
            for arguments, word in ((["--port", taken, self.site], "in use"), (["--port", "70000", self.site], "70000"),
                                    ([self.site / "nowhere"], "nowhere")):
                done = subprocess.run([sys.executable, SERVE, *arguments], capture_output=True, text=True, timeout=10, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(word, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


if __name__ == "__main__":
    outcome = unittest.main(exit=False).result
    bad = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
