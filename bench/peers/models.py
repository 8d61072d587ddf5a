"""What is compared, by name: shapes as in models.hpp, the precisions, and where a model's files lie. Needs nothing
installed."""

import dataclasses
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import project  # noqa: E402

PLACE = project.BUILD / "peers"
PRECISIONS = {"f32": 4, "bf16": 2, "i8": 1}  # bytes of a weight


@dataclasses.dataclass(frozen=True)
class Model:
    """An encoder of BERT's kind. Without `weights` they are random, made once from a fixed seed."""
    name: str
    layers: int
    width: int
    heads: int
    feed_forward: int
    tokens: tuple = (16, 128)
    weights: bool = False

    @property
    def folder(self):
        return PLACE / self.name

    @property
    def title(self):
        return "all-MiniLM-L6-v2" if self.weights else f"{self.name.replace('_', '-')} shape, random weights"

    def checkpoint(self, env):
        """The Hugging Face folder."""
        return pathlib.Path(env["CONSTFORMER_WEIGHTS"]) if self.weights else self.folder / "checkpoint"

    def flops(self, tokens):
        """Of the layers on one sentence; a multiplication and an addition are two."""
        matrices = 4 * self.width ** 2 + 2 * self.width * self.feed_forward
        return self.layers * (2 * tokens * matrices + 4 * tokens ** 2 * self.width)

    def bytes(self, precision):
        """Of the layers' matrices: what a sentence must read at least."""
        return self.layers * (4 * self.width ** 2 + 2 * self.width * self.feed_forward) * PRECISIONS[precision]


MODELS = {model.name: model for model in (
    Model("minilm_l6", 6, 384, 12, 1536, (8, 16, 32, 64, 128, 256), True),
    Model("bert_tiny", 2, 128, 2, 512),
    Model("bge_small", 12, 384, 12, 1536),
    Model("bert_base", 12, 768, 12, 3072),
)}
