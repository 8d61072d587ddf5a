"""The decoders that models/gpt.hpp, gpt_neox.hpp and llama.hpp are: how config.json and GGUF's metadata spell their parts, what
ends their texts, and their chat templates as data."""

import dataclasses
import json
import re
import struct

GPT, NEOX, LLAMA = "gpt", "gpt_neox", "llama"  # headers in models/, and the types
KINDS = {  # architecture: (model_type, type)
    "GPT2LMHeadModel": ("gpt2", GPT),
    "OpenAIGPTLMHeadModel": ("openai-gpt", GPT),
    "GPTNeoXForCausalLM": ("gpt_neox", NEOX),
    "LlamaForCausalLM": ("llama", LLAMA),
    "MistralForCausalLM": ("mistral", LLAMA),
    "Qwen2ForCausalLM": ("qwen2", LLAMA),
}
LABELS = {  # what labels texts: the language model that it stands on
    before + "ForSequenceClassification": before + after
    for before, after in (("GPT2", "LMHeadModel"), ("OpenAIGPT", "LMHeadModel"), ("GPTNeoX", "ForCausalLM"), ("Llama", "ForCausalLM"),
                          ("Mistral", "ForCausalLM"), ("Qwen2", "ForCausalLM"))
}  # fmt: skip
GGUF = {"gpt2": "GPT2LMHeadModel", "gptneox": "GPTNeoXForCausalLM", "llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}
# The defaults of the C++ configs: what equals them is left out.
DEFAULTS = {
    GPT: {"vocabulary": 50257, "positions": 1024, "epsilon": 1e-5, "act": "gelu_tanh", "post_norm": False},
    NEOX: {"vocabulary": 50432, "positions": 2048, "epsilon": 1e-5, "act": "gelu", "parallel": True, "bias": True, "tied": False},
    LLAMA: {"vocabulary": 32000, "positions": 2048, "epsilon": 1e-6, "act": "silu", "tied": False, "bias": False,
            "feed_bias": False, "window": 0, "full_layers": 0, "interleaved": True},
}  # fmt: skip
# In the order in which the C++ configs have them.
MEMBERS = ["layers", "width", "heads", "kv_heads", "head_width", "feed_forward", "vocabulary", "positions", "epsilon", "act", "post_norm",
           "rotary", "parallel", "tied", "bias", "output_bias", "feed_bias", "window", "full_layers", "interleaved"]  # fmt: skip


@dataclasses.dataclass
class Chat:
    """The fields of chat_format that differ from ChatML; or why there is none."""

    fields: dict
    why: str = ""


def shortest(given):
    """The fewest digits that are the same float."""
    single = struct.pack("<f", given)
    text = next(t for t in (f"{given:.{n}g}" for n in range(1, 18)) if struct.pack("<f", float(t)) == single or float(t) == given)
    return repr(float(text))


def rope(fields, head):
    """(width that is turned, the other fields of rotary_shape), of config.json old or new."""
    said = fields.all.get("rope_parameters") or fields.all.get("rope_scaling") or {}
    if not isinstance(said, dict):
        fields.refuse(f"rope_parameters is {json.dumps(said)}, an object is needed")

    def real(name, default):
        value = said.get(name, default)
        if value is None or isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e30:
            fields.refuse(f"{name} of the rotary positions is {json.dumps(value)}, a number above 0 is needed")
        return float(value)

    part = said.get("partial_rotary_factor", fields.all.get("partial_rotary_factor", fields.all.get("rotary_pct")))
    if part is None:
        part = 0.25 if fields.all.get("model_type") == "gpt_neox" else 1.0
    if isinstance(part, bool) or not isinstance(part, (int, float)) or not 0 < part <= 1 or int(head * part) % 2 or int(head * part) < 2:
        fields.refuse(f"partial_rotary_factor is {json.dumps(part)}: an even part of a head's {head} is needed")
    width = int(head * part)
    base = fields.all.get("rotary_emb_base", 10000) if "rotary_emb_base" in fields.all else fields.all.get("rope_theta", 10000)
    shape = {"base": real("rope_theta", base)}
    kind = said.get("rope_type", said.get("type", "default"))
    if kind == "linear":
        shape["factor"] = real("factor", None)
    elif kind == "llama3":
        shape |= {"factor": real("factor", None), "low": real("low_freq_factor", None), "high": real("high_freq_factor", None),
                  "original": int(real("original_max_position_embeddings", fields.all.get("max_position_embeddings")))}  # fmt: skip
        if shape["high"] <= shape["low"]:
            fields.refuse(f"high_freq_factor {shape['high']} is not above low_freq_factor {shape['low']}")
    elif kind != "default":
        fields.refuse(f"rope_type {json.dumps(kind)} is not supported yet; default, linear and llama3 are")
    return width, shape


def same(fields, needed):
    """Refuses options that are not as they are usually."""
    for name, value in needed.items():
        found = fields.all.get(name, value)
        if found is not None and found != value:
            fields.refuse(f"{name} {json.dumps(found)} is not supported yet; {json.dumps(value)} is")


def act(fields, name, default, known):
    found = fields.all.get(name, default)
    if found not in known:
        fields.refuse(f"{name} {json.dumps(found)} is not supported yet; supported are {', '.join(known)}")
    return known[found]


def read(fields, kind, activations):
    """The fields of the C++ config, from config.json's."""
    model = fields.all.get("model_type")
    same(fields, {"quantization_config": None, "is_encoder_decoder": False, "add_cross_attention": False, "pruned_heads": {}})
    if kind == GPT:
        same(fields, {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False, "reorder_and_upcast_attn": False,
                      "tie_word_embeddings": True})  # fmt: skip
        first = model == "openai-gpt"
        c = {"layers": fields.whole("n_layer", 12), "width": fields.whole("n_embd", 768), "heads": fields.whole("n_head", 12)}
        c["feed_forward"] = 4 * c["width"] if first or fields.all.get("n_inner") is None else fields.whole("n_inner")
        c |= {"vocabulary": fields.whole("vocab_size", 40478 if first else 50257),
              "positions": fields.whole("n_positions", 512 if first else 1024),
              "epsilon": fields.real("layer_norm_epsilon", 1e-5)}  # fmt: skip
        # GPT's own "gelu" is the one by tanh
        known = {"gelu": "gelu_tanh", "gelu_new": "gelu_tanh", "relu": "relu", "silu": "silu", "swish": "silu"}
        c["act"] = act(fields, "afn", "gelu", known) if first else act(fields, "activation_function", "gelu_new", activations)
        if first:
            c["post_norm"] = True
        divides(fields, c, "n_embd", "n_head")
        return c
    c = {"layers": fields.whole("num_hidden_layers"), "width": fields.whole("hidden_size"),
         "heads": fields.whole("num_attention_heads"), "feed_forward": fields.whole("intermediate_size"),
         "vocabulary": fields.whole("vocab_size"), "positions": fields.whole("max_position_embeddings", 2048)}  # fmt: skip
    if kind == NEOX:
        divides(fields, c, "hidden_size", "num_attention_heads")
        c["epsilon"] = fields.real("layer_norm_eps", 1e-5)
        c["act"] = act(fields, "hidden_act", "gelu", activations)
        c["rotary"] = rope(fields, c["width"] // c["heads"])
        c["parallel"] = fields.flag("use_parallel_residual", True)
        c["bias"] = fields.flag("attention_bias", True)
        c["tied"] = fields.flag("tie_word_embeddings", False)
        return c
    c["kv_heads"] = c["heads"] if fields.all.get("num_key_value_heads") is None else fields.whole("num_key_value_heads")
    if c["heads"] % c["kv_heads"]:
        fields.refuse(f"num_attention_heads {c['heads']} is not a multiple of num_key_value_heads {c['kv_heads']}")
    if fields.all.get("head_dim") is None:
        divides(fields, c, "hidden_size", "num_attention_heads")
        c["head_width"] = c["width"] // c["heads"]
    else:
        c["head_width"] = fields.whole("head_dim")
    c["epsilon"] = fields.real("rms_norm_eps", 1e-6)
    c["act"] = act(fields, "hidden_act", "silu", activations)
    c["rotary"] = rope(fields, c["head_width"])
    c["tied"] = fields.flag("tie_word_embeddings", False)
    if model == "qwen2":
        c |= {"bias": True, "output_bias": False, "interleaved": False}
        if fields.flag("use_sliding_window", False):
            c |= {"window": fields.whole("sliding_window", 4096), "full_layers": fields.all.get("max_window_layers", 28)}
            if type(c["full_layers"]) is not int or c["full_layers"] < 0:
                fields.refuse(f"max_window_layers is {json.dumps(c['full_layers'])}, a whole number is needed")
        kinds = ["sliding_attention" if c.get("window") and i >= c["full_layers"] else "full_attention" for i in range(c["layers"])]
        same(fields, {"layer_types": kinds})
    else:
        same(fields, {"pretraining_tp": 1, "rope_interleaved": False} if model == "llama" else {"layer_types": None})
        if model == "llama":
            bias = fields.flag("attention_bias", False)
            c |= {"bias": bias, "output_bias": bias, "feed_bias": fields.flag("mlp_bias", False)}
        elif fields.all.get("sliding_window", 4096) is not None:
            c["window"] = fields.whole("sliding_window", 4096)
    if c.get("window", 0) >= c["positions"]:
        c["window"] = 0  # never reached
    return c


def divides(fields, c, width, heads):
    if c["width"] % c["heads"]:
        fields.refuse(f"{width} {c['width']} is not a multiple of {heads} {c['heads']}")


def tensors(kind, c, found):
    """{name: shape} of what a model reads from a Hugging Face checkpoint. found: the file's, where a prefix may be missing."""
    width, up, words = c["width"], c["feed_forward"], c["vocabulary"]
    needed = {}

    def linear(name, outputs, inputs, bias, turned=False):
        needed[name + ".weight"] = (inputs, outputs) if turned else (outputs, inputs)
        if bias:
            needed[name + ".bias"] = (outputs,)

    def norm(name, bias=True):
        needed[name + ".weight"] = (width,)
        if bias:
            needed[name + ".bias"] = (width,)

    if kind == GPT:
        first = c.get("post_norm", False)
        table, places = ("tokens_embed", "positions_embed") if first else ("wte", "wpe")
        needed |= {table + ".weight": (words, width), places + ".weight": (c["positions"], width)}
        for i in range(c["layers"]):
            linear(f"h.{i}.attn.c_attn", 3 * width, width, True, True)
            linear(f"h.{i}.attn.c_proj", width, width, True, True)
            linear(f"h.{i}.mlp.c_fc", up, width, True, True)
            linear(f"h.{i}.mlp.c_proj", width, up, True, True)
            norm(f"h.{i}.ln_1"), norm(f"h.{i}.ln_2")
        if not first:
            norm("ln_f")
        before = "transformer." if f"transformer.{table}.weight" in found else ""
        return {before + name: shape for name, shape in needed.items()}
    if kind == NEOX:
        needed["gpt_neox.embed_in.weight"] = (words, width)
        for i in range(c["layers"]):
            layer = f"gpt_neox.layers.{i}."
            linear(layer + "attention.query_key_value", 3 * width, width, c["bias"])
            linear(layer + "attention.dense", width, width, c["bias"])
            linear(layer + "mlp.dense_h_to_4h", up, width, True)
            linear(layer + "mlp.dense_4h_to_h", width, up, True)
            norm(layer + "input_layernorm"), norm(layer + "post_attention_layernorm")
        norm("gpt_neox.final_layer_norm")
        if not c["tied"]:
            needed["embed_out.weight"] = (words, width)
        return needed
    inner, narrow = c["heads"] * c["head_width"], c["kv_heads"] * c["head_width"]
    needed["model.embed_tokens.weight"] = (words, width)
    for i in range(c["layers"]):
        layer, bias, feed = f"model.layers.{i}.", c.get("bias", False), c.get("feed_bias", False)
        linear(layer + "self_attn.q_proj", inner, width, bias)
        linear(layer + "self_attn.k_proj", narrow, width, bias)
        linear(layer + "self_attn.v_proj", narrow, width, bias)
        linear(layer + "self_attn.o_proj", width, inner, c.get("output_bias", False))
        linear(layer + "mlp.gate_proj", up, width, feed), linear(layer + "mlp.up_proj", up, width, feed)
        linear(layer + "mlp.down_proj", width, up, feed)
        norm(layer + "input_layernorm", False), norm(layer + "post_attention_layernorm", False)
    norm("model.norm", False)
    if not c["tied"]:
        needed["lm_head.weight"] = (words, width)
    return needed


# --- GGUF -----------------------------------------------------------------------------------------------------------------

class Metadata:
    """What a GGUF file says, checked as it is taken; fields are refused as those of config.json are."""

    def __init__(self, path, said, refuse):
        self.path, self.said, self.refuse = path, said, refuse
        self.kind = said.get("general.architecture")

    def whole(self, name, default=None):
        value = self.said.get(f"{self.kind}.{name}", default)
        if type(value) is not int or not 0 < value < 2**31:
            self.refuse(f"{self.kind}.{name} is {json.dumps(value)}, a positive whole number is needed")
        return value

    def real(self, name, default=None):
        value = self.said.get(f"{self.kind}.{name}", default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e30:
            self.refuse(f"{self.kind}.{name} is {json.dumps(value)}, a number above 0 is needed")
        return float(shortest(value))  # the file holds a float


def read_gguf(m, shapes):
    """(architecture, type, the fields of the C++ config) of a file's metadata and tensors."""
    if m.kind not in GGUF:
        m.refuse(f"general.architecture {json.dumps(m.kind)} is not supported yet; supported are {', '.join(GGUF)}")
    architecture = GGUF[m.kind]
    kind = KINDS[architecture][1]
    count = m.said.get("tokenizer.ggml.tokens")
    table = shapes.get("token_embd.weight", ())
    if not isinstance(count, list) or len(table) != 2:
        m.refuse("token_embd.weight or tokenizer.ggml.tokens is missing")
    c = {"layers": m.whole("block_count"), "width": m.whole("embedding_length"), "heads": m.whole("attention.head_count"),
         "feed_forward": m.whole("feed_forward_length"), "vocabulary": table[0], "positions": m.whole("context_length")}  # fmt: skip
    scaling = m.said.get(m.kind + ".rope.scaling.type", "none")
    if scaling not in ("none", "linear"):
        m.refuse(f"{m.kind}.rope.scaling.type {json.dumps(scaling)} is not supported yet; none and linear are")
    if any(name.startswith("rope_") for name in shapes):
        m.refuse("the frequencies of rope_freqs.weight are not supported yet: compile the Hugging Face folder instead")
    if any(".ffn_gate_inp." in name for name in shapes):
        m.refuse("a mixture of experts is not supported yet")
    if "output.weight" in shapes and kind == GPT:
        pass  # a copy of the embedding
    elif kind != GPT:
        c["tied"] = "output.weight" not in shapes
    if kind == GPT:
        c["epsilon"], c["act"] = m.real("attention.layer_norm_epsilon", 1e-5), "gelu_tanh"
        return architecture, kind, c
    if c["width"] % c["heads"] and f"{m.kind}.attention.key_length" not in m.said:
        m.refuse(f"{m.kind}.embedding_length {c['width']} is not a multiple of the {c['heads']} heads")
    head = m.whole("attention.key_length", c["width"] // c["heads"])
    if m.whole("attention.value_length", head) != head:
        m.refuse(f"{m.kind}.attention.value_length differs from key_length, which is not supported yet")
    shape = {"base": m.real("rope.freq_base", 10000.0)}
    if scaling == "linear":
        shape["factor"] = m.real("rope.scaling.factor")
    c["rotary"] = (m.whole("rope.dimension_count", head), shape)
    if c["rotary"][0] > head or c["rotary"][0] % 2:
        m.refuse(f"{m.kind}.rope.dimension_count {c['rotary'][0]} is no even part of a head's {head}")
    if kind == NEOX:
        parallel = m.said.get("gptneox.use_parallel_residual", True)
        c |= {"epsilon": m.real("attention.layer_norm_epsilon", 1e-5), "act": "gelu", "parallel": bool(parallel),
              "bias": "blk.0.attn_qkv.bias" in shapes}  # fmt: skip
        return architecture, kind, c
    c |= {"kv_heads": m.whole("attention.head_count_kv", c["heads"]), "head_width": head,
          "epsilon": m.real("attention.layer_norm_rms_epsilon", 1e-6), "act": "silu",
          "bias": "blk.0.attn_q.bias" in shapes, "output_bias": "blk.0.attn_output.bias" in shapes,
          "interleaved": m.kind == "llama"}  # fmt: skip
    if c["heads"] % c["kv_heads"]:
        m.refuse(f"{m.kind}.attention.head_count {c['heads']} is not a multiple of head_count_kv {c['kv_heads']}")
    if c["interleaved"] and c["rotary"][0] != head:
        m.refuse(f"{m.kind}.rope.dimension_count {c['rotary'][0]} of a head's {head} is not supported yet, all of it is")
    window = m.said.get(m.kind + ".attention.sliding_window", 0)
    if type(window) is int and 0 < window < c["positions"]:
        c["window"] = window
    return architecture, kind, c


def tensors_gguf(kind, c):
    """{name: shape} of what a model reads from a GGUF file."""
    width, up, words, needed = c["width"], c["feed_forward"], c["vocabulary"], {}
    layernorm, head = kind != LLAMA, c.get("head_width", width // c["heads"])

    def put(name, shape, bias):
        needed[name + ".weight"] = shape
        if bias:
            needed[name + ".bias"] = shape[:1]

    put("token_embd", (words, width), False)
    if kind == GPT:
        put("position_embd", (c["positions"], width), False)
    for i in range(c["layers"]):
        layer, bias = f"blk.{i}.", kind == GPT or c.get("bias", False)
        if kind == LLAMA:
            put(layer + "attn_q", (c["heads"] * head, width), bias)
            put(layer + "attn_k", (c["kv_heads"] * head, width), bias)
            put(layer + "attn_v", (c["kv_heads"] * head, width), bias)
            put(layer + "ffn_gate", (up, width), False)
        else:
            put(layer + "attn_qkv", (3 * width, width), bias)
        put(layer + "attn_output", (width, c["heads"] * head), c.get("output_bias", bias))
        put(layer + "ffn_up", (up, width), layernorm), put(layer + "ffn_down", (width, up), layernorm)
        put(layer + "attn_norm", (width,), layernorm), put(layer + "ffn_norm", (width,), layernorm)
    put("output_norm", (width,), layernorm)
    if not c.get("tied", True):
        put("output", (words, width), False)
    return needed


# --- what ends a text, and chats ------------------------------------------------------------------------------------------

def numbers_of(tokenizer):
    """{token: number} of a tokenizer.json."""
    vocab = tokenizer.get("model", {}).get("vocab", {})
    numbers = dict(vocab) if isinstance(vocab, dict) else {text: i for i, (text, _) in enumerate(vocab)}
    return numbers | {token["content"]: token["id"] for token in tokenizer.get("added_tokens", [])}


def ends(said, numbers, vocabulary, chat):
    """The numbers of the tokens that end a text. said: numbers, lists of them or texts, of which the first that says something
    counts; a chat's own end is one, too."""
    found = []
    for one in said:
        one = [one] if isinstance(one, (int, str)) else one if isinstance(one, list) else []
        found = [numbers.get(i) if isinstance(i, str) else i for i in one]
        if found:
            break
    mark = chat.fields.get("behind_message", "<|im_end|>\n").strip()
    if not chat.why and mark in numbers:
        found.append(numbers[mark])
    return sorted({i for i in found if type(i) is int and 0 <= i < vocabulary})


def chat(template, numbers, special):
    """A chat template as data, where it is one that is known. special: texts of bos_token and eos_token."""
    if isinstance(template, list):  # several, with names
        named = {one.get("name"): one.get("template") for one in template if isinstance(one, dict)}
        template = named.get("default", next(iter(named.values()), None))
    if not isinstance(template, str) or not template:
        return Chat({}, "this checkpoint has no chat template")
    text = template.replace("\\n", "\n")
    fields, trims = {}, bool(re.search(r"\|\s*trim|\.strip\(\)", text))
    if "<|im_start|>" in text:
        needed, default = ["<|im_start|>", "<|im_end|>"], r"<\|im_start\|>system\n([^{}'\"<]+)<\|im_end\|>"
    elif "<|start_header_id|>" in text:
        needed, default = ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"], None
        fields = {"before_role": "<|start_header_id|>", "behind_role": "<|end_header_id|>\n\n", "behind_message": "<|eot_id|>"}
        if "strftime" in text or "Today Date" in text:
            return Chat({}, "its chat template writes the date of today, which is not supported yet")
    elif "<|user|>" in text and "<|assistant|>" in text:
        needed, default = [], None
        end = special.get("eos_token") or ""
        if not end:
            return Chat({}, "its chat template needs an eos_token, and there is none")
        fields = {"before_role": "<|", "behind_role": "|>\n", "behind_message": end + "\n"}
    else:
        return Chat({}, "its chat template is none that is known; ChatML, Llama 3's and Zephyr's are")
    missing = [token for token in needed if token not in numbers]
    if missing:
        return Chat({}, f"its chat template needs the token {missing[0]}, which its vocabulary lacks")
    if "bos_token" in text and special.get("bos_token"):
        fields["begin"] = special["bos_token"]
    found = re.search(default, text) if default else None
    if found:
        fields["system"] = found[1]
    if trims:
        fields["trims"] = True
    order = ["begin", "before_role", "behind_role", "behind_message", "system", "trims"]
    return Chat({name: fields[name] for name in order if name in fields})
