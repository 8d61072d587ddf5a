"""Writes the cases of BERT's relatives: tiny random checkpoints of RoBERTa, XLM-RoBERTa, DistilBERT, MPNet and ALBERT with
their heads and tokenizers, and what Transformers answers.

    python tests/golden/make/encoders.py [case ...]
"""

import collections
import copy
import json
import math
import sys

import torch
import transformers as t
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import bert
from common import Noise, best_answer, randomize, report_noise, save_calls, save_model

LABELS = ["negative", "neutral", "positive"]
ENTAILMENT = ["contradiction", "neutral", "ENTAILMENT"]
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]  # as RoBERTa numbers them: padding is 1
CORPUS = """How do plants make food from light, water and air? The cat sat on the mat.
A dog is in the café: is the sky blue, or green? One two three (four) - 5. Unable to see the sunlight.
Plants make food from the light of the sun. The cat and the dog sat in the red light of day and night!""".splitlines()


def added(text, **more):
    return t.AddedToken(text, special=True, normalized=False, **more)


def byte_level(words, folder):
    """RoBERTa's tokenizer, small: byte-level BPE."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=words, special_tokens=[*map(added, SPECIAL[:4]), added("<mask>", lstrip=True)], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))  # fmt: skip
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    write(folder, made, words, "RobertaTokenizerFast")


def unigram(words, folder):
    """XLM-RoBERTa's, small: the substrings that cover most of the corpus, and all of its letters."""
    counts = collections.Counter(
        word[i:j] for word in " ".join(["", *CORPUS]).replace(" ", " \u2581").split() for i in range(len(word))
        for j in range(i + 1, min(i + 6, len(word)) + 1)
    )  # fmt: skip
    letters = sorted(piece for piece in counts if len(piece) == 1)
    longer = sorted((p for p in counts if len(p) > 1), key=lambda p: (-counts[p] * len(p), p))
    pieces = [*letters, *longer][: words - len(SPECIAL)]
    scores = [(p, round(math.log(counts[p] / counts.total()), 4)) for p in pieces]
    made = Tokenizer(models.Unigram([(token, 0.0) for token in SPECIAL[:4]] + scores + [("<mask>", 0.0)], unk_id=3))
    made.normalizer = normalizers.Sequence([normalizers.NFKC()])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.add_special_tokens([*map(added, SPECIAL[:4]), added("<mask>", lstrip=True)])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    write(folder, made, words, "XLMRobertaTokenizerFast")


def write(folder, made, words, kind):
    assert made.get_vocab_size() <= words, f"{made.get_vocab_size()} tokens for {words}"
    (folder / "tokenizer.json").write_text(made.to_str() + "\n")
    names = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token", "mask_token"), SPECIAL))
    about = {**names, "cls_token": "<s>", "sep_token": "</s>", "tokenizer_class": kind, "model_max_length": 30}
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2) + "\n")


def word_pieces(words, folder):
    """BERT's."""
    tokens = bert.vocabulary(words, False)
    made = t.BertTokenizer(vocab={token: i for i, token in enumerate(tokens)}, model_max_length=30)
    made.save_pretrained(folder)
    about = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(about, ensure_ascii=False, separators=(",", ":")) + "\n")


def sizes(width, heads, layers, up, words, positions=32, **more):
    return dict(hidden_size=width, num_attention_heads=heads, num_hidden_layers=layers, intermediate_size=up,
                vocab_size=words, max_position_embeddings=positions, **more)  # fmt: skip


def labels(names):
    return {"id2label": dict(enumerate(names)), "label2id": {n: i for i, n in enumerate(names)}}


def distilled(width, heads, layers, up, words, **more):
    return t.DistilBertConfig(dim=width, n_heads=heads, n_layers=layers, hidden_dim=up, vocab_size=words,
                              max_position_embeddings=32, **more)  # fmt: skip


ROBERTA = {"max_position_embeddings": 34, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}
R, X, M, A = t.RobertaConfig, t.XLMRobertaConfig, t.MPNetConfig, t.AlbertConfig
CASES = {  # case: (class, configuration, tokenizer, options of the class)
    "roberta_w20_h1": (t.RobertaModel, R(**{**sizes(20, 1, 2, 28, 281), **ROBERTA}), byte_level, {}),
    "roberta_masked_lm": (t.RobertaForMaskedLM, R(**{**sizes(20, 2, 1, 36, 289), **ROBERTA}, hidden_act="relu"), byte_level, {}),
    "roberta_sequence": (t.RobertaForSequenceClassification, R(**{**sizes(12, 2, 1, 28, 290), **ROBERTA}, **labels(ENTAILMENT)), byte_level, {}),
    "roberta_token": (t.RobertaForTokenClassification, R(**{**sizes(12, 1, 1, 20, 287), **ROBERTA}, **labels(TAGS)), byte_level, {}),
    "roberta_answer": (t.RobertaForQuestionAnswering, R(**{**sizes(12, 3, 1, 20, 293), **ROBERTA}), byte_level, {}),
    "xlm_roberta_rerank": (t.XLMRobertaForSequenceClassification, X(**{**sizes(36, 3, 1, 44, 83), **ROBERTA}, **labels(["LABEL_0"])), unigram, {}),
    "xlm_roberta_masked_lm": (t.XLMRobertaForMaskedLM, X(**{**sizes(28, 1, 1, 36, 91), **ROBERTA}), unigram, {}),
    "distilbert_w36_h3": (t.DistilBertModel, distilled(36, 3, 2, 52, 97), word_pieces, {}),
    "distilbert_masked_lm": (t.DistilBertForMaskedLM, distilled(20, 1, 1, 28, 101), word_pieces, {}),
    "distilbert_sequence": (t.DistilBertForSequenceClassification, distilled(24, 2, 1, 36, 89, **labels(LABELS)), word_pieces, {}),
    "distilbert_token": (t.DistilBertForTokenClassification, distilled(20, 1, 1, 28, 89, **labels(TAGS)), word_pieces, {}),
    "distilbert_answer": (t.DistilBertForQuestionAnswering, distilled(20, 1, 1, 28, 89), word_pieces, {}),
    "mpnet_w36_h3": (t.MPNetModel, M(**sizes(36, 3, 2, 52, 97, 72), layer_norm_eps=1e-5), unigram, {}),
    "mpnet_masked_lm": (t.MPNetForMaskedLM, M(**sizes(20, 2, 2, 28, 89, 34), layer_norm_eps=1e-5), unigram, {}),
    "mpnet_sequence": (t.MPNetForSequenceClassification, M(**sizes(20, 1, 1, 28, 83, 34), layer_norm_eps=1e-5, **labels(LABELS)), unigram, {}),
    "albert_w36_h3": (t.AlbertModel, A(**sizes(36, 3, 3, 52, 97), embedding_size=20, hidden_act="gelu_new"), word_pieces, {}),
    "albert_groups": (t.AlbertModel, A(**sizes(24, 2, 5, 28, 67), embedding_size=12, num_hidden_groups=2), word_pieces, {"add_pooling_layer": False}),
    "albert_masked_lm": (t.AlbertForMaskedLM, A(**sizes(24, 2, 2, 36, 101), embedding_size=12), word_pieces, {}),
    "albert_sequence": (t.AlbertForSequenceClassification, A(**sizes(24, 2, 2, 36, 89), embedding_size=12, **labels(LABELS)), word_pieces, {}),
    "albert_answer": (t.AlbertForQuestionAnswering, A(**sizes(20, 1, 2, 36, 89), embedding_size=12), word_pieces, {}),
    # The Multilingual Universal Sentence Encoder's shape: six layers, unigram tokens, the mean of what comes out.
    "muse_w24_h2": (t.BertModel, t.BertConfig(**sizes(24, 2, 6, 36, 97)), unigram, {"add_pooling_layer": False}),
}  # fmt: skip
TYPED = ("bert", "albert")  # that have token types


def inputs(config, generator):
    """The calls; in `padded` padding also lies in the middle of a text, where RoBERTa's positions skip it."""

    def ids(batch, tokens):
        return torch.randint(5, config.vocab_size, (batch, tokens), generator=generator)

    def call(input_ids, mask=None, types=None):
        found = {"input_ids": input_ids, "attention_mask": torch.ones_like(input_ids) if mask is None else mask}
        if config.model_type in TYPED:
            found["token_type_ids"] = torch.zeros_like(input_ids) if types is None else types
        return found

    calls = {"one": call(ids(1, 1)), "short": call(ids(1, 7)), "long": call(ids(1, 30))}
    mask = (torch.arange(13)[None] < torch.tensor([13, 5, 1])[:, None]).long()
    calls["batch"] = call(torch.where(mask == 1, ids(3, 13), torch.tensor(config.pad_token_id)), mask)
    calls["holes"] = call(ids(2, 9), torch.tensor([[1, 1, 0, 0, 1, 1, 0, 1, 1], [0, 1, 1, 1, 0, 1, 1, 0, 1]]))
    padded = ids(1, 9)
    padded[0, 3:5] = config.pad_token_id
    calls["pair"] = call(padded, types=torch.tensor([[0] * 4 + [1] * 5]))
    if config.model_type == "mpnet" and config.max_position_embeddings > 60:
        calls["far"] = call(ids(1, 67))
    return calls


LINES = ["", "how do plants make food", "The cat sat\ton the  mat.", "Caf\u00e9, \ufb01ve 2\u00bd \U0001f600!", "<mask> and</s>night", " sun  "]
MASKED = {"roberta_masked_lm": ["the<mask> sat", "<mask>", "a <mask> is <mask>."], "xlm_roberta_masked_lm": ["the <mask> sat", "<mask>."]}
ASKED = [("what sat on the mat?", "the cat sat on the mat."), ("is it day", "Night."), ("who", "A dog, two cats and the sun")]


def asked(case, model, folder):
    """What Transformers and `tokenizers` say to texts: asked.json."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found = {"tokenize": [[line, tokenizer.encode(line).ids] for line in LINES]}

    def forward(*texts):
        pieces = tokenizer.encode(*texts)
        types = {"token_type_ids": torch.tensor([pieces.type_ids])} if model.config.model_type in TYPED else {}
        return pieces, model(input_ids=torch.tensor([pieces.ids]), **types)

    if "LABEL_0" in model.config.id2label.values() and model.config.num_labels == 1:
        query = "plants"
        scores = [[line, torch.sigmoid(forward(query, line)[1].logits)[0, 0].item()] for line in ("the cat sat", "food", "a dog", "sun")]
        found["rerank"] = [query, scores]
    elif case in MASKED:
        found["fill_mask"] = []
        for line in MASKED[case]:
            pieces, answer = forward(line)
            for at in (i for i, n in enumerate(pieces.ids) if n == tokenizer.token_to_id("<mask>")):
                scores, best = answer.logits[0, at].softmax(0).topk(3)
                shown = [tokenizer.decode([n], skip_special_tokens=False) for n in best.tolist()]
                found["fill_mask"].append([line, best.tolist(), shown, scores.tolist()])
    elif case.endswith("_answer"):
        found["answer"] = []
        for question, context in ASKED:
            pieces, answer = forward(question, context)
            found["answer"].append([question, context, *best_answer(pieces, context, answer.start_logits[0], answer.end_logits[0])])
    elif case.endswith("_sequence"):
        if "ENTAILMENT" in model.config.label2id:
            found["zero_shot"] = []
            for line, topics in ((LINES[1], ["food", "a cat", "sun"]), (LINES[2], ["a dog", "cat"])):
                logits = torch.stack([forward(line, f"It is {topic}!")[1].logits[0] for topic in topics])
                found["zero_shot"].append([line, topics, logits[:, 2].softmax(0).tolist(), logits[:, [0, 2]].softmax(1)[:, 1].tolist()])
        found["classify"] = [[line, forward(line)[1].logits[0].softmax(0).tolist()] for line in LINES]
    elif model.config.architectures[0].endswith("Model"):
        states = [(line, forward(line)[1].last_hidden_state[0].mean(0)) for line in LINES]
        found["embed"] = [[line, (x / x.norm()).tolist()] for line, x in states]
    (folder / "asked.json").write_text(json.dumps(found, indent=0) + "\n")


def make(case):
    kind, configuration, tokenizer, options = CASES[case]
    seed = 2000 + list(CASES).index(case)
    torch.manual_seed(seed)
    model = kind(configuration, **options)
    randomize(model)
    again, folder = save_model(case, model, **options)
    tokenizer(configuration.vocab_size, folder)

    calls = inputs(configuration, torch.Generator().manual_seed(seed))
    exact = copy.deepcopy(again).double()
    noise = Noise()
    with torch.inference_mode():
        for call in calls.values():
            answer, truth = again(**call), exact(**call)
            for name, value in answer.items():
                if value is not None:
                    noise.add(name, value, truth[name])
                    call[name] = value
        asked(case, again, folder)
    save_calls(folder, calls)
    report_noise(noise)


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        make(case)
