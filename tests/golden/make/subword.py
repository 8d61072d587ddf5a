#!/usr/bin/env python3
"""Writes tests/golden/text/subword_*.bin and subword.hpp: small tokenizers of subwords, and mixed Unicode as the `tokenizers`
package encodes and decodes it.

    python3 tests/golden/make/subword.py        # needs: pip install tokenizers
    python3 tests/golden/make/subword.py --fuzz SEED FOLDER [LINES]   # other lines into FOLDER, for CONSTFORMER_FUZZ

Everything comes from a fixed seed. tools/compiler/tokens.py turns each tokenizer.json into a config, which subword.hpp has,
and a token file, with which the .bin begins. tests/text/subword_golden.cpp reads it; numbers and texts are as in text.py:

        file    = text (the token file), count of groups, groups
        group   = most_tokens, special, count of lines, lines
        line    = text, 0 | 1 text (the second of a pair), count of tokens, tokens, decoded text without special tokens, with them
        token   = id, signed begin - last begin, signed end - begin, 3 * zigzag(word - last word) + segment
        and, behind the groups: count of lists of any ids, lists: count, ids, decoded text
"""
import collections
import json
import math
import os
import pathlib
import random
import struct
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Tokenizer  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools/compiler"))
sys.dont_write_bytecode = True
import text as golden  # noqa: E402
import tokens as compiler  # noqa: E402

OUT = golden.OUT
MARK = compiler.MARK
CODE = '''
def merge(self, left: int, right: int) -> int:\n    """Joins two."""\n    return self.table.get((left, right), -1)\n
for (std::size_t i = 0; i != text.size(); ++i) { sum += text[i] * 31'415; }  // 0x1F600, 1e-9, 3.14159\n
\tif err != nil {\n\t\treturn fmt.Errorf("can't open %q: %w", path, err)\n\t}\n\n\n
<div class="row" id='x1'>&nbsp;It's 100% "done"</div>\r\n<!-- they're here; we've 12,345.67 -->\r\n
SELECT name, COUNT(*) FROM users WHERE id >= 1000000 AND name LIKE '%o''d%' GROUP BY 1;
{"key": [1, 22, 333, 4444, 55555], "other": null, "text": "I'll say: 'DON'T'\\u00e9"}
'''
CODE = [part for part in CODE.strip().split("\n\n") if part.strip()]
PIECES = ["'s", "'S", "'ll", "'LL", "'ve", "'rE", "'\u017f", "'d", "'t", "'x", "n't", "   ", "\n\n", " \n ", "\r\n", "\t\t", " \t\n",
          "1", "12", "123", "1234567", "\u0661\u0662", "\u00bd", "\u2167", "\U00011de0", "\u3007", "x86", "\u00a0", "\u2003 ",
          "\u2581", "\u2581\u2581", " \u2581", "<0x41>", "<0xE2>", "<s>", "<unk>", "</w>", "\u200d", "\ufe0f", "\u0301", "\u0345\u0301",
          "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "\u1100\u1161\u11a8", "\uac00\u11a8",
          "\ufb01", "\ufdfa", "\u0958", "\u212b", "\u1e9b\u0323", "\uff21\uff22", "\u2460\u0301", "a\u0301", "q\u0307\u0323", "``", "''"]


def piece(r):
    kind = r.randrange(8)
    if kind < 3:
        return golden.piece(r)
    if kind < 6:
        return "".join(r.choice(PIECES) for _ in range(r.randint(1, 3)))
    if kind == 6:
        code = r.choice(CODE)
        begin = r.randrange(len(code))
        return code[begin:begin + r.randint(1, 30)]
    return "".join(chr(r.choice(golden.POINTS)) for _ in range(r.randint(1, 3)))


def line(r, added):
    kind = r.randrange(40)
    if kind == 0:
        return ""
    if kind == 1:
        return r.choice(golden.PHRASES)
    if kind == 2:
        return r.choice(CODE)
    if kind == 3:  # long words
        return r.choice(["a", "ab", "\u00e9", "the", "0", " ", "中", "x\u2581"]) * r.randint(30, 90)
    parts = [r.choice(added) if r.random() < 0.08 else piece(r) for _ in range(r.randint(1, 7))]
    return "".join(p + r.choice(["", "", " ", " ", "  ", "\n"]) for p in parts)


def words_of(tokenizer, texts):
    """Words as the model gets them, and how often."""
    count = collections.Counter()
    for text in texts:
        text = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
        count.update(w for w, _ in (tokenizer.pre_tokenizer.pre_tokenize_str(text) if tokenizer.pre_tokenizer else [(text, 0)]))
    return count


def train_merges(words, vocab, most, word_end=""):
    """Byte-pair encoding as Sennrich and others write it; of pairs that are met as often, the first of the alphabet."""
    spelled = {}
    for word, n in words.items():
        symbols = [*word[:-1], word[-1:] + word_end]
        spelled[tuple(s for s in symbols)] = n
    for symbols in spelled:
        for s in symbols:
            vocab.setdefault(s, len(vocab))
    merges = []
    while len(merges) < most:
        pairs = collections.Counter()
        for symbols, n in spelled.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += n
        if not pairs:
            break
        pair = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(list(pair))
        vocab.setdefault(pair[0] + pair[1], len(vocab))
        after = collections.Counter()
        for symbols, n in spelled.items():
            out, i = [], 0
            while i < len(symbols):
                if symbols[i:i + 2] == pair:
                    out.append(pair[0] + pair[1])
                    i += 2
                else:
                    out.append(symbols[i])
                    i += 1
            after[tuple(out)] += n
        spelled = after
    return merges


def charsmap(table):
    """SentencePiece's form of {text: what replaces it}."""
    nodes, texts = {}, b""
    for key, to in table.items():
        node = nodes
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = len(texts)
        texts += to.encode() + b"\0"
    units, taken = [0] * 8192, {0}

    def place(node, at, label):
        base = next(b for b in range(1, 8192 - 256) if all(b ^ c not in taken for c in node) and at ^ b < 1 << 21)
        taken.update(base ^ c for c in node)
        units[at] = (at ^ base if at else base) << 10 | (0 in node) << 8 | label
        for c, child in node.items():
            if c == 0:
                units[base] = 1 << 31 | child
            else:
                place(child, base ^ c, c)

    place(nodes, 0, 0)
    return struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + texts


def added(*rows, first=0):
    names = ("special", "normalized", "lstrip", "rstrip", "single_word")
    return [{"id": first + i, "content": content, **{n: n in flags.split() for n in names}} for i, (content, flags) in enumerate(rows)]


def template(single, pair, ids):
    part = lambda w: ({"Sequence": {"id": w[0], "type_id": int(w[1:] or 0)}} if w[0] in "AB" else
                      {"SpecialToken": {"id": w.rsplit(":", 1)[0], "type_id": int(w.rsplit(":", 1)[1])}})
    return {"type": "TemplateProcessing", "single": [part(w) for w in single.split()], "pair": [part(w) for w in pair.split()],
            "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for t, i in ids.items()}}


def byte_level(prefix=False, regex=True, trim=True):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim, "use_regex": regex}


def sequence(kind, *parts):
    return {"type": "Sequence", kind: list(parts)}


def split(name):
    pattern = next(p for p, n in compiler.SPLITS.items() if n == name)
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def replace(pattern, content, kind="String"):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def metaspace(scheme, cut):
    return {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme, "split": cut}


LLAMA_DECODER = sequence("decoders", replace(MARK, " "), {"type": "ByteFallback"}, {"type": "Fuse"},
                         {"type": "Strip", "content": " ", "start": 1, "stop": 0})
SPECIAL = [("<s>", "special"), ("</s>", "special"), ("<unk>", "special")]
MAP = {"\r\n": " ", "\t": " ", "\n": " ", "\u00a0": " ", "\u3000": " ", "\ufb01": "fi", "\u00bd": "1/2", "\u2460": "1", "\u00ad": "",
       "\u200b": "", "\ufe0f": "", "\uff21": "A", "e\u0301": "\u00e9", "a\u0301": "\u00e1", "q\u0323": "Q", "\ufdfa": "\u0635\u0644\u0649 \u0627",
       "\u212b": "\u00c5", "\u2026": "...", "\u0958": "\u0915\u093c", "\u0600": "X", "\u0301": ""}


def cases():
    """name -> the settings of a tokenizer.json with an empty model, and how the model is made."""
    import base64
    xlnet = sequence("normalizers", replace("``", '"'), replace("''", '"'), {"type": "NFKD"}, {"type": "StripAccents"},
                     {"type": "Lowercase"}, replace(" {2,}", " ", "Regex"))
    t5 = sequence("normalizers", {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap(MAP)).decode()},
                  {"type": "Strip", "strip_left": False, "strip_right": True}, replace(" {2,}", MARK, "Regex"))
    return {
        "gpt2": dict(pre_tokenizer=byte_level(), post_processor=byte_level(prefix=True, trim=False), decoder=byte_level(),
                     added=[("<|endoftext|>", "special"), ("fox", "normalized"), ("a b", "lstrip"), ("é", ""), ("ing", "single_word normalized")]),
        "roberta": dict(pre_tokenizer=byte_level(prefix=True), decoder=byte_level(), added=[*SPECIAL, ("<mask>", "special lstrip")],
                        post_processor={"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": True,
                                        "add_prefix_space": True}, model=dict(unk_token="<unk>")),
        "llama3": dict(pre_tokenizer=sequence("pretokenizers", split("llama3"), byte_level(regex=False)), decoder=byte_level(),
                       post_processor=sequence("processors", byte_level(), template("<b>:0 A0", "<b>:0 A0 <b>:1 B1", {"<b>": 0})),
                       added=[("<b>", "special"), ("<|eot|>", "special"), ("\n\n\n", "rstrip")], model=dict(ignore_merges=True)),
        "qwen2": dict(normalizer={"type": "NFC"}, pre_tokenizer=sequence("pretokenizers", split("qwen2"), byte_level(regex=False)),
                      post_processor=byte_level(trim=False), decoder=byte_level(), added=[("<|im_start|>", "special"), ("caf\u00e9", "normalized")]),
        "smollm": dict(pre_tokenizer=sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, byte_level()),
                       decoder=byte_level(), added=[("<|im_start|>", "special"), ("<|im_end|>", "special rstrip")]),
        "llama2": dict(normalizer=sequence("normalizers", {"type": "Prepend", "prepend": MARK}, replace(" ", MARK)), pre_tokenizer=None,
                       post_processor=template("<s>:0 A0", "<s>:0 A0 <s>:1 B1", {"<s>": 0}), decoder=LLAMA_DECODER, added=SPECIAL, bytes=True,
                       model=dict(unk_token="<unk>", fuse_unk=True, byte_fallback=True)),
        "mistral": dict(pre_tokenizer=metaspace("first", False), decoder=sequence("decoders", replace(MARK, " "), {"type": "Fuse"}),
                        added=[*SPECIAL, ("[INST]", "")], model=dict(unk_token="<unk>", fuse_unk=True)),
        "gpt": dict(normalizer={"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                                "lowercase": True}, pre_tokenizer={"type": "BertPreTokenizer"}, added=[("<unk>", "special")],
                    decoder={"type": "BPEDecoder", "suffix": "</w>"}, model=dict(unk_token="<unk>", end_of_word_suffix="</w>")),
        "clip": dict(normalizer=sequence("normalizers", {"type": "NFC"}, replace(r"\s+", " ", "Regex"), {"type": "Lowercase"}),
                     pre_tokenizer=sequence("pretokenizers", {"type": "Split", "pattern": {"Regex": compiler.CLIP[0]}, "behavior": "Removed",
                                                              "invert": True}, byte_level()), no_decoded=True,
                     post_processor={"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": False,
                                     "add_prefix_space": False}, decoder=byte_level(), added=SPECIAL,
                     model=dict(unk_token="<unk>", end_of_word_suffix="</w>")),
        "t5": dict(unigram=True, normalizer=t5, pre_tokenizer=sequence("pretokenizers", {"type": "WhitespaceSplit"}, metaspace("always", True)),
                   post_processor=template("A0 </s>:0", "A0 </s>:0 B0 </s>:0", {"</s>": 1}), decoder=metaspace("always", True), added=SPECIAL),
        "xlnet": dict(unigram=True, normalizer=xlnet, pre_tokenizer=metaspace("always", True), added=[*SPECIAL, ("<cls>", "special"), ("New", "normalized")],
                      post_processor=template("A0 </s>:0 <cls>:2", "A0 </s>:0 B1 </s>:1 <cls>:2", {"</s>": 1, "<cls>": 3}),
                      decoder=metaspace("always", True)),
        "nfkc": dict(unigram=True, bytes=True, normalizer=sequence("normalizers", {"type": "NFKC"}, replace(" ", MARK)), pre_tokenizer=None,
                     decoder=sequence("decoders", replace(MARK, " "), {"type": "ByteFallback"}, {"type": "Fuse"}), added=SPECIAL),
    }


def make(name, case):
    """The text of tokenizer.json."""
    r = random.Random(7)
    texts = golden.PHRASES * 4 + CODE * 3 + [golden.line(r) for _ in range(80)]
    tokens = added(*case["added"])
    whole = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": case.get("normalizer"),
             "pre_tokenizer": case["pre_tokenizer"], "post_processor": case.get("post_processor"), "decoder": case["decoder"]}
    empty = Tokenizer.from_str(json.dumps({**whole, "post_processor": None, "model": {"type": "BPE", "vocab": {}, "merges": []}}))
    words = words_of(empty, texts)
    vocab = {t["content"]: i for i, t in enumerate(tokens) if "special" in case["added"][i][1]}
    tokens = [t for t in tokens if t["content"] in vocab] + [t for t in tokens if t["content"] not in vocab]
    if case.get("bytes"):
        for byte in range(256):
            vocab[f"<0x{byte:02X}>"] = len(vocab)
    if "unigram" in case:
        count = collections.Counter()
        for word, n in words.items():
            count.update({word[i:i + k]: n * k for k in range(1, 8) for i in range(len(word) - k + 1)})
        total = sum(count.values())
        pieces = [p for p in sorted(count, key=lambda p: (-count[p], p)) if p not in vocab][:900]
        scores = [[t, -9.25 if t.startswith("<0x") else 0.0] for t in vocab]  # text that is written like a byte is met, too
        scores += [[p, math.log(count[p] / total)] for p in pieces]
        if name == "xlnet":  # four bytes a score
            scores = [[p, struct.unpack("<f", struct.pack("<f", s))[0]] for p, s in scores]
        model = {"type": "Unigram", "unk_id": 2, "vocab": scores, "byte_fallback": bool(case.get("bytes"))}
        known = {p: i for i, (p, _) in enumerate(scores)}
    else:
        end = case.get("model", {}).get("end_of_word_suffix", "")
        if "ByteLevel" in json.dumps(case["pre_tokenizer"]):
            for letter in compiler.ALPHABET:
                for token in (letter, letter + end):
                    vocab.setdefault(token, len(vocab))
        if case["pre_tokenizer"] is None or name == "mistral":  # no words: those between marks
            between = collections.Counter()
            for word, n in words.items():
                between.update({MARK + w: n for w in word.split(MARK)})
            words = between
        if not ("ByteLevel" in json.dumps(case["pre_tokenizer"])):
            often = collections.Counter(c for word in words for c in word)
            words = {w: n for w, n in words.items() if all(often[c] > 1 for c in w)}
        merges = train_merges(words, vocab, 500, end)
        model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                 "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocab, "merges": merges,
                 **case.get("model", {})}
        if name == "llama3":  # words that no merge makes
            for word in ("\u0120international", "zation", "\u0120\u0120\u0120\u0120"):
                vocab.setdefault(word, len(vocab))
        known = vocab
    apart = [token["content"] for token in tokens if token["content"] not in known]
    for token in tokens:
        token["id"] = known[token["content"]] if token["content"] in known else len(known) + apart.index(token["content"])
    whole["added_tokens"], whole["model"] = tokens, model
    return json.dumps(whole, ensure_ascii=False)


def file_of(name, text, r, lines, decoded):
    peer = Tokenizer.from_str(text)
    _, _, tokens = compiler.read(text)
    found = [t["content"] for t in json.loads(text)["added_tokens"]]
    varint, zigzag, put = golden.varint, golden.zigzag, golden.text
    groups = [(0, 1, 0.15, lines), (0, 0, 0.3, lines // 6), (11, 1, 0.5, lines // 6)]
    out = varint(len(tokens)) + tokens + varint(len(groups))
    for most, special, pairs, count in groups:
        peer.no_truncation()
        if most:
            peer.enable_truncation(most)
        out += b"".join(map(varint, (most, special, count)))
        for _ in range(count):
            first, second = line(r, found), line(r, found) if r.random() < pairs else None
            e = peer.encode(first, second, add_special_tokens=bool(special))
            out += put(first) + (varint(0) if second is None else varint(1) + put(second)) + varint(len(e.ids))
            begin = word = 0
            for i, segment, (b, end), w in zip(e.ids, e.type_ids, e.offsets, e.word_ids):
                w = -1 if w is None else w
                assert segment in (0, 1, 2)
                out += varint(i) + varint(zigzag(b - begin)) + varint(zigzag(end - b)) + varint(3 * zigzag(w - word) + segment)
                begin, word = b, w
            for skip in (True, False):
                out += put(peer.decode(e.ids, skip_special_tokens=skip) if decoded else "")
    peer.no_truncation()
    out += varint(lines // 4 if decoded else 0)
    for _ in range(lines // 4 if decoded else 0):
        ids = [r.randrange(peer.get_vocab_size() if r.random() < 0.7 else min(300, peer.get_vocab_size())) for _ in range(r.randint(0, 9))]
        out += varint(len(ids)) + b"".join(map(varint, ids)) + put(peer.decode(ids, skip_special_tokens=True))
    return out


def main():
    fuzz = sys.argv[1:2] == ["--fuzz"]
    out = pathlib.Path(sys.argv[3]) if fuzz else OUT
    lines = int(sys.argv[4]) if len(sys.argv) > 4 else 2000 if fuzz else 150
    header = ["// The configs of the tokenizers of subwords. Written by tests/golden/make/subword.py.", "#pragma once", "",
              '#include "constformer/text/normal_form.hpp"', '#include "constformer/text/subword.hpp"', ""]
    for number, (name, case) in enumerate(cases().items()):
        text = make(name, case)
        seed = int(sys.argv[2]) * 100 + number if fuzz else 20 + number
        (out / f"subword_{name}.bin").write_bytes(file_of(name, text, random.Random(seed), lines, not case.get("no_decoded")))
        header += [f"namespace golden::{name} {{", *compiler.read(text)[1], f"}} // namespace golden::{name}", ""]
    if not fuzz:
        (out / "subword.hpp").write_text("\n".join(header))


if __name__ == "__main__":
    main()
