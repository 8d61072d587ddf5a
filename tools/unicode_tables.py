#!/usr/bin/env python3
"""Writes what the tokenizers need to know of each code point, to include/constformer/text/: unicode_tables.hpp (BERT's),
unicode_class_tables.hpp (letters, numbers and white space) and unicode_form_tables.hpp (normalization forms, graphemes).

Nothing is typed by hand. Every property is asked of the `tokenizers` package itself, one code point at a time, because
its parts follow several versions of Unicode at once (one for categories, one for decomposition, one for lower case) and
the aim is to agree with it to the last code point.

    python3 tools/unicode_tables.py            # needs: pip install tokenizers
    python3 tools/unicode_tables.py --check    # writes nothing; fails where a header is not what it would write
"""
import argparse
import pathlib
import struct
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "include/constformer/text"
BLOCK = 128  # code points a block of the two-stage table; 64 and 256 compress no better
STEP = 64  # pairs of a map that are read to find one
HANGUL = range(0xAC00, 0xAC00 + 11172)  # decomposed by arithmetic, checked below
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]

# The bits of a kind, in the order of `enum` in the header.
REMOVED, SPACE, PUNCTUATION, IDEOGRAPH, MARK, DECOMPOSES, UPPER = (1 << i for i in range(7))


def bert(**flags):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **flags}).normalize_str


nfd = normalizers.NFD().normalize_str
clean, ideographs = bert(clean_text=True), bert(handle_chinese_chars=True)
strip, lower = bert(strip_accents=True), bert(lowercase=True)
pieces = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def combining_classes(decomposition):
    """Canonical combining classes, from the order in which NFD puts two marks; only their order matters."""
    first, last = "\u0334", "\u0345"  # of the lowest and of the highest class
    marks = [chr(c) for c in CODE_POINTS
             if c not in decomposition and c not in HANGUL and nfd(last + chr(c) + first) != last + chr(c) + first]

    def swapped(left, right):
        return nfd(left + right) != left + right

    known = {}  # class -> a mark that has it
    for mark in marks:
        value = unicodedata.combining(mark)
        if value and not any(swapped(mark, m) or swapped(m, mark) for v, m in known.items() if v == value):
            known.setdefault(value, mark)
    found = {}
    for mark in marks:
        same = [v for v, m in known.items() if not swapped(mark, m) and not swapped(m, mark)]
        assert len(same) == 1, f"U+{ord(mark):04X} has {len(same)} possible combining classes"
        found[ord(mark)] = same[0]
    order = sorted(known)
    assert all(swapped(known[b], known[a]) for a, b in zip(order, order[1:])), "combining classes out of order"
    return found


def word_runs():
    """Runs of code points of words, first -> last: those that an added token of a single word may not touch."""
    peer = Tokenizer(models.WordLevel({"": 0}, unk_token=""))
    peer.add_tokens([AddedToken("\u2603", single_word=True)])
    token = peer.token_to_id("\u2603")
    runs, last = {}, None
    for begin in range(0, len(CODE_POINTS), 1 << 16):
        part = CODE_POINTS[begin:begin + (1 << 16)]
        for c, e in zip(part, peer.encode_batch([chr(c) + "\u2603" for c in part])):
            if token in e.ids:
                continue
            if last is None or c != runs[last] + 1:
                last = c
            runs[last] = c
    return runs


def read():
    decomposition = {c: nfd(chr(c)) for c in CODE_POINTS if nfd(chr(c)) != chr(c) and c not in HANGUL}
    for c in HANGUL:
        s = c - HANGUL.start
        jamo = [0x1100 + s // 588, 0x1161 + s % 588 // 28] + ([0x11A7 + s % 28] if s % 28 else [])
        assert nfd(chr(c)) == "".join(map(chr, jamo)), f"U+{c:04X} is not decomposed as Hangul"
    classes = combining_classes(decomposition)

    kinds, lowers, two_lowers, marks = {}, {}, {}, set()
    for c in CODE_POINTS:
        text = chr(c)
        kind = 0
        cleaned, split = clean(text), len(pieces("a" + text + "a"))
        if cleaned == "":
            kind |= REMOVED
        assert cleaned in ("", text) or (cleaned == " " and split == 2)
        kind |= {1: 0, 2: SPACE, 3: PUNCTUATION}[split]
        if ideographs(text) != text:
            assert ideographs(text) == f" {text} "
            kind |= IDEOGRAPH
        if c in decomposition or c in HANGUL:
            kind |= DECOMPOSES
        elif strip(text) != text:
            assert strip(text) == ""
            kind |= MARK
            marks.add(text)
        small = lower(text)
        if small != text:
            kind |= UPPER
            lowers[c] = ord(small[0])
            if len(small) > 1:
                assert len(small) == 2
                two_lowers[c] = ord(small[1])
        kinds[c] = (kind, classes.get(c, 0))

    # Marks after the first character of a decomposition are dropped at once by the stripping of accents and move no
    # offset, so they are left out; a first character takes the offset and stays.
    firsts, rests = {}, {}
    for c, text in decomposition.items():
        rest = [ord(x) for x in text[1:] if x not in marks]
        assert len(rest) <= 2, f"U+{c:04X} decomposes into more than this table holds"
        firsts[c] = ord(text[0])
        if rest:
            rests[c] = (rest + [0])[:2]
    return kinds, firsts, rests, lowers, two_lowers


def array(name, element, values, base=10):
    lines, line = [], "   "
    for v in values:
        item = f" {v:#x}," if base == 16 else f" {v},"
        if len(line) + len(item) > 119:
            lines.append(line)
            line = "   "
        line += item
    return f"inline constexpr {element} {name}[{len(values)}] = {{\n" + "\n".join(lines + [line]) + "\n};\n"


def varint(n):
    out = []
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    return out + [n]


def mapping(name, values):
    """A map in few bytes: for each key how far it lies after the key before, and its value after the value before.
    Every STEP entries the key begins anew, so that a search has little to read."""
    stream, keys, begins = [], [], []
    for i, (key, value) in enumerate(sorted(values.items())):
        if i % STEP == 0:
            keys.append(key)
            begins.append(len(stream))
            last_key = last_value = key
        change = value - last_value
        stream += varint(key - last_key) + varint(2 * change if change >= 0 else -2 * change - 1)
        last_key, last_value = key, value
    assert len(stream) < 65536
    out = array(f"{name}_key", "std::uint32_t", keys)
    out += array(f"{name}_begin", "std::uint16_t", begins + [len(stream)])
    out += array(f"{name}_stream", "std::uint8_t", stream)
    return out + f"inline constexpr map {name}{{{name}_key, {name}_begin, {name}_stream, {len(keys)}}};\n"


def write():
    kinds, firsts, rests, lowers, two_lowers = read()
    nothing = (0, 0)
    names = sorted(set(kinds.values()) | {nothing})
    number = {kind: i for i, kind in enumerate(names)}
    flat = [number[kinds.get(c, nothing)] for c in range(0x110000)]

    # Above the last block that the two-stage table holds, a handful of long runs is all there is.
    runs = []
    for c in range(0x110000):
        if c == 0 or flat[c] != flat[c - 1]:
            runs.append(c)
    limit = next(-(-c // BLOCK) * BLOCK for c in runs if c >= 0x20000 and flat[c] == 0 and
                 sum(1 for r in runs if r > c) <= 12)
    tail = [(c, number[nothing] if c < limit else flat[c]) for c in runs if c >= limit]
    blocks, index = {}, []
    for c in range(0, limit, BLOCK):
        index.append(blocks.setdefault(tuple(flat[c:c + BLOCK]), len(blocks)))
    assert flat[limit] == 0 and len(blocks) <= 256 and len(names) <= 256

    out = f"""\
// unicode_tables: what BERT's tokenizer knows of each code point. Written by tools/unicode_tables.py from
// tokenizers {tokenizers.__version__}; do not edit, run the script. Read through text/unicode.hpp.
#pragma once

#include <cstdint>

// clang-format off
namespace constformer::unicode::tables {{

// A kind is a set of these and a canonical combining class.
enum : std::uint8_t {{
    removed = {REMOVED},      // control, format, private use, U+0000, U+FFFD: dropped by the cleaning of text
    space = {SPACE},        // White_Space
    punctuation = {PUNCTUATION},  // is a word of its own
    ideograph = {IDEOGRAPH},    // in the blocks that BERT calls Chinese
    mark = {MARK},        // nonspacing mark: an accent
    decomposes = {DECOMPOSES},  // has a canonical decomposition
    upper = {UPPER},       // is not its own lower case
}};

// Two stages: the block of a code point below `limit`, then its kind in the block. Above: runs {{first, kind}}.
inline constexpr char32_t limit = {limit:#x};
inline constexpr int block_size = {BLOCK};
"""
    out += array("block_of", "std::uint8_t", index)
    out += array("kind_of", "std::uint8_t", [k for b in blocks for k in b])
    out += array("above_first", "char32_t", [c for c, _ in tail], 16)
    out += array("above_kind", "std::uint8_t", [k for _, k in tail])
    out += "\n// What a kind says.\n"
    out += array("bits", "std::uint8_t", [b for b, _ in names])
    out += array("combining_class", "std::uint8_t", [c for _, c in names])
    out += f"""
// Maps are streams of pairs of varints (7 bits a byte, low first): a key after the key before, its value after the
// value before (zigzag). Each {STEP} pairs begin anew at a key that is told, and at that key as the value before.
struct map {{
    const std::uint32_t* key;    // with which each step begins
    const std::uint16_t* begin;  // of each step in the stream, and its end
    const std::uint8_t* stream;
    int steps;
}};

// The first character of each canonical decomposition but Hangul's, for {len(firsts)} code points.
"""
    out += mapping("decomposition", firsts)
    out += "// What follows the first, where it is no accent: {code point, second character, third character or 0}.\n"
    out += array("decomposition_rest", "std::uint32_t", [x for k in sorted(rests) for x in (k, *rests[k])])
    out += f"\n// Lower case, of {len(lowers)} code points.\n"
    out += mapping("lower", lowers)
    out += "// Those with a second character in lower case: {code point, second character}.\n"
    out += array("lower_second", "std::uint32_t", [x for k in sorted(two_lowers) for x in (k, two_lowers[k])])
    runs = word_runs()
    out += f"""
// The {len(runs)} runs of letters, marks, digits, connectors and joiners: the last code point of each first.
"""
    out += mapping("word", runs)
    out += "\n} // namespace constformer::unicode::tables\n"
    return out


def runs_of(members):
    """A set of code points as runs, first -> last."""
    runs, first = {}, None
    for c in sorted(members):
        if first is None or c != runs[first] + 1:
            first = c
        runs[first] = c
    return runs


def matching(pattern):
    """The code points that a regular expression of the package matches."""
    split, found = pre_tokenizers.Split(Regex(pattern), "removed", invert=True).pre_tokenize_str, set()
    for begin in range(0, len(CODE_POINTS), 1 << 12):
        for part, _ in split("".join(map(chr, CODE_POINTS[begin:begin + (1 << 12)]))):
            found.update(map(ord, part))
    return found


def write_classes():
    classes = [matching(pattern) for pattern in (r"\p{L}", r"\p{N}", r"\s")]
    digits = pre_tokenizers.Digits(True).pre_tokenize_str
    numeric = {c for c in CODE_POINTS if len(digits("a" + chr(c) + "a")) == 3}
    space = pre_tokenizers.WhitespaceSplit().pre_tokenize_str
    assert classes[2] == {c for c in CODE_POINTS if len(space("a" + chr(c) + "a")) == 2}
    assert classes[1] <= numeric and not numeric & (classes[0] | classes[2])
    flat = [0] * 0x110000
    for value, members in enumerate(classes, 1):
        for c in members:
            assert flat[c] == 0
            flat[c] = value
    limit = -(-max(c for c in CODE_POINTS if flat[c] and c < 0x2FF00) // BLOCK) * BLOCK
    above = runs_of(c for c in CODE_POINTS if c >= limit and flat[c])
    assert all(flat[c] == 1 for c in CODE_POINTS if c >= limit and c in classes[0])
    assert not any(flat[c] > 1 for c in CODE_POINTS if c >= limit)
    blocks, index = {}, []
    for c in range(0, limit, BLOCK):
        index.append(blocks.setdefault(tuple(flat[c:c + BLOCK]), len(blocks)))
    assert len(blocks) <= 256
    packed = [sum(b[i + k] << 2 * k for k in range(4)) for b in blocks for i in range(0, BLOCK, 4)]
    out = f"""\
// unicode_class_tables: which code points are letters, numbers and white space. Written by tools/unicode_tables.py from
// tokenizers {tokenizers.__version__}; do not edit, run the script. Read through text/character_class.hpp.
#pragma once

#include <cstdint>

#include "constformer/text/unicode_tables.hpp"

// clang-format off
namespace constformer::unicode::class_tables {{

// Two stages: the block of a code point below `limit`, then its class in the block, two bits each, the first in the low
// ones. Above: runs of letters, and nothing else.
inline constexpr char32_t limit = {limit:#x};
inline constexpr int block_size = {BLOCK};
"""
    out += array("block_of", "std::uint8_t", index)
    out += array("class_of", "std::uint8_t", packed)
    out += array("above", "char32_t", [x for run in sorted(above.items()) for x in run], 16)
    out += "\n// Numbers to Rust's char::is_numeric and not to regular expressions: runs of a first and a last one.\n"
    out += array("numeric_too", "char32_t", [x for run in sorted(runs_of(numeric - classes[1]).items()) for x in run], 16)
    return out + "\n} // namespace constformer::unicode::class_tables\n"


def charsmap(*keys):
    """A SentencePiece charsmap that sends each of these bytes to the letter B: as a text is cut into graphemes before it is
    looked up, it shows where they end."""
    unit = lambda offset, label, leaf: offset << 10 | leaf << 8 | label
    units = [unit(256, 0, 0)] + [0] * 1023
    for key in keys:
        units[256 ^ key] = unit(256 ^ key ^ 512, key, 1)
    units[512] = 1 << 31
    return normalizers.Precompiled(struct.pack("<1025I", 4096, *units) + b"B\0").normalize_str


def write_forms():
    nfc, nfkd, nfkc = (getattr(normalizers, name)().normalize_str for name in ("NFC", "NFKD", "NFKC"))
    canonical = {c: nfd(chr(c)) for c in CODE_POINTS if c not in HANGUL and nfd(chr(c)) != chr(c)}
    compatible = {c: nfkd(chr(c)) for c in CODE_POINTS if c not in HANGUL and nfkd(chr(c)) != nfd(chr(c))}
    pairs = {}
    for c, text in canonical.items():
        if len(text) < 2 or nfc(text) != chr(c):
            continue
        first = nfc(text[:-1])
        assert len(first) == 1 and nfc(first + text[-1]) == chr(c)
        pairs[ord(text[-1]), ord(first)] = c
    seconds = sorted({second for second, _ in pairs})
    for c in CODE_POINTS:  # NFKC is NFC of NFKD, and nothing is composed of one
        assert nfkc(chr(c)) == nfc(nfkd(chr(c)))
        assert nfc(chr(c)) == chr(c) or c in canonical
    pool, begin = b"", {}
    for text in [*canonical.values(), *compatible.values()]:
        data = text.encode()
        if data not in begin:
            begin[data] = len(pool)
            pool += bytes([len(data)]) + data
    place = lambda table: {c: begin[text.encode()] for c, text in table.items()}

    strip = normalizers.StripAccents().normalize_str
    accents = {c for c in CODE_POINTS if strip(chr(c)) == ""}
    joins, from_lead = charsmap(ord("a")), charsmap(*range(0xC2, 0xF5))
    extends = {c for c in CODE_POINTS if joins("a" + chr(c)) == "B"}
    prepends = {c for c in CODE_POINTS if c >= 0x80 and from_lead(chr(c) + "a") == "B"}
    # Longer ones would not matter: nothing of six bytes or more is looked up as a whole.
    controls = {c for c in CODE_POINTS if c < 0x10000 and from_lead("\u0600" + chr(c)) != "B"}
    out = f"""\
// unicode_form_tables: the normalization forms NFC, NFD, NFKC and NFKD, and graphemes. Written by
// tools/unicode_tables.py from tokenizers {tokenizers.__version__}; do not edit, run the script. Read through
// text/normal_form.hpp and text/charsmap.hpp.
#pragma once

#include <cstdint>

#include "constformer/text/unicode_tables.hpp"

// clang-format off
namespace constformer::unicode::form_tables {{

using tables::map;

// Full decompositions but Hangul's: of a size in bytes and UTF-8.
"""
    out += array("texts", "std::uint8_t", list(pool))
    out += f"// Where the canonical decomposition of each of {len(canonical)} code points begins.\n"
    out += mapping("canonical", place(canonical))
    out += f"// Where that of compatibility begins, for {len(compatible)} whose other one is not the same.\n"
    out += mapping("compatible", place(compatible))
    out += f"\n// {len(pairs)} pairs compose: the second ones, and, for number i of them, i * 0x110000 + the first one -> both.\n"
    out += array("seconds", "char32_t", seconds, 16)
    out += mapping("composition", {seconds.index(b) * 0x110000 + a: c for (b, a), c in pairs.items()})
    out += "\n// Runs, firsts and lasts: accents, as StripAccents says; what continues a grapheme; what begins one with the next;\n"
    out += "// and what is one alone.\n"
    out += mapping("accents", runs_of(accents))
    out += mapping("extends", runs_of(extends))
    out += mapping("prepends", runs_of(prepends))
    out += mapping("controls", runs_of(controls))
    return out + "\n} // namespace constformer::unicode::form_tables\n"


HEADERS = {"unicode_tables.hpp": write, "unicode_class_tables.hpp": write_classes, "unicode_form_tables.hpp": write_forms}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a header would change")
    arguments = parser.parse_args()
    for name, write_one in HEADERS.items():
        text, header = write_one(), FOLDER / name
        if not arguments.check:
            header.write_text(text)
        elif not header.exists() or header.read_text() != text:
            sys.exit(f"{name} is not what tokenizers {tokenizers.__version__} says: run tools/unicode_tables.py")


if __name__ == "__main__":
    main()
