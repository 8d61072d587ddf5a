"""Reads what a GGUF file says of its model, its tensors' shapes, and its tokenizer as a tokenizer.json. The packer checks
the file whole (include/constformer/files/gguf.hpp); this is enough to refuse early."""

import json
import mmap
import struct

MARK = "\u2581"
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6  # types of tokens
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


class Refusal(Exception):
    """Why a file is not read: one sentence."""


class Cursor:
    """Takes numbers and texts from bytes, and nothing beyond them."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if size > len(self.data) - self.at:
            raise Refusal(f"{size} bytes are needed at byte {self.at}, the file ends at byte {len(self.data)}")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]

    def text(self):
        data = self.take(self.number("Q"))
        try:
            return bytes(data).decode()
        except UnicodeDecodeError:
            raise Refusal(f"the text that ends at byte {self.at} is not UTF-8") from None

    def value(self, kind, depth=0):
        if kind == STRING:
            return self.text()
        if kind in NUMBERS:
            return self.number(NUMBERS[kind])
        if kind != ARRAY:
            raise Refusal(f"a value before byte {self.at} has the unknown type {kind}")
        if depth == 8:
            raise Refusal("arrays nest deeper than 8")
        kind, count = self.number("I"), self.number("Q")
        if kind in NUMBERS:
            size = struct.calcsize("<" + NUMBERS[kind])
            return list(struct.unpack(f"<{count}{NUMBERS[kind]}", self.take(count * size)))
        return [self.value(kind, depth + 1) for _ in range(count)]  # each takes 8 bytes or more


def read(path):
    """({key: value}, {tensor: shape}), shapes in PyTorch's order."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return parse(data)
    except Refusal as why:
        raise Refusal(f"{path}: {why}") from None
    except ValueError:
        raise Refusal(f"{path}: is empty") from None
    except OSError as problem:
        raise Refusal(f"{path}: cannot be read: {problem.strerror}") from None


def parse(data):
    from_ = Cursor(data)
    if from_.take(4) != b"GGUF":
        raise Refusal("does not begin with GGUF")
    version = from_.number("I")
    if version not in (2, 3):
        raise Refusal(f"is of version {version}, 2 and 3 are read")
    tensors, values = from_.number("Q"), from_.number("Q")
    said, shapes = {}, {}
    for _ in range(values):
        key = from_.text()
        if key in said:
            raise Refusal(f"has the key {key} twice")
        said[key] = from_.value(from_.number("I"))
    for _ in range(tensors):
        name, dimensions = from_.text(), from_.number("I")
        if name in shapes:
            raise Refusal(f"has the tensor {name} twice")
        if dimensions > 4:
            raise Refusal(f"the tensor {name} has {dimensions} dimensions, at most 4 are allowed")
        shapes[name] = tuple(reversed([from_.number("Q") for _ in range(dimensions)]))
        from_.number("I"), from_.number("Q")  # type, offset
    return said, shapes


# --- the tokenizer --------------------------------------------------------------------------------------------------------

def field(said, name, kind, default=None):
    """tokenizer.ggml.NAME, which must be of a Python type or a list of one."""
    value = said.get("tokenizer.ggml." + name, default)
    if value is None:
        raise Refusal(f"tokenizer.ggml.{name} is missing")
    good = type(value) is list and all(type(v) is kind[0] for v in value) if isinstance(kind, list) else type(value) is kind
    if not good:
        needed = f"a list of {kind[0].__name__}" if isinstance(kind, list) else kind.__name__
        raise Refusal(f"tokenizer.ggml.{name} is not {needed}")
    return value


def token_id(said, name, tokens):
    """The number of a token that the file names, None where it names none."""
    if f"tokenizer.ggml.{name}" not in said:
        return None
    number = field(said, name, int)
    if not 0 <= number < len(tokens):
        raise Refusal(f"tokenizer.ggml.{name} is {number}, but there are {len(tokens)} tokens")
    return number


def split_of(pre, prefix_space):
    """The normalizer, the pre-tokenizers and whether a whole word comes before its merges, for tokenizer.ggml.pre."""
    bytes_ = {"type": "ByteLevel", "add_prefix_space": prefix_space, "trim_offsets": True, "use_regex": True}
    if pre in ("gpt-2", "gpt2", "mpt", "olmo", "jais"):
        return None, [bytes_], False
    if pre in ("smollm", "starcoder", "refact", "command-r", "codeshell"):
        return None, [{"type": "Digits", "individual_digits": True}, bytes_], False
    if pre in ("llama3", "llama-v3", "llama-bpe", "qwen2", "deepseek-r1-qwen"):
        of_llama = pre.startswith("llama")
        pattern = {"type": "Split", "pattern": {"Regex": LLAMA3 if of_llama else QWEN2}, "behavior": "Isolated", "invert": False}
        return None if of_llama else {"type": "NFC"}, [pattern, {**bytes_, "use_regex": False}], of_llama
    raise Refusal(f"tokenizer.ggml.pre {json.dumps(pre)} is not supported yet; gpt-2, smollm, llama-bpe and qwen2 are")


def merges_of(tokens, scores, kinds):
    """The merges that a SentencePiece model of characters means by its scores: the best score first, in Transformers' order
    where scores are equal."""
    number = {t: i for i, t in enumerate(tokens) if kinds[i] in (NORMAL, USER_DEFINED)}
    merges = []
    for whole, i in number.items():
        if kinds[i] == NORMAL:
            parts = [(whole[:k], whole[k:]) for k in range(1, len(whole))]
            merges += [(-scores[i], -len(a), -len(b), i, a, b) for a, b in parts if a in number and b in number]
    return [[a, b] for *_, a, b in sorted(merges)]


def tokenizer(said):
    """tokenizer.json, as an object, of the tokenizer that a file's metadata describes."""
    kind = field(said, "model", str)
    if kind not in ("gpt2", "llama"):
        raise Refusal(f"tokenizer.ggml.model {json.dumps(kind)} is not supported yet; gpt2 and llama are")
    tokens = field(said, "tokens", [str])
    vocab = {t: i for i, t in enumerate(tokens)}
    if len(vocab) != len(tokens):
        twice = next(t for i, t in enumerate(tokens) if vocab[t] != i)
        raise Refusal(f"tokenizer.ggml.tokens has {json.dumps(twice)} twice")
    kinds = field(said, "token_type", [int], [NORMAL] * len(tokens))
    if len(kinds) != len(tokens):
        raise Refusal(f"tokenizer.ggml.token_type has {len(kinds)} entries, but there are {len(tokens)} tokens")
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added = [{"id": i, "content": t, **flags, "special": kinds[i] != USER_DEFINED}
             for i, t in enumerate(tokens) if kinds[i] in (UNKNOWN, CONTROL, USER_DEFINED) and t]  # fmt: skip
    prefix_space = field(said, "add_space_prefix", bool, kind == "llama")
    first, last = token_id(said, "bos_token_id", tokens), token_id(said, "eos_token_id", tokens)
    pre = field(said, "pre", str, "default") if kind == "gpt2" else ""
    if not field(said, "add_bos_token", bool, kind == "llama" or pre in ("llama3", "llama-v3", "llama-bpe")):
        first = None
    if not field(said, "add_eos_token", bool, False):
        last = None
    if kind == "gpt2":
        normal, before, whole_first = split_of(pre, prefix_space)
        return {
            "added_tokens": added, "normalizer": normal, "post_processor": frame(tokens, first, last),
            "pre_tokenizer": before[0] if len(before) == 1 else {"type": "Sequence", "pretokenizers": before},
            "decoder": {"type": "ByteLevel", "add_prefix_space": prefix_space, "trim_offsets": True, "use_regex": True},
            "model": {"type": "BPE", "vocab": vocab, "merges": field(said, "merges", [str]), "ignore_merges": whole_first},
        }  # fmt: skip
    scores = field(said, "scores", [float])
    if len(scores) != len(tokens) or not all(abs(score) <= 1e30 for score in scores):
        raise Refusal(f"tokenizer.ggml.scores does not have one number for each of {len(tokens)} tokens")
    unknown = token_id(said, "unknown_token_id", tokens)
    space = {"type": "Replace", "pattern": {"String": " "}, "content": MARK}
    decode = [{"type": "Replace", "pattern": {"String": MARK}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]
    return {
        "added_tokens": added, "pre_tokenizer": None, "post_processor": frame(tokens, first, last),
        "normalizer": {"type": "Sequence", "normalizers": [*[{"type": "Prepend", "prepend": MARK}] * prefix_space, space]},
        "decoder": {"type": "Sequence", "decoders":
                    decode + [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] * prefix_space},
        "model": {"type": "BPE", "vocab": vocab, "merges": merges_of(tokens, scores, kinds), "fuse_unk": True,
                  "byte_fallback": BYTE in kinds, "unk_token": None if unknown is None else tokens[unknown]},
    }  # fmt: skip


def frame(tokens, first, last):
    """The post-processor that puts the tokens with these numbers, where they are not None, around a text."""
    if first is None and last is None:
        return None

    def one(i, segment):
        return [] if i is None else [{"SpecialToken": {"id": tokens[i], "type_id": segment}}]

    single = {name: [*one(first, segment), {"Sequence": {"id": name, "type_id": segment}}, *one(last, segment)]
              for name, segment in (("A", 0), ("B", 1))}  # fmt: skip
    named = {tokens[i]: {"id": tokens[i], "ids": [i], "tokens": [tokens[i]]} for i in (first, last) if i is not None}
    return {"type": "TemplateProcessing", "single": single["A"], "pair": single["A"] + single["B"], "special_tokens": named}
