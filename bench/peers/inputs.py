"""Real sentences, and their tokens: what every engine is given, and what accuracy is measured on. Deterministic."""

import random

import tokenizers

import models

SENTENCES = models.project.ROOT / "tests/golden/minilm/sentences.txt"
PASSAGES = models.project.ROOT / "data/passages.tsv"
MOST = 256  # tokens of a text; what is longer is cut off by every engine
SENTENCE = "how do plants make food"


def sentences():
    return [line for line in SENTENCES.read_text(encoding="utf-8").split("\n") if line]


def passages():
    lines = PASSAGES.read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[1] for line in lines if "\t" in line and not line.startswith("#")]


def judged():
    """What accuracy is measured on: every fifth sentence and every seventh passage."""
    return sentences()[::5] + passages()[::7]


def calibration():
    """What static quantization may look at: passages that are not judged."""
    return [text for number, text in enumerate(passages()) if number % 7][:128]


def mixed(count=2000):
    """Texts of mixed length in no order of length: the sentences, the passages, and the passages' own sentences."""
    pieces = [piece.strip().rstrip(".") + "." for text in passages() for piece in text.split(". ") if piece.strip()]
    pool = sentences() + passages() + pieces
    if len(pool) < count:
        models.project.stop(f"inputs: {len(pool)} texts, but {count} are needed")
    return random.Random(1).sample(pool, count)


def tokenizer(checkpoint):
    """The `tokenizers` package's, without padding."""
    words = tokenizers.Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    words.no_padding()
    words.enable_truncation(MOST)
    return words


def encode(words, texts):
    return [each.ids for each in words.encode_batch(texts)]


def of_length(words, tokens):
    """Ids of running text, `tokens` of them, special ones included."""
    ids = [id for each in encode(words, passages()[:32]) for id in each[1:-1]]
    return [words.token_to_id("[CLS]"), *ids[:tokens - 2], words.token_to_id("[SEP]")]
