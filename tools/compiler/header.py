"""Writes the header of a checkpoint: what a person would have written for it."""

import re

import decoders

# Words that a C++ name cannot be, and names that the header uses itself.
RESERVED = set(
    """
    added chat ends errno never rules assert stdin stdout stderr major minor alignas alignof and and_eq asm auto bitand bitor bool break case
    catch char char16_t char32_t char8_t class co_await co_return co_yield compl concept config const const_cast
    consteval constexpr constformer constinit continue decltype default delete do double dynamic_cast else enum
    explicit export extern false float for friend goto if inline int labels linux long main model most_new most_tokens
    mutable name namespace new noexcept not not_eq nullptr operator or or_eq output pooling private protected public
    register reinterpret_cast requires return scores short signed sizeof static static_assert static_cast std struct summarize_prefix
    switch template this thread_local throw tokenizer tokenizer_type translate_prefix true try typedef typeid typename union unix unsigned using
    virtual void volatile wchar_t while why_no_chat xor xor_eq xsimd
    """.split()
)


def identifier(text):
    """A C++ name made of a file's name: all-MiniLM-L6-v2 becomes all_minilm_l6_v2."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "model"
    if name[0].isdigit():
        name = "model_" + name
    return name + "_model" if name in RESERVED else name


def literal(text):
    """A C++ string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda c: f"\\{ord(c.group()):03o}", escaped) + '"'


class Name(str):
    """Something of C++, not a text."""


def value(field, given):
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, float):
        return decoders.shortest(given) + "f"
    if field in ("act", "pool", "predict"):
        return "constformer::activation::" + given
    return literal(given) if isinstance(given, str) and not isinstance(given, Name) else str(given)


def braces(before, fields, after, indent="    "):
    """before{.field = value, ...}after, on one line or on several."""
    parts = [f".{field} = {value(field, given)}" for field, given in fields.items()]
    line = before + "{" + ", ".join(parts) + "}" + after
    if len(line) <= 120:
        return line
    lines, row = [], indent
    for i, part in enumerate(parts):
        part += ", " if i + 1 < len(parts) else "}" + after
        if len(row) + len(part.rstrip()) > 120:
            lines.append(row.rstrip())
            row = indent
        row += part
    return "\n".join([before + "{", *lines, row])


def names(labels):
    """The list of labels, several on a line."""
    lines, row = [], "   "
    for i, label in enumerate(labels):
        part = " " + literal(label) + ("," if i + 1 < len(labels) else "};")
        if len(row) + len(part) > 120:
            lines.append(row)
            row = "   "
        row += part
    return "\n".join([*lines, row])


def tokenizer(fields):
    """The lines of the tokenizer's config, and of the list of added tokens where there are some."""
    fields, lines = dict(fields), []
    if "added" in fields:
        lines.append("inline constexpr constformer::added_token added[] = {")
        lines += [braces("    ", token, ",", " " * 8) for token in fields.pop("added")] + ["};"]
        fields["added"] = Name("added")
        fields["pieces"] = fields.pop("pieces", 0)
        if not fields["pieces"]:
            del fields["pieces"]
    if "twice" in fields:
        fields["twice"] = fields.pop("twice")  # the last member
    return [*lines, braces("inline constexpr constformer::wordpiece_config tokenizer", fields, ";")]


def typed(model, name, precision):
    """The model's type; NAME stands for the config, or it is the first argument."""
    given = name if precision == "f32" else f"{name}, constformer::{precision}"
    if "NAME" in model:
        return "constformer::" + model.replace("<", "<constformer::", 1).replace("NAME", given)
    return f"constformer::{model}<{given}>"


def write(checkpoint, name, precision):
    """The header's text. Everything lies in the namespace checkpoints::name, where no function of C can be in the way."""
    c = checkpoint
    if c.commands == "causal":
        return write_decoder(c, name, precision)
    if c.commands == "seq2seq":
        import seq2seq  # (which writes by what is here)

        return seq2seq.write(c, name, precision)
    decoder = c.header in decoders.DEFAULTS  # one that labels texts
    fields = decoder_fields(c) if decoder else {field: given for field, given in c.config.items() if c.defaults.get(field) != given}
    if c.commands != "encoder":
        fields.pop("pooled", None)  # a head decides by itself
    if not decoder and c.header not in ("bert", "xlnet"):
        fields["family"] = Name(f"&constformer::{c.header}_family")
    # In the order of bert_config's members.
    last = ["labels", "tied", "family", "pool", "predict", "padding", "embedding", "projected", "groups", "buckets"]
    if not decoder:
        fields = dict(sorted(fields.items(), key=lambda field: last.index(field[0]) if field[0] in last else -1))
    bert = "models/bert.hpp" if c.commands == "encoder" else "models/bert_heads.hpp"
    includes = [bert if c.header == "bert" else "models/dispatch_xlnet.hpp" if c.header == "xlnet" else f"models/{c.header}.hpp"]
    includes += ["models/dispatch_causal.hpp"] if decoder else []
    includes += {"encoder": ["tasks/embed.hpp"], "sequence": ["tasks/classify.hpp"]}.get(c.commands, [])
    includes.append(f"text/{c.words}.hpp")
    folder = re.sub(r"[^A-Za-z0-9._+ -]", "?", c.folder.resolve().name)
    parts = [
        f"// {name}: {c.architecture}, {c.parameters:,} parameters.",
        f"// Written by tools/constformer from the checkpoint {folder}.",
        "#pragma once",
        "",
        *(f'#include "constformer/{path}"' for path in includes),
        "",
        "#include <string_view>",
        "",
        f"namespace checkpoints::{name} {{",
        "",
        f"inline constexpr std::string_view name = {literal(name)};",
        "",
        braces(f"inline constexpr constformer::{c.header if decoder or c.header == 'xlnet' else 'bert'}_config {name}", fields, ";"),
        f"using model = {typed(c.model, name, precision)};",
        f"static_assert(constformer::parameters<model>() == {c.parameters:,});".replace(",", "'"),
        "",
        f"using tokenizer_type = constformer::{c.words};",
        *(tokenizer(c.tokenizer) if c.words == "wordpiece" else c.tokenizer),
        f"inline constexpr int most_tokens = {c.most_tokens}; // of a text, special ones included",
    ]
    if c.commands == "encoder":
        parts.append(f"inline constexpr auto pooling = constformer::pooling::{c.pooling};")
    if c.commands == "masked_lm":
        output = "prediction_logits" if c.architecture == "BertForPreTraining" else "logits"
        parts.append(f'inline constexpr std::string_view output = "{output}"; // as Transformers names it')
    if c.commands == "sequence":
        parts.append(f"inline constexpr auto scores = constformer::scoring::{c.scores};")
    if c.labels:
        line = "inline constexpr std::string_view labels[] = {" + ", ".join(map(literal, c.labels)) + "};"
        if len(line) > 120:
            line = "inline constexpr std::string_view labels[] = {\n" + names(c.labels)
        parts.append(line)
    return "\n".join([*parts, "", f"}} // namespace checkpoints::{name}", ""])


def decoder_fields(c):
    """The fields of a decoder's config that differ from its defaults."""
    fields = {field: given for field, given in c.config.items() if decoders.DEFAULTS[c.header].get(field) != given}
    width, heads = fields["width"], fields["heads"]
    if c.header != "llama" and fields["feed_forward"] == 4 * width:
        del fields["feed_forward"]
    if fields.get("kv_heads") == heads:
        del fields["kv_heads"]
    if fields.get("head_width") == width // heads:
        del fields["head_width"]
    if "output_bias" in fields and fields["output_bias"] == fields.get("bias", False):
        del fields["output_bias"]
    if "rotary" in fields:
        turned, shape = fields["rotary"]
        shape = {"width": turned} | {n: v for n, v in shape.items() if (n, v) not in (("base", 10000.0), ("factor", 1.0))}
        fields["rotary"] = Name(braces("", shape, ""))
        if shape == {"width": c.config.get("head_width", width // heads // 4)}:
            del fields["rotary"]
    return {field: fields[field] for field in decoders.MEMBERS if field in fields}


def write_decoder(c, name, precision):
    """The header of a decoder."""
    folder = re.sub(r"[^A-Za-z0-9._+ -]", "?", c.folder.resolve().name)
    return "\n".join([
        f"// {name}: {c.architecture}, {c.parameters:,} parameters.",
        f"// Written by tools/constformer from the checkpoint {folder}.",
        "#pragma once",
        "",
        f'#include "constformer/models/{c.header}.hpp"',
        "#ifndef CONSTFORMER_FOR // the kernels need no more",
        '#include "constformer/tasks/chat.hpp"',
        f'#include "constformer/text/{c.words}.hpp"',
        "#endif",
        "",
        "#include <array>",
        "#include <string_view>",
        "",
        f"namespace checkpoints::{name} {{",
        "",
        f"inline constexpr std::string_view name = {literal(name)};",
        "",
        braces(f"inline constexpr constformer::{c.header}_config {name}", decoder_fields(c), ";"),
        f"using model = constformer::{c.model}<{name}" + ("" if precision == "f32" else f", constformer::{precision}") + ">;",
        f"static_assert(constformer::parameters<model>() == {c.parameters:,});".replace(",", "'"),
        "",
        "#ifndef CONSTFORMER_FOR",
        f"using tokenizer_type = constformer::{c.words};",
        *c.tokenizer,
        f"inline constexpr int most_tokens = {c.most_tokens}; // of a text",
        f"inline constexpr std::array<int, {len(c.ends)}> ends{{{', '.join(map(str, c.ends))}}}; // tokens that end a text",
        braces("inline constexpr constformer::chat_format chat", c.chat.fields, ";"),
        f"inline constexpr std::string_view why_no_chat = {literal(c.chat.why)};",
        "#endif",
        "",
        f"}} // namespace checkpoints::{name}",
        "",
    ])  # fmt: skip
