"""XLNet: how its config.json and tensors are spelled. To checkpoint.py it is one more family of encoders."""

import json

TYPES = {"encoder": "xlnet", "masked_lm": "xlnet_lm", "sequence": "xlnet_sequence_classifier",
         "token": "xlnet_token_classifier", "answer": "xlnet_question_answerer"}  # fmt: skip
# Options of config.json that must be as they are usually.
USUAL = {"attn_type": "bi", "bi_data": False, "clamp_len": -1, "same_length": False, "quantization_config": None,
         "summary_type": "last", "summary_use_proj": True, "summary_activation": "tanh", "tie_word_embeddings": True}  # fmt: skip


class Family:
    header = "xlnet"
    types = TYPES
    named = {"width": "d_model", "heads": "n_head"}
    # xlnet_config's defaults: what equals them is left out.
    defaults = {"vocabulary": 32000, "epsilon": 1e-12, "act": "gelu", "positions": 1 << 20, "pooled": False, "labels": 2, "tied": True, "mask": 6}

    def read(self, fields, activations):
        """xlnet_config's fields, from config.json's."""
        name = fields.all.get("ff_activation", "gelu")
        if name not in activations:
            fields.refuse(f"ff_activation {json.dumps(name)} is not supported yet; supported are {', '.join(activations)}")
        for option, needed in USUAL.items():
            value = fields.all.get(option, needed)
            if value is not None and value != needed:
                fields.refuse(f"{option} {json.dumps(value)} is not supported yet; {json.dumps(needed)} is")
        config = {
            "layers": fields.whole("n_layer", 24), "width": fields.whole("d_model", 1024), "heads": fields.whole("n_head", 16),
            "feed_forward": fields.whole("d_inner", 4096), "vocabulary": fields.whole("vocab_size", 32000),
            "epsilon": fields.real("layer_norm_eps", 1e-12), "act": activations[name], "positions": 1 << 20,
        }  # fmt: skip
        each = fields.whole("d_head", config["width"] // config["heads"])
        if each * config["heads"] != config["width"]:
            fields.refuse(f"d_head {each} times n_head {config['heads']} is not d_model {config['width']}")
        return config

    def has_pooler(self, tensors):
        return False

    def tensors(self, found, config, head, labels):
        """{name: shape} of what a model reads."""
        width, up, words, heads = (config[name] for name in ("width", "feed_forward", "vocabulary", "heads"))
        each = width // heads
        body = {"word_embedding.weight": (words, width), "mask_emb": (1, 1, width)}
        for i in range(config["layers"]):
            attention, feed = f"layer.{i}.rel_attn.", f"layer.{i}.ff."
            body |= {attention + name: (width, heads, each) for name in ("q", "k", "v", "r", "o")}
            body |= {attention + name: (heads, each) for name in ("r_w_bias", "r_r_bias", "r_s_bias")}
            body[attention + "seg_embed"] = (2, heads, each)
            for name in (attention + "layer_norm", feed + "layer_norm"):
                body[name + ".weight"] = body[name + ".bias"] = (width,)
            body |= {feed + "layer_1.weight": (up, width), feed + "layer_1.bias": (up,),
                     feed + "layer_2.weight": (width, up), feed + "layer_2.bias": (width,)}  # fmt: skip
        needed = {}
        if head == "masked_lm":
            needed["lm_loss.bias"] = (words,)
        elif head == "sequence":
            needed |= {"sequence_summary.summary.weight": (width, width), "sequence_summary.summary.bias": (width,),
                       "logits_proj.weight": (labels, width), "logits_proj.bias": (labels,)}  # fmt: skip
        elif head == "token":
            needed |= {"classifier.weight": (labels, width), "classifier.bias": (labels,)}
        elif head == "answer":
            needed |= {"qa_outputs.weight": (2, width), "qa_outputs.bias": (2,)}
        before = "transformer." if head != "encoder" or "transformer.word_embedding.weight" in found else ""
        return {before + name: shape for name, shape in body.items()} | needed
