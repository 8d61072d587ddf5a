"""The encoders that models/bert.hpp is: how each family's config.json and tensors spell BERT's parts, and what it does
otherwise. models/NAME.hpp has the same names."""

import dataclasses
import json

import xlnet

# What fields of bert_config are called in config.json, and BERT's defaults of those that may be missing there.
NAMED = {
    "layers": "num_hidden_layers",
    "width": "hidden_size",
    "heads": "num_attention_heads",
    "feed_forward": "intermediate_size",
    "vocabulary": "vocab_size",
    "positions": "max_position_embeddings",
    "act": "hidden_act",
}
LAYER = {
    "layer": "encoder.layer.{}.",
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "output": "attention.output.dense",
    "self_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "ffn_norm": "output.LayerNorm",
}
# Options of config.json that must be as they are usually.
USUAL = {"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False, "quantization_config": None,
         "pruned_heads": {}}  # fmt: skip


TYPES = {  # what a head is in C++
    "encoder": "bert",
    "masked_lm": "bert_masked_lm",
    "sequence": "bert_sequence_classifier",
    "token": "bert_token_classifier",
    "answer": "bert_question_answerer",
}
# bert_config's defaults: what equals them is left out of a header.
DEFAULTS = {
    "vocabulary": 30522, "positions": 512, "segments": 2, "epsilon": 1e-12, "act": "gelu", "pooled": True, "labels": 2,
    "tied": True, "pool": "tanh", "padding": -1, "projected": None, "buckets": 0,
}  # fmt: skip


@dataclasses.dataclass
class Family:
    prefix: str  # of the body's tensors in a head's checkpoint
    masked_lm: tuple  # the head's dense layer, norm, decoder, and where its bias may be
    header: str = "bert"  # in models/
    named: dict = dataclasses.field(default_factory=lambda: NAMED)
    spelled: dict = dataclasses.field(default_factory=lambda: LAYER)
    pooler: str = "pooler.dense"  # of the body; "": there is none
    sequence: tuple = ("", "classifier")  # a pooler of the head's own, if there is one, and the classifier
    fixed: dict = dataclasses.field(default_factory=dict)  # fields of bert_config that all its checkpoints have
    act: str = "gelu"  # where config.json does not say
    padding: object = None  # may be what config.json calls the number that positions follow, or that number
    segments: bool = True
    usual: dict = dataclasses.field(default_factory=lambda: USUAL)
    types: dict = dataclasses.field(default_factory=lambda: TYPES)
    defaults: dict = dataclasses.field(default_factory=lambda: DEFAULTS)

    def read(self, fields, activations):
        """bert_config's fields, from config.json's."""
        name = self.named["act"]
        activation = fields.all.get(name, self.act)
        if activation not in activations:
            fields.refuse(f"{name} {json.dumps(activation)} is not supported yet; supported are {', '.join(activations)}")
        for name, needed in self.usual.items():
            value = fields.all.get(name, needed)
            if value is not None and value != needed:
                fields.refuse(f"{name} {json.dumps(value)} is not supported yet; {json.dumps(needed)} is")
        config = {ours: fields.whole(theirs) for ours, theirs in self.named.items() if ours != "act"}
        config["segments"] = fields.whole("type_vocab_size", 2) if self.segments else 0
        config["epsilon"] = fields.real("layer_norm_eps", 1e-12) if self.header != "distilbert" else 1e-12
        config["act"] = activations[activation]
        config.update(self.fixed)
        if config.get("predict") == config["act"]:
            del config["predict"]
        if self.padding is not None:
            padding = fields.all.get(self.padding, 1) if isinstance(self.padding, str) else self.padding
            if type(padding) is not int or not 0 <= padding < config["positions"] - 1:
                fields.refuse(f"{self.padding} is {json.dumps(padding)}, a number from 0 to {config['positions'] - 2} is needed")
            config["padding"] = padding
            config["positions"] -= padding + 1
        if self.header == "albert":
            config["embedding"] = fields.whole("embedding_size", 128)
            config["groups"] = fields.whole("num_hidden_groups", 1)
            if config["groups"] > config["layers"]:
                fields.refuse(f"num_hidden_groups {config['groups']} is more than num_hidden_layers {config['layers']}")
            if config["embedding"] == config["width"]:
                config["projected"] = True
        return config

    def has_pooler(self, tensors):
        return bool(self.pooler) and any(before + self.pooler + ".weight" in tensors for before in ("", self.prefix))

    def tensors(self, found, config, head, labels):
        """{name: shape} of what a model reads. found: the file's, which decide where a name may be one of two."""
        width, up, words = config["width"], config["feed_forward"], config["vocabulary"]
        narrow, s = config.get("embedding", config["width"]), self.spelled
        body, needed = {}, {}

        def linear(place, name, outputs, inputs):
            place |= {name + ".weight": (outputs, inputs), name + ".bias": (outputs,)}

        def norm(place, name, size):
            place |= {name + ".weight": (size,), name + ".bias": (size,)}

        body["embeddings.word_embeddings.weight"] = (words, narrow)
        body["embeddings.position_embeddings.weight"] = (config["positions"] + config.get("padding", -1) + 1, narrow)
        if config["segments"]:
            body["embeddings.token_type_embeddings.weight"] = (config["segments"], narrow)
        norm(body, "embeddings.LayerNorm", narrow)
        if self.header == "albert":
            linear(body, "encoder.embedding_hidden_mapping_in", width, narrow)
        if "buckets" in config:
            body["encoder.relative_attention_bias.weight"] = (config["buckets"], config["heads"])
        for i in range(config.get("groups", config["layers"])):
            layer = s["layer"].format(i)
            for name in ("query", "key", "value", "output"):
                linear(body, layer + s[name], width, width)
            linear(body, layer + s["up"], up, width)
            linear(body, layer + s["down"], width, up)
            norm(body, layer + s["self_norm"], width)
            norm(body, layer + s["ffn_norm"], width)
        own, classifier = self.sequence
        if config["pooled"] and not (head == "sequence" and own):
            linear(body, self.pooler, width, width)
        if head == "masked_lm":
            dense, its_norm, decoder, *biases = self.masked_lm
            linear(needed, dense, narrow, width)
            norm(needed, its_norm, narrow)
            needed[next((name for name in biases if name in found), biases[0])] = (words,)
            if not config["tied"]:
                needed[decoder + ".weight"] = (words, narrow)
        elif head == "sequence":
            if own:
                linear(needed, own, width, width)
            linear(needed, classifier, labels, width)
        elif head == "token":
            linear(needed, "classifier", labels, width)
        elif head == "answer":
            linear(needed, "qa_outputs", 2, width)
        before = self.prefix if head != "encoder" or self.prefix + "embeddings.word_embeddings.weight" in found else ""
        return {before + name: shape for name, shape in body.items()} | needed


LM_HEAD = ("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias", "lm_head.decoder.bias")
CLASSIFIER = ("classifier.dense", "classifier.out_proj")
ROBERTA = Family("roberta.", LM_HEAD, "roberta", sequence=CLASSIFIER, padding="pad_token_id", fixed={"predict": "gelu"})
FAMILIES = {
    "bert": Family("bert.", ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder",
                             "cls.predictions.bias", "cls.predictions.decoder.bias")),
    "roberta": ROBERTA,
    "xlm-roberta": ROBERTA,
    "distilbert": Family(
        "distilbert.", ("vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias"), "distilbert",
        named=NAMED | {"layers": "n_layers", "width": "dim", "heads": "n_heads", "feed_forward": "hidden_dim", "act": "activation"},
        spelled={"layer": "transformer.layer.{}.", "query": "attention.q_lin", "key": "attention.k_lin", "value": "attention.v_lin",
                 "output": "attention.out_lin", "self_norm": "sa_layer_norm", "up": "ffn.lin1", "down": "ffn.lin2",
                 "ffn_norm": "output_layer_norm"},
        pooler="", sequence=("pre_classifier", "classifier"), fixed={"pool": "relu"}, segments=False),
    "mpnet": Family(
        "mpnet.", LM_HEAD, "mpnet",
        spelled=LAYER | {"query": "attention.attn.q", "key": "attention.attn.k", "value": "attention.attn.v",
                         "output": "attention.attn.o", "self_norm": "attention.LayerNorm"},
        sequence=CLASSIFIER, fixed={"predict": "gelu", "buckets": 32}, padding=1, segments=False,
        usual=USUAL | {"relative_attention_num_buckets": 32}),  # MPNetModel counts 32 whatever is said
    "albert": Family(
        "albert.", ("predictions.dense", "predictions.LayerNorm", "predictions.decoder", "predictions.bias",
                    "predictions.decoder.bias"), "albert",
        spelled={"layer": "encoder.albert_layer_groups.{}.albert_layers.0.", "query": "attention.query", "key": "attention.key",
                 "value": "attention.value", "output": "attention.dense", "self_norm": "attention.LayerNorm", "up": "ffn",
                 "down": "ffn_output", "ffn_norm": "full_layer_layer_norm"},
        pooler="pooler", act="gelu_new", usual=USUAL | {"inner_group_num": 1}),
}  # fmt: skip
HEADS = {
    "Model": "encoder",
    "ForMaskedLM": "masked_lm",
    "ForSequenceClassification": "sequence",
    "ForTokenClassification": "token",
    "ForQuestionAnswering": "answer",
}
CLASSES = {"Bert": "bert", "Roberta": "roberta", "XLMRoberta": "xlm-roberta", "DistilBert": "distilbert", "MPNet": "mpnet",
           "Albert": "albert"}  # fmt: skip
# architecture: (model_type, head)
MODELS = {before + after: (kind, head) for before, kind in CLASSES.items() for after, head in HEADS.items()}
MODELS["BertForPreTraining"] = ("bert", "masked_lm")
FAMILIES["xlnet"] = xlnet.Family()
MODELS |= {"XLNetModel": ("xlnet", "encoder"), "XLNetLMHeadModel": ("xlnet", "masked_lm"),
           "XLNetForSequenceClassification": ("xlnet", "sequence"), "XLNetForTokenClassification": ("xlnet", "token"),
           "XLNetForQuestionAnsweringSimple": ("xlnet", "answer")}  # fmt: skip
