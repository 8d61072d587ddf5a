"""Reads a Hugging Face checkpoint folder or a GGUF file: what a program for it must know, or in one sentence why there can be none."""

import dataclasses
import json
import math
import pathlib
import re
import struct

import decoders
import gguf_file
import sentencepiece_file
import tokens as subwords
from encoders import FAMILIES, MODELS

ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}


class Refusal(Exception):
    """Why a checkpoint cannot be compiled: one sentence."""


@dataclasses.dataclass
class Checkpoint:
    folder: pathlib.Path  # or the file
    architecture: str
    header: str  # of the family, in models/
    model: str  # the C++ type
    commands: str
    config: dict  # the fields of bert_config
    labels: list  # names, where the head has labels
    scores: str  # constformer::scoring, of a classifier
    pooling: str  # constformer::pooling, of an encoder
    words: str  # the C++ type of the tokenizer
    tokenizer: object  # of wordpiece the fields of its config that differ from its defaults, else the config's lines
    vocabulary: bytes  # vocab.txt, or a token file
    most_tokens: int
    parameters: int
    ends: list = None  # of a decoder: the tokens that end a text
    chat: object = None  # and its chat template, decoders.Chat
    rules: dict = None  # the fields of constformer::writing, of what writes texts,
    most_new: int = 0  # the most tokens of one,
    defaults: dict = None  # of the config's fields: what equals them is left out of the header
    prefix: dict = None  # and what stands before a text that it reads, for each task


def read_json(path, required=True):
    """A JSON file that holds an object; {} where it may be missing and is."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not required:
            return {}
        raise Refusal(f"{path}: no such file") from None
    except OSError as problem:
        raise Refusal(f"{path}: cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise Refusal(f"{path}: is not UTF-8") from None
    except (ValueError, RecursionError) as problem:
        raise Refusal(f"{path}: is not JSON: {problem}") from None
    if not isinstance(found, dict):
        raise Refusal(f"{path}: holds no object")
    return found


class Fields:
    """The fields of config.json, checked as they are taken."""

    def __init__(self, path):
        self.path, self.all = path, read_json(path)

    def refuse(self, sentence):
        raise Refusal(f"{self.path}: {sentence}")

    def whole(self, name, default=None):
        value = self.all.get(name, default)
        if value is None:
            self.refuse(f"{name} is missing")
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
            self.refuse(f"{name} is {json.dumps(value)}, a positive whole number is needed")
        return value

    def real(self, name, default):
        value = self.all.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            self.refuse(f"{name} is {json.dumps(value)}, a number of at least 0 is needed")
        return float(value)

    def flag(self, name, default):
        value = self.all.get(name, default)
        if not isinstance(value, bool):
            self.refuse(f"{name} is {json.dumps(value)}, true or false is needed")
        return value


def read_tensors(path):
    """{name: shape} of a safetensors file. The packer checks the file whole; this is enough to refuse early."""
    try:
        with open(path, "rb") as file:
            size = path.stat().st_size
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, 100_000_000):
                raise Refusal(f"{path}: is no safetensors file, or an incomplete one")
            header = json.loads(file.read(length))
    except FileNotFoundError:
        raise Refusal(f"{path}: no such file") from None
    except OSError as problem:
        raise Refusal(f"{path}: cannot be read: {problem.strerror}") from None
    except (ValueError, RecursionError):
        raise Refusal(f"{path}: the header is not JSON") from None
    if not isinstance(header, dict):
        raise Refusal(f"{path}: the header holds no object")
    header.pop("__metadata__", None)
    shapes = {}
    for name, about in header.items():
        shape = about.get("shape") if isinstance(about, dict) else None
        if not isinstance(shape, list) or not all(type(n) is int for n in shape):
            raise Refusal(f"{path}: {name} has no shape")
        shapes[name] = tuple(shape)
    return shapes


def find_tensors(folder):
    """(the file that says what tensors there are, {name: shape}): one model.safetensors, or an index of several files."""
    path, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if not path.exists() and index.exists():
        names = read_json(index).get("weight_map")
        if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
            raise Refusal(f"{index}: has no weight_map of tensors and their files")
        shapes = {}
        for name in sorted(set(names.values())):
            if not re.fullmatch(r"[^/\\:\0]*\.safetensors", name):
                raise Refusal(f"{index}: {name!r} is not the name of a .safetensors file beside it")
            shapes |= read_tensors(folder / name)
        return index, shapes
    if not path.exists() and (folder / "pytorch_model.bin").exists():
        raise Refusal(f"{folder}: holds pytorch_model.bin, which is not read: save the model as model.safetensors")
    return path, read_tensors(path)


def check_shapes(path, tensors, needed, what="config.json"):
    """Refuses weights of another shape than config.json says; returns the number of parameters that are used."""
    for name, shape in needed.items():
        if name not in tensors:
            raise Refusal(f"{path}: {name} {spell(shape)} is missing, {what} calls for it")
        if tensors[name] != shape:
            raise Refusal(f"{path}: {name} is {spell(tensors[name])}, {what} calls for {spell(shape)}")
    return sum(math.prod(shape) for shape in needed.values())


def spell(shape):
    return "(" + ", ".join(map(str, shape)) + ")"


def read_labels(fields):
    """The labels' names, in the order of the head."""
    named = fields.all.get("id2label")
    if named is None:
        return [f"LABEL_{i}" for i in range(fields.whole("num_labels", 2))]
    if not isinstance(named, dict) or not named or not all(isinstance(name, str) for name in named.values()):
        fields.refuse("id2label is no object of names")
    try:
        numbered = {int(i): name for i, name in named.items()}
    except ValueError:
        fields.refuse("id2label has a key that is no number")
    if sorted(numbered) != list(range(len(named))):
        fields.refuse(f"id2label does not number its {len(named)} labels from 0 to {len(named) - 1}")
    return [numbered[i] for i in range(len(numbered))]


SPECIAL = {"unknown": "[UNK]", "classify": "[CLS]", "separate": "[SEP]", "padding": "[PAD]", "mask": "[MASK]"}


def add_tokens(path, options, vocab, added):
    """The vocabulary with the added tokens that it lacks behind it. `options` learns what is not as for BERT's own."""
    whole, all_known = dict(vocab), []
    usual = [options.get(field, text) for field, text in SPECIAL.items()]
    for token in added:
        text, number = (token.get("content"), token.get("id")) if isinstance(token, dict) else (None, None)
        if not isinstance(text, str) or not text or type(number) is not int:
            raise Refusal(f"{path}: an added token has no content or no id")
        if "\n" in text or text != text.strip():
            raise Refusal(f"{path}: the added token {text!r} has white space at an end, which is not supported yet")
        # `tokenizers` numbers them so, whatever the file says
        expected = whole.setdefault(text, len(whole))
        if number != expected:
            raise Refusal(f"{path}: the added token {text!r} has the number {number}, but is number {expected} by its place")
        flags = {}
        for field, name in (("special", "special"), ("normalized", "normalized"), ("strip_left", "lstrip"),
                            ("strip_right", "rstrip"), ("single_word", "single_word")):  # fmt: skip
            flag = token.get(name, not flags["special"] if name == "normalized" else False)
            if not isinstance(flag, bool):
                raise Refusal(f"{path}: {name} of the added token {text!r} is {json.dumps(flag)}, not true or false")
            flags[field] = flag
        differing = {field: on for field, on in flags.items() if on != (field == "special")}
        if differing or text not in usual:
            all_known.append({"text": text, **differing})
    if all_known:
        options["added"] = all_known
    if len(whole) > len(vocab):
        options["pieces"] = len(vocab)
        if sorted(vocab.values()) != list(range(len(vocab))):
            raise Refusal(f"{path}: the numbers of the tokens are not 0, 1, 2, ...")
    return whole


def read_sentencepiece(folder, plain):
    """The text of a tokenizer.json for a checkpoint of Marian's."""
    path = folder / "source.spm"
    names = []
    for name, default in (("unk_token", "<unk>"), ("eos_token", "</s>"), ("pad_token", "<pad>")):
        value = plain.get(name, default)
        names.append(value.get("content", default) if isinstance(value, dict) else value)
    vocabulary = read_json(folder / "vocab.json")
    if not all(type(i) is int for i in vocabulary.values()):
        raise Refusal(f"{folder / 'vocab.json'}: is no object of pieces and their numbers")
    try:
        return sentencepiece_file.as_tokenizer(path.read_bytes(), vocabulary, names)
    except OSError as problem:
        raise Refusal(f"{path}: cannot be read: {problem.strerror}") from None
    except (sentencepiece_file.Broken, UnicodeDecodeError, struct.error, TypeError) as why:
        said = str(why) if isinstance(why, sentencepiece_file.Broken) else ""
        raise Refusal(f"{path}: {said or 'is no SentencePiece model, or an incomplete one'}") from None


def read_subwords(path, text=None):
    """(the C++ type, the lines of its config, the token file) of a tokenizer.json with BPE or Unigram. Where its pairs have
    one segment, tokens of the second text are marked all the same: who reads offsets needs to know, and a model of one
    segment is not told."""
    try:
        kind, lines, file = subwords.read(path.read_text(encoding="utf-8") if text is None else text)
        return kind, [line.replace("frame_part::second}", "frame_part::second, 1}") for line in lines], file
    except subwords.Refusal as why:
        raise Refusal(f"{path}: {why}") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as problem:
        raise Refusal(f"{path}: is not as `tokenizers` writes it ({type(problem).__name__}: {problem})") from None


def check_frame(path, whole, options, pairs):
    """Refuses special tokens around texts that are not placed as BERT's are."""
    if whole.get("post_processor") is None:
        return
    try:
        _, lists = subwords.frames(whole)
        ids = whole["model"]["vocab"]
        cls, sep = (ids[options.get(field, SPECIAL[field])] for field in ("classify", "separate"))
    except subwords.Refusal as why:
        raise Refusal(f"{path}: {why}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise Refusal(f"{path}: the post_processor is not as `tokenizers` writes it ({problem})") from None
    first, second = "constformer::frame_part::first", "constformer::frame_part::second"
    single, pair = ["{%s}" % i for i in (cls, first, sep)], ["{%s}" % i for i in (cls, first, sep)] + [
        "{%s, 1}" % i for i in (second, sep)
    ]
    # MPNet's: the separating token twice, of whatever segment, as the model has one
    plain = [part.split(",")[0].rstrip("}") for part in lists.get("pair", [])]
    if plain == ["{%s" % i for i in (cls, first, sep, sep, second, sep)]:
        options["twice"], pair = True, lists["pair"]
    for name, wanted in (("single", single), ("pair", pair)):
        found = lists.get(name, wanted)
        if found != wanted and (name == "single" or pairs):
            raise Refusal(f"{path}: the post_processor puts {', '.join(found)} around a {name}, which is not supported yet "
                          f"with WordPiece; {', '.join(wanted)} is".replace("constformer::frame_part::", ""))  # fmt: skip


def count_of(vocabulary):
    """The tokens of a token file."""
    count = shift = 0
    at = vocabulary.index(b"CTOK\1") + 6  # behind what the scores are, a number of one byte
    for byte in vocabulary[at:]:
        count |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return count


def read_tokenizer(folder, words, pairs):
    """(the C++ type, its config, the vocabulary, the most tokens), from tokenizer.json where there is one, as Transformers
    does. The config: of wordpiece the fields that differ from wordpiece_config's defaults, else lines of C++. pairs: are
    there commands on two texts?"""
    plain = read_json(folder / "tokenizer_config.json", required=False)
    path = folder / "tokenizer.json"
    options = {}

    def special(field, name, default):
        value = plain.get(name, default)
        value = value.get("content") if isinstance(value, dict) else value
        value = "" if value is None else value
        if not isinstance(value, str):
            raise Refusal(f"{folder / 'tokenizer_config.json'}: {name} is no text")
        if value != default:
            options[field] = value

    for field, text in SPECIAL.items():
        special(field, text[1:-1].lower() + "_token", text)

    def flag(field, value, default, where):
        if value is None:
            value = default
        if not isinstance(value, bool):
            raise Refusal(f"{where}: {field} is {json.dumps(value)}, true or false is needed")
        if value != default:
            options[field] = value

    limit = plain.get("model_max_length")
    limit = limit if type(limit) is int and limit > 0 else 2**31 - 1
    if not path.exists() and (folder / "source.spm").exists():
        path = folder / "source.spm"
        kind, lines, file = read_subwords(path, read_sentencepiece(folder, plain))
        if count_of(file) > words:
            raise Refusal(f"{path}: {count_of(file)} tokens, but config.json has a vocab_size of {words}")
        return kind, lines, file, limit
    if path.exists():
        whole = read_json(path)
        model, normal = whole.get("model"), whole.get("normalizer")
        if isinstance(model, dict) and model.get("type", "BPE" if "merges" in model else None) in ("BPE", "Unigram"):
            kind, lines, file = read_subwords(path)
            if count_of(file) > words:
                raise Refusal(f"{path}: {count_of(file)} tokens, but config.json has a vocab_size of {words}")
            return kind, lines, file, limit
        split, added = whole.get("pre_tokenizer"), whole.get("added_tokens", [])
        for part, name, kind in ((model, "model", "WordPiece"), (normal, "normalizer", "BertNormalizer"),
                                 (split, "pre_tokenizer", "BertPreTokenizer")):  # fmt: skip
            found = part.get("type", kind if part is model else None) if isinstance(part, dict) else None
            if found != kind:
                raise Refusal(f"{path}: a {name} of type {found} is not supported yet, only {kind} is")
        flag("lowercase", normal.get("lowercase"), True, path)
        flag("chinese", normal.get("handle_chinese_chars"), True, path)
        flag("clean", normal.get("clean_text"), True, path)
        strip = normal.get("strip_accents")
        if strip is not None and strip != options.get("lowercase", True):
            flag("strip_accents", strip, None, path)
        longest = model.get("max_input_chars_per_word", 100)
        if type(longest) is not int or not 0 < longest < 2**31:
            raise Refusal(f"{path}: max_input_chars_per_word is no positive whole number")
        if longest != 100:
            options["longest_word"] = longest
        if model.get("continuing_subword_prefix", "##") != "##":
            options["continuation"] = model["continuing_subword_prefix"]
        if model.get("unk_token", "[UNK]") != options.get("unknown", "[UNK]"):
            options["unknown"] = model["unk_token"]
        vocab = model.get("vocab")
        if not isinstance(vocab, dict) or not all(type(i) is int for i in vocab.values()) or not isinstance(added, list):
            raise Refusal(f"{path}: the vocabulary is no object of tokens and their numbers")
        vocab = add_tokens(path, options, vocab, added)
        check_frame(path, whole, options, pairs)
        lines = [""] * (max(vocab.values(), default=-1) + 1)
        for text, number in vocab.items():
            if not 0 <= number < len(lines) or len(lines) > 2 * len(vocab) + 1000 or lines[number]:
                raise Refusal(f"{path}: the numbers of the tokens are not 0, 1, 2, ...")
            if "\n" in text or text != text.rstrip(" \t\r\v\f"):
                raise Refusal(f"{path}: the token {text!r} has white space at its end, which is not supported yet")
            lines[number] = text
        count, text = len(lines), "\n".join(lines) + "\n"
    else:
        path = folder / "vocab.txt"
        others = [name for name in ("vocab.json", "merges.txt", "tokenizer.model", "spiece.model") if (folder / name).exists()]
        if not path.exists():
            raise Refusal(f"{folder}: holds neither tokenizer.json nor vocab.txt" + (
                f"; of {' and '.join(others)} a fast tokenizer's save_pretrained() makes tokenizer.json" if others else ""))
        kind = plain.get("tokenizer_class", "BertTokenizer")
        if kind not in ("BertTokenizer", "BertTokenizerFast"):
            raise Refusal(f"{folder / 'tokenizer_config.json'}: {kind} is not supported yet, only BertTokenizer is")
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            raise Refusal(f"{folder}: holds neither tokenizer.json nor vocab.txt") from None
        except OSError as problem:
            raise Refusal(f"{path}: cannot be read: {problem.strerror}") from None
        except UnicodeDecodeError:
            raise Refusal(f"{path}: is not UTF-8") from None
        where = folder / "tokenizer_config.json"
        flag("lowercase", plain.get("do_lower_case"), True, where)
        flag("chinese", plain.get("tokenize_chinese_chars"), True, where)
        strip = plain.get("strip_accents")
        if strip is not None and strip != options.get("lowercase", True):
            flag("strip_accents", strip, None, where)
        lines = text.removesuffix("\n").split("\n")
        vocab = {line.rstrip(" \t\r\v\f"): i for i, line in enumerate(lines)}
        added = plain.get("added_tokens_decoder", {})
        if (folder / "added_tokens.json").exists() and not added:
            raise Refusal(f"{folder / 'added_tokens.json'}: says nothing of how its tokens are found, "
                          "tokenizer.json or an added_tokens_decoder in tokenizer_config.json is needed")
        if not isinstance(added, dict) or not all(k.isdecimal() and isinstance(v, dict) for k, v in added.items()):
            raise Refusal(f"{where}: added_tokens_decoder is no object of numbers and tokens")
        added = [{**token, "id": int(key)} for key, token in added.items()]
        added = list(add_tokens(where, options, vocab, sorted(added, key=lambda token: token["id"])))[len(vocab):]
        count = len(lines) + len(added)
        text = "\n".join([*lines, *added]) + "\n" if added else text
    if count > words:
        raise Refusal(f"{path}: {count} tokens, but config.json has a vocab_size of {words}")
    return "wordpiece", options, text.encode(), limit


def read_pooling(folder):
    """How sentence-transformers would pool, where the checkpoint is one of its own."""
    path = folder / "1_Pooling" / "config.json"
    about = read_json(path, required=False)
    chosen = [key for key, on in about.items() if key.startswith("pooling_mode") and on is True]
    if about.get("pooling_mode"):
        chosen.append("pooling_mode_" + str(about["pooling_mode"]) + "_tokens")
    if chosen in ([], ["pooling_mode_mean_tokens"]):
        return "mean"
    if chosen in (["pooling_mode_cls_token"], ["pooling_mode_cls_tokens"]):
        return "first"
    if chosen in (["pooling_mode_lasttoken"], ["pooling_mode_lasttoken_tokens"]):
        return "last"
    raise Refusal(f"{path}: {', '.join(chosen)} is not supported yet, pooling of the mean, of the first or of the last token is")


def read_scores(fields, labels):
    """constformer::scoring of a classifier's numbers."""
    kind = fields.all.get("problem_type")
    if kind not in (None, "regression", "single_label_classification", "multi_label_classification"):
        fields.refuse(f"problem_type {json.dumps(kind)} is not known")
    if kind == "regression":
        return "none"
    return "sigmoid" if kind == "multi_label_classification" or len(labels) == 1 else "softmax"


def read_decoder(folder, fields, architecture):
    """A decoder's checkpoint in a folder: a language model, or what labels texts."""
    labels = read_labels(fields) if architecture in decoders.LABELS else []
    model, kind = decoders.KINDS[decoders.LABELS.get(architecture, architecture)]
    if fields.all.setdefault("model_type", model) != model:
        fields.refuse(f"model_type {json.dumps(fields.all['model_type'])} does not go with {architecture}")
    config = decoders.read(fields, kind, ACTIVATIONS)
    path, tensors = find_tensors(folder)
    needed = {}
    if labels:  # instead of a language model's head
        config |= {"tied": True} if "tied" in config else {}
        needed["score.weight"] = (len(labels), config["width"])
    parameters = check_shapes(path, tensors, needed | decoders.tensors(kind, config, tensors))
    words, tokenizer, vocabulary, limit = read_tokenizer(folder, config["vocabulary"], False)
    if words == "wordpiece":
        raise Refusal(f"{folder / 'tokenizer.json'}: a tokenizer of type WordPiece does not go with {architecture}")
    if labels:
        model = f"causal_sequence_classifier<{kind}<NAME>, {len(labels)}>"
        return Checkpoint(folder, architecture, kind, model, "sequence", config, labels, read_scores(fields, labels), "", words,
                          tokenizer, vocabulary, min(limit, config["positions"]), parameters)  # fmt: skip
    plain = read_json(folder / "tokenizer_config.json", required=False)
    texts = {name: value.get("content") if isinstance(value, dict) else value
             for name, value in plain.items() if name in ("bos_token", "eos_token")}  # fmt: skip
    try:
        template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        template = plain.get("chat_template")
    numbers = decoders.numbers_of(read_json(folder / "tokenizer.json"))
    chat = decoders.chat(template, numbers, texts)
    said = [read_json(folder / "generation_config.json", required=False).get("eos_token_id"), fields.all.get("eos_token_id"),
            texts.get("eos_token")]  # fmt: skip
    ends = decoders.ends(said, numbers, config["vocabulary"], chat)
    return Checkpoint(folder, architecture, kind, kind, "causal", config, [], "", "", words, tokenizer, vocabulary,
                      config["positions"], parameters, ends, chat)  # fmt: skip


def read_gguf(path):
    """A decoder's checkpoint in a GGUF file."""
    def refuse(sentence):
        raise Refusal(f"{path}: {sentence}")

    try:
        said, shapes = gguf_file.read(path)
        tokenizer = gguf_file.tokenizer(said)
    except gguf_file.Refusal as why:
        raise Refusal(str(why) if str(why).startswith(str(path)) else f"{path}: {why}") from None
    architecture, kind, config = decoders.read_gguf(decoders.Metadata(path, said, refuse), shapes)
    parameters = check_shapes(path, shapes, decoders.tensors_gguf(kind, config), "the metadata")
    try:
        words, lines, file = subwords.read(json.dumps(tokenizer))
    except subwords.Refusal as why:
        refuse(why)
    if count_of(file) > config["vocabulary"]:
        refuse(f"{count_of(file)} tokens, but token_embd.weight has {config['vocabulary']} rows")
    tokens, numbers = said["tokenizer.ggml.tokens"], decoders.numbers_of(tokenizer)
    special = {f"{name}_token": tokens[i] for name in ("bos", "eos")
               if type(i := said.get(f"tokenizer.ggml.{name}_token_id")) is int and 0 <= i < len(tokens)}  # fmt: skip
    chat = decoders.chat(said.get("tokenizer.chat_template"), numbers, special)
    given = [said[key] for key in ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id") if type(said.get(key)) is int]
    ends = decoders.ends([given], numbers, config["vocabulary"], chat)
    return Checkpoint(path, architecture, kind, kind, "causal", config, [], "", "", words, lines, file, config["positions"],
                      parameters, ends, chat)  # fmt: skip


def read(folder):
    """The checkpoint in a folder, or in a GGUF file."""
    if folder.is_file():
        with open(folder, "rb") as file:
            if file.read(4) == b"GGUF":
                return read_gguf(folder)
        raise Refusal(f"{folder}: is neither a folder nor a GGUF file")
    if not folder.is_dir():
        raise Refusal(f"{folder}: no such folder" if not folder.exists() else f"{folder}: is not a folder")
    fields = Fields(folder / "config.json")
    names = fields.all.get("architectures")
    import seq2seq  # (which reads by what is here)

    supported = ", ".join([*MODELS, *decoders.KINDS, *decoders.LABELS, *seq2seq.MODELS])
    if not isinstance(names, list) or len(names) != 1 or not isinstance(names[0], str):
        fields.refuse(f"architectures does not name one architecture; supported are {supported}")
    architecture = names[0]
    if architecture in decoders.KINDS or architecture in decoders.LABELS:
        return read_decoder(folder, fields, architecture)
    if architecture in seq2seq.MODELS:
        if fields.all.get("model_type", seq2seq.MODELS[architecture][0]) != seq2seq.MODELS[architecture][0]:
            fields.refuse(f"model_type {json.dumps(fields.all['model_type'])} does not go with {architecture}")
        return seq2seq.read(folder, fields, architecture)
    if architecture not in MODELS:
        fields.refuse(f"{architecture} is not supported yet; supported are {supported}")
    family, head = MODELS[architecture]
    if fields.all.get("model_type", family) != family:
        fields.refuse(f"model_type {json.dumps(fields.all['model_type'])} does not go with {architecture}")
    family = FAMILIES[family]
    config = family.read(fields, ACTIVATIONS)
    if config["width"] % config["heads"] != 0:
        fields.refuse(f"{family.named['width']} {config['width']} is not a multiple of {family.named['heads']} {config['heads']}")

    path, tensors = find_tensors(folder)
    labels = read_labels(fields) if head in ("sequence", "token") else []
    config["pooled"] = head == "sequence" or head == "encoder" and family.has_pooler(tensors)
    if labels:
        config["labels"] = len(labels)
    if head == "masked_lm":
        config["tied"] = fields.flag("tie_word_embeddings", True)
    parameters = check_shapes(path, tensors, family.tensors(tensors, config, head, len(labels)))

    scores = read_scores(fields, labels)
    if family.header == "xlnet" and head == "masked_lm":
        added = read_json(folder / "tokenizer.json", required=False).get("added_tokens", [])
        config["mask"] = next((t["id"] for t in added if t.get("content") == "<mask>"), 6)
    words, tokenizer, vocabulary, limit = read_tokenizer(folder, config["vocabulary"], head in ("sequence", "answer"))
    sentence = read_json(folder / "sentence_bert_config.json", required=False).get("max_seq_length")
    if type(sentence) is int and sentence > 0:
        limit = min(limit, sentence)
    pooling = read_pooling(folder) if head == "encoder" else "mean"
    found = Checkpoint(folder, architecture, family.header, family.types[head], head, config, labels, scores, pooling, words, tokenizer,
                      vocabulary, min(limit, config["positions"]), parameters, defaults=family.defaults)  # fmt: skip
    return found
