"""The encoder-decoders: how config.json, generation_config.json and the tensors of T5, Marian and BART are spelled, and the
header of such a checkpoint."""

import json
import re

import checkpoint as checkpoints
import header
from header import Name

# architecture: (model_type, family)
MODELS = {
    "T5ForConditionalGeneration": ("t5", "t5"),
    "MT5ForConditionalGeneration": ("mt5", "t5"),
    "MarianMTModel": ("marian", "marian"),
    "BartForConditionalGeneration": ("bart", "bart"),
}
# Options of generation_config.json that change what is written, and what they must be; the others are read below.
USUAL = {
    "do_sample": False, "num_beam_groups": 1, "penalty_alpha": None, "repetition_penalty": 1.0, "diversity_penalty": 0.0,
    "encoder_no_repeat_ngram_size": 0, "encoder_repetition_penalty": 1.0, "begin_suppress_tokens": None, "force_words_ids": None,
    "exponential_decay_length_penalty": None, "sequence_bias": None, "min_new_tokens": None, "constraints": None,
    "guidance_scale": None, "renormalize_logits": False, "forced_decoder_ids": None, "dola_layers": None,
    "prompt_lookup_num_tokens": None, "watermarking_config": None,
}  # fmt: skip
# The configs' defaults in C++: what equals them is left out.
DEFAULTS = {
    "t5": {"vocabulary": 32128, "buckets": 32, "farthest": 128, "gated": False, "tied": True, "epsilon": 1e-6},
    "transformer": {"positions": 512, "act": "relu", "epsilon": 1e-5, "scaled": True, "biased": True, "learned": -1,
                    "normalized": False},
    "writing": {"ends": [], "first": -1, "last": -1, "never": [], "least": 0, "most": 0, "repeats": 0, "beams": 1,
                "length_penalty": 1.0, "early": False},
}  # fmt: skip


def refuse_unusual(fields, usual):
    for name, needed in usual.items():
        value = fields.all.get(name, needed)
        if value is not None and value != needed:
            fields.refuse(f"{name} {json.dumps(value)} is not supported yet; {json.dumps(needed)} is")


def t5_config(fields, tensors):
    refuse_unusual(fields, {"is_encoder_decoder": True, "quantization_config": None})
    kind = fields.all.get("feed_forward_proj", "relu")
    if kind not in ("relu", "gated-gelu"):
        fields.refuse(f"feed_forward_proj {json.dumps(kind)} is not supported yet; relu and gated-gelu are")
    scaled = fields.flag("scale_decoder_outputs", fields.flag("tie_word_embeddings", True))
    config = {
        "layers": fields.whole("num_layers", 6), "width": fields.whole("d_model", 512), "heads": fields.whole("num_heads", 8),
        "head_width": fields.whole("d_kv", 64), "feed_forward": fields.whole("d_ff", 2048),
        "vocabulary": fields.whole("vocab_size", 32128), "buckets": fields.whole("relative_attention_num_buckets", 32),
        "farthest": fields.whole("relative_attention_max_distance", 128),
    }  # fmt: skip
    config["decoder_layers"] = fields.whole("num_decoder_layers", config["layers"])
    config["gated"] = kind == "gated-gelu"
    # T5 1.0's head is the table, whether or not the file has it twice; T5 1.1 has a head of its own, and no scale.
    config["tied"] = scaled or "lm_head.weight" not in tensors
    if config["tied"] != scaled:
        config["scaled_output"] = scaled
    config["epsilon"] = fields.real("layer_norm_epsilon", 1e-6)
    if config["buckets"] % 4 != 0 or config["farthest"] <= config["buckets"]:
        fields.refuse("relative_attention_num_buckets must be a multiple of 4, and below relative_attention_max_distance")
    return config


def t5_tensors(config, tensors):
    width, inner, up = config["width"], config["heads"] * config["head_width"], config["feed_forward"]
    shared = next((n for n in ("shared.weight", "encoder.embed_tokens.weight") if n in tensors), "shared.weight")
    needed = {shared: (config["vocabulary"], width)}
    if not config["tied"]:
        needed["lm_head.weight"] = (config["vocabulary"], width)
    for stack, layers, parts in (("encoder", config["layers"], ["SelfAttention"]),
                                 ("decoder", config["decoder_layers"], ["SelfAttention", "EncDecAttention"])):  # fmt: skip
        for i in range(layers):
            layer = f"{stack}.block.{i}.layer."
            for n, part in enumerate(parts):
                needed |= {f"{layer}{n}.{part}.{p}.weight": (inner, width) for p in "qkv"}
                needed[f"{layer}{n}.{part}.o.weight"] = (width, inner)
                needed[f"{layer}{n}.layer_norm.weight"] = (width,)
            n = len(parts)
            for name in ("wi_0", "wi_1") if config["gated"] else ("wi",):
                needed[f"{layer}{n}.DenseReluDense.{name}.weight"] = (up, width)
            needed[f"{layer}{n}.DenseReluDense.wo.weight"] = (width, up)
            needed[f"{layer}{n}.layer_norm.weight"] = (width,)
        needed[f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = (config["buckets"], config["heads"])
        needed[f"{stack}.final_layer_norm.weight"] = (width,)
    return needed


def transformer_config(fields, tensors, family):
    refuse_unusual(fields, {"is_encoder_decoder": True, "quantization_config": None, "share_encoder_decoder_embeddings": True,
                            "tie_word_embeddings": True, "normalize_before": False, "add_final_layer_norm": False,
                            "normalize_embedding": family == "bart", "static_position_embeddings": family == "marian"})  # fmt: skip
    name = fields.all.get("activation_function", "gelu")
    if name not in checkpoints.ACTIVATIONS:
        fields.refuse(f"activation_function {json.dumps(name)} is not supported yet; supported are {', '.join(checkpoints.ACTIVATIONS)}")
    config = {"layers": fields.whole("encoder_layers", 12), "width": fields.whole("d_model", 1024),
              "heads": fields.whole("encoder_attention_heads", 16), "feed_forward": fields.whole("encoder_ffn_dim", 4096),
              "vocabulary": fields.whole("vocab_size", 50265 if family == "bart" else 58101),
              "positions": fields.whole("max_position_embeddings", 1024)}  # fmt: skip
    if fields.whole("decoder_vocab_size", config["vocabulary"]) != config["vocabulary"]:
        fields.refuse("decoder_vocab_size is not vocab_size, which is not supported yet")
    for ours, theirs in (("layers", "decoder_layers"), ("heads", "decoder_attention_heads"), ("feed_forward", "decoder_ffn_dim")):
        config["decoder_" + ours] = fields.whole(theirs, config[ours])
    for heads in ("heads", "decoder_heads"):
        if config["width"] % config[heads] != 0:
            fields.refuse(f"d_model {config['width']} is not a multiple of {config[heads]} heads")
    config |= {"act": checkpoints.ACTIVATIONS[name], "scaled": fields.flag("scale_embedding", False),
               "biased": "final_logits_bias" in tensors}  # fmt: skip
    if family == "bart":
        config |= {"family": Name("&constformer::bart_family"), "learned": 2, "normalized": True}
    return config


def transformer_tensors(config, tensors):
    width, words = config["width"], config["vocabulary"]
    needed = {}

    def linear(name, outputs, inputs):
        needed[name + ".weight"], needed[name + ".bias"] = (outputs, inputs), (outputs,)

    def norm(name):
        needed[name + ".weight"] = needed[name + ".bias"] = (width,)

    names = ("model.shared.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight")
    needed[next((n for n in names if n in tensors), names[0])] = (words, width)
    if config["biased"]:
        needed["final_logits_bias"] = (1, words)
    for stack, before in (("encoder", ""), ("decoder", "decoder_")):
        if config.get("learned", -1) >= 0:
            needed[f"model.{stack}.embed_positions.weight"] = (config["positions"] + config["learned"], width)
        if config.get("normalized"):
            norm(f"model.{stack}.layernorm_embedding")
        for i in range(config[before + "layers"]):
            layer = f"model.{stack}.layers.{i}."
            for part in ("self_attn", "encoder_attn") if before else ("self_attn",):
                for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    linear(f"{layer}{part}.{name}", width, width)
                norm(f"{layer}{part}_layer_norm")
            linear(layer + "fc1", config[before + "feed_forward"], width)
            linear(layer + "fc2", width, config[before + "feed_forward"])
            norm(layer + "final_layer_norm")
    return needed


def token_number(fields, name, words, default=-1):
    """A token's number; `default` where nothing is said."""
    value = fields.all.get(name)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None:
        return default
    if type(value) is not int or not 0 <= value < words:
        fields.refuse(f"{name} is {json.dumps(value)}, a token of the vocabulary of {words} is needed")
    return value


def read_writing(folder, fields, config):
    """(constformer::writing's fields, the most new tokens)."""
    words = config["vocabulary"]
    path = folder / "generation_config.json"
    said = checkpoints.Fields(path) if path.exists() else fields
    refuse_unusual(said, USUAL)
    start = token_number(said, "decoder_start_token_id", words, token_number(fields, "decoder_start_token_id", words))
    if start < 0:
        fields.refuse("decoder_start_token_id is missing")

    def numbers(name, value):
        if not isinstance(value, list) or not all(type(i) is int and 0 <= i < words for i in value):
            said.refuse(f"{name} is {json.dumps(value)}, tokens of the vocabulary of {words} are needed")
        return value

    ends = said.all.get("eos_token_id", fields.all.get("eos_token_id"))
    ends = [] if ends is None else numbers("eos_token_id", ends if isinstance(ends, list) else [ends])
    never = numbers("suppress_tokens", said.all.get("suppress_tokens") or [])
    for bad in said.all.get("bad_words_ids") or []:
        if not isinstance(bad, list) or len(bad) != 1:
            said.refuse(f"bad_words_ids {json.dumps(bad)} is not supported yet; single tokens are")
        never = never + numbers("bad_words_ids", bad)
    early = said.all.get("early_stopping", False)
    if early not in (True, False, None):
        said.refuse(f"early_stopping {json.dumps(early)} is not supported yet; true and false are")

    def count(name, default):
        return said.whole(name, default) if said.all.get(name) else default

    penalty = said.all.get("length_penalty", 1.0)
    if isinstance(penalty, bool) or not isinstance(penalty, (int, float)) or not abs(penalty) < 100:
        said.refuse(f"length_penalty is {json.dumps(penalty)}, a number is needed")
    rules = {
        "start": start, "ends": ends, "first": token_number(said, "forced_bos_token_id", words),
        "last": token_number(said, "forced_eos_token_id", words), "never": never, "least": count("min_length", 0),
        "most": count("max_length", 0), "repeats": count("no_repeat_ngram_size", 0), "beams": count("num_beams", 1),
        "length_penalty": float(penalty), "early": bool(early),
    }  # fmt: skip
    new = count("max_new_tokens", max(1, rules["most"] - 1) if rules["most"] else 128)
    return rules, new


def read_prefix(fields):
    """{what is asked for: what T5 wants before a text}."""
    found = {}
    for name, about in (fields.all.get("task_specific_params") or {}).items():
        if isinstance(about, dict) and isinstance(about.get("prefix"), str):
            found[name] = about["prefix"]
    always = fields.all.get("prefix") or ""
    if not isinstance(always, str):
        fields.refuse("prefix is no text")
    return {"summarize": found.get("summarization", always), "translate": always}


def read(folder, fields, architecture):
    kind, family = MODELS[architecture]
    path, tensors = checkpoints.find_tensors(folder)
    if family == "t5":
        config = t5_config(fields, tensors)
        needed = t5_tensors(config, tensors)
    else:
        config = transformer_config(fields, tensors, family)
        needed = transformer_tensors(config, tensors)
    if needed.get("final_logits_bias") and tensors.get("final_logits_bias") == (config["vocabulary"],):
        needed["final_logits_bias"] = (config["vocabulary"],)
    parameters = checkpoints.check_shapes(path, tensors, needed)
    rules, new = read_writing(folder, fields, config)
    words, tokenizer, vocabulary, limit = checkpoints.read_tokenizer(folder, config["vocabulary"], False)
    most = min(limit, config.get("positions", 512 if limit > 1 << 20 else limit))
    new = min(new, config.get("positions", new + 1) - 1)
    found = checkpoints.Checkpoint(folder, architecture, {"marian": "transformer"}.get(family, family), "t5" if family == "t5" else "transformer",
                                   "seq2seq", config, [], "", "", words, tokenizer, vocabulary, most, parameters)  # fmt: skip
    found.rules, found.most_new, found.prefix = rules, new, read_prefix(fields)
    return found


def write(checkpoint, name, precision):
    """The header's text."""
    c = checkpoint
    default = dict(DEFAULTS[c.model])
    for part in ("layers", "heads", "feed_forward"):
        default["decoder_" + part] = c.config[part]
    if c.model == "t5":
        default["head_width"] = c.config["width"] // c.config["heads"]
    fields = {field: given for field, given in c.config.items() if default.get(field) != given}
    order = {
        "t5": "layers width heads head_width feed_forward vocabulary buckets farthest decoder_layers gated tied scaled_output epsilon",
        "transformer": "layers width heads feed_forward vocabulary positions decoder_layers decoder_heads decoder_feed_forward act "
                       "epsilon scaled biased family learned normalized",
    }[c.model].split()  # fmt: skip
    fields = {field: fields[field] for field in order if field in fields}
    lists, rules = [], {k: v for k, v in c.rules.items() if DEFAULTS["writing"].get(k) != v}
    for field in ("ends", "never"):
        if field in rules:
            lists.append(f"inline constexpr int {field}[] = {{{', '.join(map(str, rules[field]))}}};")
            rules[field] = Name(field)
    folder = re.sub(r"[^A-Za-z0-9._+ -]", "?", c.folder.resolve().name)
    includes = ["generate/allow.hpp", f"models/{c.header}.hpp", "models/dispatch_seq2seq.hpp", f"text/{c.words}.hpp"]
    return "\n".join([
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
        f"inline constexpr std::string_view name = {header.literal(name)};",
        "",
        header.braces(f"inline constexpr constformer::{c.model}_config {name}", fields, ";"),
        f"using model = constformer::{c.model}<{name}" + ("" if precision == "f32" else f", constformer::{precision}") + ">;",
        f"static_assert(constformer::parameters<model>() == {c.parameters:,});".replace(",", "'"),
        "",
        f"using tokenizer_type = constformer::{c.words};",
        *(header.tokenizer(c.tokenizer) if c.words == "wordpiece" else c.tokenizer),
        f"inline constexpr int most_tokens = {c.most_tokens}; // of a text, special ones included",
        f"inline constexpr int most_new = {c.most_new}; // of what is written",
        "",
        *lists,
        header.braces("inline constexpr constformer::writing rules", rules, ";"),
        *(f"inline constexpr std::string_view {task}_prefix = {header.literal(text)};" for task, text in sorted(c.prefix.items())),
        "",
        f"}} // namespace checkpoints::{name}",
        "",
    ])  # fmt: skip
