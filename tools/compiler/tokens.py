"""Reads the tokenizer.json of a tokenizer of subwords (BPE, Unigram): its config in C++, and its tokens as a token file
(the form is told in include/constformer/text/token_file.hpp). What is not supported is refused by name."""

import base64
import json
import struct

MARK = "\u2581"
SPACE_RUN = " {2,}"
# Regular expressions that are compiled code in text/split.hpp.
CONTRACTIONS = "'s|'t|'re|'ve|'m|'ll|'d"
SPLITS = {
    CONTRACTIONS + r"| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+": "gpt2",
    rf"(?i:{CONTRACTIONS})|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+":
        "llama3",
    rf"(?i:{CONTRACTIONS})|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+":
        "qwen2",
}
CLIP = [
    prefix + CONTRACTIONS + r"|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    for prefix in ("", r"<\|startoftext\|>|<\|endoftext\|>|")
]


class Refusal(Exception):
    """Something that is not supported, in a sentence."""


def byte_alphabet():
    """The letter that stands for each byte in byte-level tokens -> the byte."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in plain]
    return {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(others)}


ALPHABET = byte_alphabet()


def in_bytes(token):
    """The bytes of a byte-level token; None where its letters stand for none."""
    try:
        return bytes(ALPHABET[c] for c in token)
    except KeyError:
        return None


def quoted(text):
    """A C++ string literal, bytes that are not ASCII in octal."""
    out = ""
    for byte in text.encode():
        out += chr(byte) if 0x20 <= byte < 0x7F and chr(byte) not in '"\\?' else f"\\{byte:03o}"
    return f'"{out}"'


def parts_of(whole, name, inner):
    """The parts of a "normalizer" or another part, of which a Sequence has several."""
    part = whole.get(name)
    if part is None:
        return []
    if part.get("type") == "Sequence":
        return [p for one in part.get(inner, []) for p in parts_of({name: one}, name, inner)]
    return [part]


def refuse(name, part, why="is not supported yet"):
    raise Refusal(f"a {name} of type {part.get('type')} {why}: {json.dumps(part, ensure_ascii=False)[:200]}")


def step(name, *texts):
    return "{" + ", ".join([f"&constformer::text_steps::{name}", *texts]) + "}"


def normal_steps(whole):
    """The steps of the normalizer, and its charsmap."""
    steps, charsmap = [], b""
    for part in parts_of(whole, "normalizer", "normalizers"):
        kind = part.get("type")
        if kind in ("NFC", "NFD", "NFKC", "NFKD"):
            steps.append(step(kind.lower()))
        elif kind == "Lowercase":
            steps.append(step("lowercase"))
        elif kind == "StripAccents":
            steps.append(step("strip_accents"))
        elif kind == "Strip":
            steps += [step("strip_left")] * part.get("strip_left", True) + [step("strip_right")] * part.get("strip_right", True)
        elif kind == "Prepend":
            steps.append(step("prepend", "{}", quoted(part["prepend"])))
        elif kind == "Replace":
            pattern, to = part["pattern"], quoted(part["content"])
            if pattern.get("String"):
                steps.append(step("replace", quoted(pattern["String"]), to))
            elif pattern.get("Regex") == SPACE_RUN:
                steps.append(step("squeeze_spaces", "{}", to))
            elif pattern.get("Regex") == r"\s+":
                steps.append(step("squeeze_white_space", "{}", to))
            else:
                refuse("normalizer", part)
        elif kind == "Precompiled":
            data = base64.b64decode(part.get("precompiled_charsmap") or "")
            if data:  # an empty one does nothing
                if charsmap:
                    refuse("normalizer", part, "is there twice, which is not supported yet")
                charsmap = data
                steps.append(step("charsmap", "constformer::charsmap_data"))
        elif kind == "BertNormalizer" and all(
            part.get(name) is not False for name in ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
        ):
            steps.append(step("bert"))
        else:
            refuse("normalizer", part)
    return steps, charsmap


def splits(whole):
    """(apart, steps, split, bytes) of the pre-tokenizer."""
    apart, steps, split, in_bytes_ = None, [], None, False
    for part in parts_of(whole, "pre_tokenizer", "pretokenizers"):
        kind = part.get("type")
        if in_bytes_:
            refuse("pre_tokenizer", part, "behind ByteLevel is not supported yet")
        if kind in ("Digits", "WhitespaceSplit"):
            if apart or steps or split:
                refuse("pre_tokenizer", part, "behind another one is not supported yet")
            apart = "white_space" if kind == "WhitespaceSplit" else "each_digit" if part.get("individual_digits") else "numbers"
        elif kind == "Split" and not split:
            pattern, behavior, inverted = part["pattern"].get("Regex"), part.get("behavior"), part.get("invert", False)
            if pattern in SPLITS and behavior == "Isolated" and not inverted:
                split = SPLITS[pattern]
            elif pattern in CLIP and behavior == "Removed" and inverted:
                split = "clip"
            else:
                refuse("pre_tokenizer", part)
        elif kind == "ByteLevel":
            if part.get("add_prefix_space", True):
                if split and apart:
                    refuse("pre_tokenizer", part, "with add_prefix_space behind two others is not supported yet")
                if split:
                    apart, split = split, None
                steps.append(step("prefix", "{}", quoted(" ")))
            if part.get("use_regex", True):
                if split not in (None, "clip"):  # whose pieces it leaves as they are
                    refuse("pre_tokenizer", part, "with use_regex behind Split is not supported yet")
                split = split or "gpt2"
            in_bytes_ = True
        elif kind == "Metaspace" and not split and not steps:
            if part.get("replacement", MARK) != MARK:
                refuse("pre_tokenizer", part)
            scheme = part.get("prepend_scheme", "always" if part.get("add_prefix_space", True) else "never")
            steps.append(step("replace", quoted(" "), quoted(MARK)))
            if scheme != "never":
                steps.append(step({"always": "prefix", "first": "prefix_first"}[scheme], "{}", quoted(MARK)))
            split = "marks" if part.get("split", True) else None
        elif kind == "BertPreTokenizer" and not apart and not split:
            split = "words"
        else:
            refuse("pre_tokenizer", part)
    return apart, steps, split, in_bytes_


def frames(whole):
    """Fields of the post-processor, and the lists that they name."""
    fields, lists = {}, {}

    def frame(name, parts):
        lists[name] = ["{%s, %d}" % (i, segment) if segment else "{%s}" % i for i, segment in parts]

    first, second = "constformer::frame_part::first", "constformer::frame_part::second"
    for part in parts_of(whole, "post_processor", "processors"):
        kind = part.get("type")
        if kind == "ByteLevel":
            fields["trim_offsets"] = part.get("trim_offsets", True)
            fields["keep_prefix"] = fields["trim_offsets"] and part.get("add_prefix_space", True)
        elif kind == "TemplateProcessing":
            known = {name: token["ids"] for name, token in part.get("special_tokens", {}).items()}
            for name in ("single", "pair"):
                parts = []
                for one in part[name]:
                    if "Sequence" in one:
                        parts.append(({"A": first, "B": second}[one["Sequence"]["id"]], one["Sequence"]["type_id"]))
                    else:
                        token = one["SpecialToken"]
                        parts += [(i, token["type_id"]) for i in known[token["id"]]]
                frame(name, parts)
        elif kind in ("RobertaProcessing", "BertProcessing"):
            sep, cls, robertas = part["sep"][1], part["cls"][1], kind == "RobertaProcessing"
            frame("single", [(cls, 0), (first, 0), (sep, 0)])
            if robertas:
                frame("pair", [(cls, 0), (first, 0), (sep, 0), (sep, 0), (second, 0), (sep, 0)])
                fields["trim_offsets"] = part.get("trim_offsets", True)
                fields["keep_prefix"] = fields["trim_offsets"] and part.get("add_prefix_space", True)
            else:
                frame("pair", [(cls, 0), (first, 0), (sep, 0), (second, 1), (sep, 1)])
        else:
            refuse("post_processor", part)
    return fields, lists


def decoding(whole, word_end, bytes_):
    """The fields of subword_config::decoding."""
    parts = parts_of(whole, "decoder", "decoders")
    kinds = [part.get("type") for part in parts]
    if kinds == (["ByteLevel"] if bytes_ else ["BPEDecoder"]) and (bytes_ or parts[0].get("suffix", "</w>") == word_end):
        return {}
    fields, marks = {}, {"String": MARK}
    for part in parts:
        kind = part.get("type")
        if kind == "Replace" and part.get("pattern") == marks and part.get("content") == " ":
            fields["marks"] = True
        elif kind == "ByteFallback":
            fields["bytes"] = True
        elif kind == "Metaspace" and part.get("replacement", MARK) == MARK and "first" not in fields:
            fields["marks"] = True
            if part.get("prepend_scheme", "always" if part.get("add_prefix_space", True) else "never") != "never":
                fields["first"] = "drop_marks"
        elif kind == "Strip" and (part.get("content"), part.get("start"), part.get("stop")) == (" ", 1, 0) and "Fuse" in kinds:
            fields["first"] = "drop_space"
        elif kind != "Fuse":
            refuse("decoder", part)
    if "marks" not in fields or bytes_ or word_end:
        raise Refusal(f"a decoder of types {kinds} is not supported yet with this model")
    return {name: fields[name] for name in ("marks", "bytes", "first") if name in fields}


def varint(n):
    out = bytearray()
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def token_file(tokens, scores, merges, added, charsmap):
    """tokens: [(bytes, is it a piece?)], scores: floats or none, merges: [(left, right, result)], added: dicts of
    tokenizer.json."""
    single = all(struct.unpack("<f", struct.pack("<f", s))[0] == s for s in scores)
    out = bytearray(b"CTOK\1" + varint((4 if single else 8) if scores else 0))
    for part in (tokens, merges, added, charsmap):
        out += varint(len(part))
    for data, piece in tokens:
        out += varint(2 * len(data) + piece) + data
    out += struct.pack(f"<{len(scores)}{'f' if single else 'd'}", *scores)
    before = -1
    for left, right, result in merges:
        change = result - 1 - before
        out += varint(left) + varint(right) + varint(-2 * change - 1 if change < 0 else 2 * change)
        before = result
    for token in added:
        names = ("special", "normalized", "lstrip", "rstrip", "single_word")
        data = token["content"].encode()
        out += varint(token["id"]) + varint(sum(bool(token.get(n)) << i for i, n in enumerate(names)))
        out += varint(len(data)) + data
    return bytes(out) + charsmap


def number_of(text):
    """A number of tokenizer.json as the `tokenizers` package reads it: as many digits as 64 bits hold, divided by a power of
    ten. Now and then that is one unit in the last place from the nearest number, and where two spellings of a text have
    the same score it decides which one is found."""
    mantissa, _, exponent = text.lower().lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits, power = int(whole), int(exponent or 0)
    for digit in fraction:
        if digits * 10 + int(digit) >= 1 << 64:
            break
        digits, power = digits * 10 + int(digit), power - 1
    if digits >= 1 << 64 or abs(power) > 300:
        return float(text)
    value = float(digits) / 10.0**-power if power < 0 else float(digits) * 10.0**power
    return -value if text.startswith("-") else value


def read(text):
    """(the C++ type, the lines of its config named `tokenizer`, the token file) of the text of tokenizer.json."""
    whole = json.loads(text, parse_float=number_of)
    model = whole.get("model") or {}
    kind = model.get("type", "BPE" if "merges" in model else None)
    if kind not in ("BPE", "Unigram"):
        raise Refusal(f"a model of type {kind} is not supported yet; BPE, Unigram and WordPiece are")
    for name in ("dropout", "continuing_subword_prefix"):
        if model.get(name):
            raise Refusal(f"a model of type {kind} with {name} {json.dumps(model[name])} is not supported yet")
    for name in ("vocab", "merges") if kind == "BPE" else ("vocab",):
        if not isinstance(model.get(name), (dict, list)):
            raise Refusal(f"a model of type {kind} without {name} cannot be read")
    normal, charsmap = normal_steps(whole)
    apart, steps, split, bytes_ = splits(whole)
    more, lists = frames(whole)
    word_end = model.get("end_of_word_suffix") or ""
    added = whole.get("added_tokens", [])
    scores, merges = [], []
    if kind == "BPE":
        vocab = model["vocab"]
        for pair in model["merges"]:
            left, right = pair if isinstance(pair, list) else pair.split(" ")
            if left not in vocab or right not in vocab or left + right not in vocab:
                raise Refusal(f"the merge of {left!r} and {right!r} has a token that the vocabulary lacks")
            merges.append((vocab[left], vocab[right], vocab[left + right]))
        unknown = model.get("unk_token")
        if unknown is not None and unknown not in vocab:
            raise Refusal(f"the unknown token {unknown!r} is not in the vocabulary")
        unknown = -1 if unknown is None else vocab[unknown]
    else:
        vocab = {token: i for i, (token, _) in enumerate(model["vocab"])}  # of two that are alike the last one counts
        unknown = model.get("unk_id")
        if unknown is None:
            raise Refusal("a model of type Unigram without unk_id is not supported yet")
    count = 1 + max([*vocab.values(), *(token["id"] for token in added), len(model["vocab"]) - 1])
    if count > 2 * (len(vocab) + len(added)) + 1000:
        raise Refusal("the numbers of the tokens are not 0, 1, 2, ...")
    tokens, unread = [(b"", False)] * count, set(model.get("unread", ()))
    for text, i in [*((token["content"], token["id"]) for token in added), *vocab.items()]:
        core = text[:-len(word_end)] if word_end and text.endswith(word_end) else text
        data = in_bytes(core) if bytes_ else core.encode()
        tokens[i] = ((text.encode(), False) if data is None else
                     (data + text[len(core):].encode(), vocab.get(text) == i and i not in unread))  # fmt: skip
    if kind == "Unigram":
        scores = [score for _, score in model["vocab"]] + [0.0] * (count - len(model["vocab"]))

    prefix, lines = "tokenizer_", []

    def array(name, element, items):
        line = f"inline constexpr constformer::{element} {prefix}{name}[] = {{"
        one = line + ", ".join(items) + "};"
        lines.extend([one] if len(one) <= 120 else [line, *(f"    {item}," for item in items), "};"])
        return prefix + name

    fields = {}
    if normal:
        fields["normal"] = array("normal", "text_step", normal)
    if apart:
        fields["apart"] = f"&constformer::splits::{apart}"
    if steps:
        fields["steps"] = array("steps", "text_step", steps)
    if split:
        fields["split"] = f"&constformer::splits::{split}"
    for name, parts in lists.items():
        fields[name] = array(name, "frame_part", parts)
    if bytes_:
        fields["bytes"] = "true"
    if unknown >= 0:
        fields["unknown"] = str(unknown)
    for name, ours in (("fuse_unk", "fuse_unknown"), ("byte_fallback", "byte_fallback"), ("ignore_merges", "ignore_merges")):
        if model.get(name) and not (kind == "Unigram" and name != "byte_fallback"):
            fields[ours] = "true"
    if word_end:
        fields["word_end"] = quoted(word_end)
    for name in ("trim_offsets", "keep_prefix"):
        if more.get(name):
            fields[name] = "true"
    decode = decoding(whole, word_end, bytes_)
    if decode:
        decode = {name: f"constformer::first_token::{v}" if name == "first" else "true" for name, v in decode.items()}
        fields["decode"] = "{" + ", ".join(f".{name} = {v}" for name, v in decode.items()) + "}"
    row = "inline constexpr constformer::subword_config tokenizer{"
    parts = [f".{name} = {value}" for name, value in fields.items()]
    for i, part in enumerate(parts):
        part += ", " if i + 1 < len(parts) else "};"
        if len(row) + len(part.rstrip()) > 120:
            lines.append(row.rstrip())
            row = "    "
        row += part
    lines.append(row if parts else row + "};")
    return "bpe" if kind == "BPE" else "unigram", lines, token_file(tokens, scores, merges, added, charsmap)
