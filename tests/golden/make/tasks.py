"""Writes what Transformers' pipelines say about lines of text, by the tiny models that bert.py has made.

    python tests/golden/make/bert.py && python tests/golden/make/tasks.py

Every file is lines of tab-separated fields, the first a comment that names them. Offsets count code points, the end
is exclusive. Question answering is no pipeline in Transformers 5: `answer` below is the rule of version 4's.
"""

import torch
from transformers import (
    AutoTokenizer,
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    pipeline,
)

from common import GOLDEN, read_back

LINES = """how do plants make food
The cat sat on the mat.
a
is the sky blue, or green?
one two three (four) - 5
Déjà vu in a café
unable to see the sunlight
the of and to in is a cat dog sat on mat how do plants make""".splitlines()
MASKED = """the [MASK] sat on the mat
[MASK]
how do plants make [MASK]?
[MASK] and night
a dog is [MASK].""".splitlines()
ASKED = [
    ("what sat on the mat?", "the cat sat on the mat."),
    ("where is the dog", "a dog sat in the sun. The cat is on a red mat, and the sky is blue."),
    ("how do plants make food?", "plants make food from light, water and air"),
    ("is it day", "Night."),
    ("what is in the café", "one dog, two cats: déjà vu. Three plants from the day of the sun"),
]


def loaded(kind, case):
    folder = GOLDEN / case
    return read_back(kind, folder).eval(), AutoTokenizer.from_pretrained(folder)


def write(case, name, fields, rows):
    lines = ["# " + "\t".join(fields)]
    for row in rows:
        assert len(row) == len(fields)
        lines.append("\t".join(f"{value:.9g}" if isinstance(value, float) else str(value) for value in row))
    (GOLDEN / case / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{case}/{name}: {len(rows)} rows")


def fill_mask():
    model, tokenizer = loaded(BertForMaskedLM, "bert_masked_lm")
    ask = pipeline("fill-mask", model=model, tokenizer=tokenizer, top_k=5)
    rows = [
        (line, rank, answer["token_str"], answer["token"], float(answer["score"]))
        for line in MASKED
        for rank, answer in enumerate(ask(line))
    ]
    write("bert_masked_lm", "fill_mask.tsv", ("text", "rank", "token", "id", "probability"), rows)


def classify():
    model, tokenizer = loaded(BertForSequenceClassification, "bert_sequence")
    ask = pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None)
    rows = [(line, a["label"], float(a["score"])) for line in LINES for a in ask([line])[0]]
    write("bert_sequence", "classify.tsv", ("text", "label", "probability"), rows)
    rows = [
        (text, pair, a["label"], float(a["score"]))
        for text, pair in zip(LINES, [*LINES[3:], *LINES[:3]])
        for a in ask({"text": text, "text_pair": pair})
    ]
    write("bert_sequence", "classify_pair.tsv", ("text", "pair", "label", "probability"), rows)


def tag():
    model, tokenizer = loaded(BertForTokenClassification, "bert_token")
    ask = pipeline("token-classification", model=model, tokenizer=tokenizer, ignore_labels=[])
    rows = [
        (line, a["word"], a["entity"], float(a["score"]), a["start"], a["end"]) for line in LINES for a in ask(line)
    ]
    write("bert_token", "tag.tsv", ("text", "token", "label", "probability", "begin", "end"), rows)
    rows = [
        (line, a["word"], a["entity_group"], float(a["score"]), a["start"], a["end"])
        for line in LINES
        for a in ask(line, aggregation_strategy="simple", ignore_labels=["O"])
    ]
    write("bert_token", "tag_simple.tsv", ("text", "words", "label", "probability", "begin", "end"), rows)


def answer(model, tokenizer, question, context, longest=15):
    """The best span of the context: the two probabilities' product, softmax over the context's tokens."""
    inputs = tokenizer(question, context, return_tensors="pt", return_offsets_mapping=True)
    offsets = inputs.pop("offset_mapping")[0]
    inside = torch.tensor([s == 1 for s in inputs.sequence_ids(0)])
    logits = model(**inputs)
    start, end = (torch.where(inside, x[0], -10000.0).softmax(0) for x in (logits.start_logits, logits.end_logits))
    spans = torch.triu(start[:, None] * end[None, :])
    spans = (spans - torch.triu(spans, longest)) * (inside[:, None] & inside[None, :])
    best, second = spans.flatten().topk(2).values.tolist()
    assert second < 0.99 * best, f"two spans are as good for '{question}'"
    first, last = divmod(spans.argmax().item(), len(inside))
    begin, stop = offsets[first][0].item(), offsets[last][1].item()
    return question, context, context[begin:stop], best, begin, stop


def answers():
    model, tokenizer = loaded(BertForQuestionAnswering, "bert_answer")
    rows = [answer(model, tokenizer, *pair) for pair in ASKED]
    write("bert_answer", "answer.tsv", ("question", "context", "answer", "probability", "begin", "end"), rows)


if __name__ == "__main__":
    with torch.inference_mode():
        fill_mask()
        classify()
        tag()
        answers()
