"""Reads SentencePiece models as Marian's checkpoints have them: source.spm says how a text is cut, vocab.json numbers the pieces
of both languages. What comes out is as `tokenizers` would write it, for tokens.py."""

import base64
import json
import struct

NORMAL, USER_DEFINED = 1, 4  # types of pieces that are found in a text


class Broken(Exception):
    """The file is no SentencePiece model, or an incomplete one."""


def messages(data):
    """(field, value) of a protocol buffer: numbers as they are, everything else as bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            if at >= len(data) or shift > 63:
                raise Broken
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or (varint() if kind == 2 else None)
        if size is None or at + size > len(data):
            raise Broken
        yield key >> 3, bytes(data[at : at + size])
        at += size


def read_model(data):
    """(pieces: [(text, score, type)], the charsmap, {name: number} of what else decides)"""
    pieces, charsmap = [], b""
    about = {"model_type": 1, "byte_fallback": 0, "add_dummy_prefix": 1, "remove_extra_whitespaces": 1, "escape_whitespaces": 1,
             "treat_whitespace_as_suffix": 0}  # fmt: skip
    trainer = {3: "model_type", 35: "byte_fallback", 24: "treat_whitespace_as_suffix"}
    normalizer = {3: "add_dummy_prefix", 4: "remove_extra_whitespaces", 5: "escape_whitespaces"}
    for field, value in messages(data):
        if field == 1:
            piece = {1: b"", 2: b"\0\0\0\0", 3: NORMAL, **dict(messages(value))}
            pieces.append((piece[1].decode(), struct.unpack("<f", piece[2])[0], piece[3]))
        elif field in (2, 3) and isinstance(value, bytes):
            for inner, what in messages(value):
                name = (trainer if field == 2 else normalizer).get(inner)
                if name and isinstance(what, int):
                    about[name] = what
                elif field == 3 and inner == 2:
                    charsmap = what
    if not pieces:
        raise Broken
    return pieces, charsmap, about


def as_tokenizer(model, vocabulary, names):
    """The text of a tokenizer.json for a source.spm's bytes and vocab.json's numbers; names: of unknown, end and padding."""
    pieces, charsmap, about = read_model(model)
    usual = {"model_type": 1, "byte_fallback": 0, "add_dummy_prefix": 1, "remove_extra_whitespaces": 1, "escape_whitespaces": 1,
             "treat_whitespace_as_suffix": 0}  # fmt: skip
    for name, value in about.items():
        if value != usual[name]:
            raise Broken(f"{name} {value} is not supported yet; {usual[name]} is")
    count = max(vocabulary.values(), default=-1) + 1
    if sorted(vocabulary.values()) != list(range(count)):
        raise Broken("vocab.json does not number its pieces 0, 1, 2, ...")
    found = {text: score for text, score, kind in pieces if kind in (NORMAL, USER_DEFINED)}
    texts = {number: text for text, number in vocabulary.items()}
    unknown, end, _ = names
    for name in (unknown, end):
        if name not in vocabulary:
            raise Broken(f"vocab.json has no {name!r}")
    special = [text for text in texts.values() if text in names or text.startswith(">>") and text.endswith("<<")]
    return json.dumps({
        "added_tokens": [{"id": vocabulary[text], "content": text, "special": text in names} for text in special],
        "normalizer": {"type": "Sequence", "normalizers": [
            *([{"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()}] if charsmap else []),
            {"type": "Strip", "strip_left": True, "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": end, "type_id": 0}}],
                           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": end, "type_id": 0}},
                                    {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": end, "type_id": 0}}],
                           "special_tokens": {end: {"id": end, "ids": [vocabulary[end]], "tokens": [end]}}},
        "model": {"type": "Unigram", "unk_id": vocabulary[unknown],
                  "vocab": [[texts[i], found.get(texts[i], 0.0)] for i in range(count)],
                  # pieces of the other language are shown, but not found in a text
                  "unread": [i for i in range(count) if texts[i] not in found]},
    })  # fmt: skip
