#!/usr/bin/env python3
"""Writes tests/golden/text/: two small vocabularies, and mixed Unicode as the `tokenizers` package encodes it.

    python3 tests/golden/make/text.py        # needs: pip install tokenizers
    python3 tests/golden/make/text.py --fuzz SEED FILE [GROUPS]   # other added tokens and lines, for CONSTFORMER_FUZZ

Everything comes from a fixed seed. tests/text/wordpiece_golden.cpp reads it:

    wordpiece.bin: all numbers are varints (7 bits a byte, low first), `signed` ones zigzag, `text` a size and UTF-8
        file    = count of groups, groups
        group   = cased 0|1, lowercase, strip_accents (0, 1, 2: absent), chinese, clean, longest_word, most_tokens,
                  special, with_decoded, count of added tokens, added tokens, count of lines, lines
        added   = text, flags (1 special, 2 normalized, 4 lstrip, 8 rstrip, 16 single_word, 32 not in the vocabulary)
        line    = text, 0 | 1 text (the second of a pair), count of tokens, tokens, decoded text where the group says so
        token   = id, signed begin - last begin, end - begin, 2 * zigzag(word - last word) + segment
"""
import collections
import json
import os
import pathlib
import random
import sys
import unicodedata

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import BertWordPieceTokenizer, Tokenizer  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parent.parent / "text"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

PHRASES = """
How do plants make food from the light of the sun? They don't eat; they grow.
The quick brown fox jumps over the lazy dog, isn't it so? We've seen it: it's true!
A person types a sentence and gets the nearest of a few hundred passages.
An encoder reads the whole text at once; a decoder writes one token after another.
Learning rate 3e-4, 12 layers, 384 wide (30,522 tokens), version 2.0.1 @ 99.9% #1
unbelievable unhappiness misunderstanding internationalization characterization tokenization
Le café était très agréable à l'été, où l'on déguste des crêpes flambées à Noël.
Die Größe der Übung hängt von der Länge ab; Straße, Fuß, Äpfel, Öl und Mäuse.
El niño comió piñas y corazón; ¿qué pasó mañana? ¡Adiós!
Việt Nam là một quốc gia ở Đông Nam Á, thủ đô là Hà Nội.
Zażółć gęślą jaźń. Příliš žluťoučký kůň. İstanbul'da ığdır. Ångström smörgåsbord.
Москва столица России, город федерального значения; ёлка, чай и йогурт. Київ, їжак, ґанок.
Η Αθήνα είναι η πρωτεύουσα της Ελλάδας. Ὁ Ὅμηρος ᾖδεν ἄνδρα μοι ἔννεπε.
שָׁלוֹם עוֹלָם ספר טוב
مرحبا بالعالم، اللُّغَةُ العَرَبِيَّةُ جميلة؟
हिन्दी भारत की राजभाषा है। क़लम ज़रूर पढ़ना
বাংলা ভাষা கொழும்பு தமிழ் తెలుగు ಕನ್ನಡ മലയാളം
ภาษาไทยเป็นภาษาราชการของประเทศไทย
東京は日本の首都であり、世界最大の都市の一つです。カタカナ ガギグ
北京是中华人民共和国的首都。你好，世界！
한국어는 한국의 공식 언어입니다. 서울
👩‍👩‍👧 🇩🇪 ❤️ 👍🏽 ☕ → ≠ ≤ ∑ √ € £ ™ ½ № ﬁ ﬀ Å K Ω
""".strip().split("\n")
WORDS = sorted({w for p in PHRASES for w in p.split()})

POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
COMBINING = [chr(c) for c in POINTS if unicodedata.combining(chr(c))]
MARKS = [chr(c) for c in POINTS if unicodedata.category(chr(c)).startswith("M")]
COMPOSED = [chr(c) for c in POINTS if (d := unicodedata.decomposition(chr(c))) and not d.startswith("<")]
ASSIGNED = [chr(c) for c in POINTS if unicodedata.category(chr(c)) not in ("Cn", "Co", "Cs")
            and not 0xAC00 <= c < 0xD7A4 and not 0x4E00 <= c < 0xA000 and not 0x20000 <= c < 0x32000]
BLOCKS = [(0, 0x20), (0x7F, 0xA1), (0xC0, 0x250), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE00), (0xE00, 0x1000),
          (0x1100, 0x1200), (0x1E00, 0x2000), (0x2000, 0x2100), (0x3000, 0x3100), (0x4E00, 0xA000), (0xAC00, 0xD7A4),
          (0xE000, 0xF900), (0xF900, 0xFB50), (0xFE00, 0xFFFF), (0x11000, 0x11800), (0x1D100, 0x1D800),
          (0x1F300, 0x1FA00), (0x2F800, 0x2FA20), (0xE0000, 0xE0200), (0xF0000, 0xF0100)]
WRITTEN = SPECIAL + ["[mask]", "[MASK", "MASK]", " [MASK] ", "[SEP][SEP]", "[[MASK]]", "x[MASK]y"]
CONTROLS = "\t\n\r\v\f\0\x1c\x7f\x85\xa0\xad\u200b\u200d\u2028\u2029\u3000\ufeff\ufffd"


def piece(r):
    some = lambda source, low, high: "".join(r.choice(source) for _ in range(r.randint(low, high)))
    kind = r.randrange(16)
    if kind < 4:
        return r.choice(WORDS)
    if kind == 4:
        return r.choice(WORDS) + r.choice(WORDS)
    if kind == 5:
        return r.choice(WORDS).upper() + r.choice(" .,!?-'")
    if kind == 6:
        low, high = r.choice(BLOCKS)
        return "".join(chr(r.randrange(low, high)) for _ in range(r.randint(1, 5)))
    if kind == 7:  # marks out of canonical order
        return r.choice("aeionuyAEが中") + some(COMBINING, 1, 5)
    if kind == 8:
        return "".join(r.choice(COMPOSED) + some(MARKS, 0, 3) for _ in range(r.randint(1, 3)))
    if kind == 9:
        return r.choice(WRITTEN)
    if kind == 10:
        return some(list(map(chr, (r.choice(POINTS) for _ in range(3)))), 1, 2)
    if kind == 11:
        return some(ASSIGNED, 1, 4)
    if kind == 12:
        return r.choice(CONTROLS)
    if kind == 13:
        return unicodedata.normalize("NFD", r.choice(WORDS))
    return some("abcABC 012.,'\"()-_#@", 1, 8)


def line(r):
    kind = r.randrange(60)
    if kind == 0:
        return ""
    if kind == 1:  # about as long as a word may be
        return r.choice(["a", "é", "中", "o\u0301"]) * r.choice([99, 100, 101])
    if kind == 2:
        return r.choice(COMBINING) + piece(r)
    return "".join(piece(r) + r.choice(["", " "]) for _ in range(r.randint(1, 6)))


# What is added to vocabularies: markers, words, parts of each other, what changes when it is normalized, special tokens.
ADDED = SPECIAL + """
[E1] [/E1] [unused7] <user> <s> </s> ab abc abcd bc b a e é É Straße STRASSE fox café CAFÉ İstanbul ﬁ Å 中 中国 国 ガ 서울 ☕ → _ __
## ##s don't it's ' ! !! # @user 3e-4 x_y न् ्न \u0301a ö\u0323
""".split() + ["New York", "a b", "中 国", "the  sun", "How do", "[E 1]"]
FLAGS = ("special", "normalized", "lstrip", "rstrip", "single_word")


def added_tokens(r, known, normalize):
    """Some added tokens with any flags: [(text, flags, is it no token of the vocabulary?)]. No two that are normalized are
    then alike: which of the two the package finds differs from run to run."""
    contents = [r.choice(ADDED) if r.random() < 0.9 else piece(r).strip() for _ in range(r.randint(1, 7))]
    out, taken = [], set()
    for content in dict.fromkeys(contents):
        if not content or "\n" in content or content != content.strip() or not normalize(content).strip():
            continue
        flags = {name: r.random() < chance for name, chance in zip(FLAGS, (0.5, 0.5, 0.3, 0.3, 0.35))}
        if content in SPECIAL:
            flags["special"] = True
        if flags["normalized"] and normalize(content) in taken:
            continue
        taken |= {normalize(content)} if flags["normalized"] else set()
        out.append((content, flags, content not in known))
    return out


def line_with(r, added):
    """A line in which added tokens stand, or almost: in other case, in words, between spaces."""
    out = ""
    for _ in range(r.randint(1, 7)):
        kind = r.randrange(8)
        content = r.choice(added)[0]
        if kind == 0:
            content = r.choice([content.upper(), content.lower(), content.title()])
        elif kind == 1:
            content = unicodedata.normalize(r.choice(["NFD", "NFC", "NFKC"]), content)
        elif kind == 2:
            content = content[:r.randint(0, len(content))]
        elif kind == 3:
            content = piece(r)
        out += content + r.choice(["", "", " ", "  ", "\u3000", "\t ", "_", "a", "é", "7", "-", "中", "\u0301", "\u200d", "\x01"])
    return r.choice(["", "", " ", "x"]) + out


def varint(n):
    out = b""
    while n >= 128:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def zigzag(n):
    return 2 * n if n >= 0 else -2 * n - 1


def text(s):
    data = s.encode()
    return varint(len(data)) + data


def vocabulary(lowercase):
    """Special tokens, each character that is met, and the pieces of words met most often. (The package's own training
    of a vocabulary depends on the order of a hash table and gives another one each time.)"""
    r = random.Random(7)
    peer = BertWordPieceTokenizer(lowercase=lowercase)
    pieces = collections.Counter()
    for text in PHRASES * 5 + [line(r) for _ in range(500)]:
        for word, _ in peer.pre_tokenizer.pre_tokenize_str(peer.normalizer.normalize_str(text)):
            if len(word) < 50:
                pieces.update({word: 3})
                pieces.update(("##" if i else "") + word[i:i + n]
                              for n in range(1, 6) for i in range(len(word) - n + 1))
    by_count = sorted(pieces, key=lambda piece: (-pieces[piece], piece))
    letters = [c for c in sorted(pieces) if len(c.removeprefix("##")) == 1 and pieces[c] > 4]
    return SPECIAL + letters + [c for c in by_count if c not in set(letters)][:1400]


def group(r, path, count, cased=0, lowercase=None, strip=2, chinese=1, clean=1, longest=100, most=0, special=1,
          pairs=0.0, decoded=0, with_added=False):
    lowercase = (1 - cased) if lowercase is None else lowercase
    peer = BertWordPieceTokenizer(str(path[cased]), clean_text=bool(clean), handle_chinese_chars=bool(chinese),
                                  strip_accents=None if strip == 2 else bool(strip), lowercase=bool(lowercase))
    settings = json.loads(peer._tokenizer.to_str())
    settings["model"]["max_input_chars_per_word"] = longest
    added = added_tokens(r, settings["model"]["vocab"], peer.normalizer.normalize_str) if with_added else []
    table, ours = {token["content"]: token for token in settings["added_tokens"]}, b""
    for content, flags, apart in added:
        number = settings["model"]["vocab"].get(content)
        if apart:
            number = len(settings["model"]["vocab"]) + sum(1 for token in table.values() if token["id"] >= len(settings["model"]["vocab"]))
        table[content] = {"id": number, "content": content, **flags}
        bits = sum(1 << i for i, name in enumerate(FLAGS) if flags[name]) + 32 * apart
        ours += text(content) + varint(bits)
    settings["added_tokens"] = list(table.values())
    peer = Tokenizer.from_str(json.dumps(settings))
    if most:
        peer.enable_truncation(most)
    numbers = (cased, lowercase, strip, chinese, clean, longest, most, special, decoded, len(added))
    out = b"".join(map(varint, numbers)) + ours + varint(count)
    for content, _, apart in added:
        assert peer.token_to_id(content) == table[content]["id"], content

    def any_line():
        return line_with(r, added) if added and r.random() < 0.8 else line(r)

    for _ in range(count):
        first, second = any_line(), any_line() if r.random() < pairs else None
        e = peer.encode(first, second, add_special_tokens=bool(special))
        out += text(first) + (varint(0) if second is None else varint(1) + text(second)) + varint(len(e.ids))
        begin = word = 0
        for i, segment, (b, end), w in zip(e.ids, e.type_ids, e.offsets, e.word_ids):
            w = -1 if w is None else w
            out += varint(i) + varint(zigzag(b - begin)) + varint(end - b) + varint(2 * zigzag(w - word) + segment)
            begin, word = b, w
        if decoded:
            out += text(peer.decode(e.ids, skip_special_tokens=True))
    return out


def any_group(r, path, count):
    """Any settings and any added tokens."""
    flag = lambda chance: int(r.random() < chance)
    return group(r, path, count, cased=flag(0.4), lowercase=r.choice([None, None, 0, 1]), strip=r.choice([2, 2, 0, 1]),
                 chinese=flag(0.8), clean=flag(0.8), most=r.choice([0, 0, 0, 9]), special=flag(0.8), pairs=0.1,
                 decoded=flag(0.3), with_added=True)


def main():
    if sys.argv[1:2] == ["--fuzz"]:
        r = random.Random(int(sys.argv[2]))
        path = [OUT / "uncased.txt", OUT / "cased.txt"]
        count = int(sys.argv[4]) if len(sys.argv) > 4 else 500
        groups = [any_group(r, path, 40) for _ in range(count)]
        pathlib.Path(sys.argv[3]).write_bytes(varint(len(groups)) + b"".join(groups))
        return
    OUT.mkdir(parents=True, exist_ok=True)
    path = [OUT / "uncased.txt", OUT / "cased.txt"]
    for lowercase, p in zip((True, False), path):
        p.write_text("\n".join(vocabulary(lowercase)) + "\n", encoding="utf-8")
    r = random.Random(20)
    groups = [
        group(r, path, 1500),
        group(r, path, 300, decoded=1),
        group(r, path, 300, pairs=0.8),
        group(r, path, 400, pairs=0.6, most=12),
        group(r, path, 150, pairs=0.6, most=3),
        group(r, path, 150, pairs=0.6, most=5, special=0),
        group(r, path, 200, special=0),
        group(r, path, 250, longest=4),
        group(r, path, 250, strip=0),
        group(r, path, 200, chinese=0),
        group(r, path, 250, clean=0),
        group(r, path, 100, clean=0, chinese=0, strip=0),
        group(r, path, 800, cased=1),
        group(r, path, 100, cased=1, decoded=1, pairs=0.3),
        group(r, path, 300, cased=1, strip=1),
        group(r, path, 150, cased=1, clean=0),
        group(r, path, 150, cased=1, chinese=0, pairs=0.5, most=9),
        *(any_group(r, path, 15) for _ in range(120)),
    ]
    (OUT / "wordpiece.bin").write_bytes(varint(len(groups)) + b"".join(groups))


if __name__ == "__main__":
    main()
