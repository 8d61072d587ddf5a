"""A checkpoint as ONNX: ids and mask -> the mean of the last hidden states, of length 1. `plain` is PyTorch's graph, `fused`
has onnxruntime's operators (Attention, SkipLayerNormalization, BiasGelu); each also quantized dynamically to int8, with a
scale a tensor or a scale a channel.

  to_onnx.py MODEL CHECKPOINT FOLDER
"""

import pathlib
import sys

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from transformers import BertModel, logging

import models

NAMES = ["input_ids", "attention_mask", "token_type_ids"]


class Embedder(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager").eval()

    def forward(self, input_ids, attention_mask, token_type_ids):
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        keep = attention_mask.unsqueeze(-1).to(states.dtype)
        return torch.nn.functional.normalize((states * keep).sum(1), dim=-1)  # (the length takes the count away)


def main(name, checkpoint, folder):
    logging.set_verbosity_error()
    model, out = models.MODELS[name], pathlib.Path(folder) / "onnx"
    ids = torch.randint(1000, 20000, (2, 16))
    # The older exporter: its graphs are what the optimizer knows how to fuse.
    torch.onnx.export(Embedder(checkpoint), (ids, torch.ones_like(ids), torch.zeros_like(ids)), out / "plain.onnx",
                      input_names=NAMES, output_names=["embedding"],
                      dynamic_axes={name: {0: "batch", 1: "tokens"} for name in NAMES} | {"embedding": {0: "batch"}},
                      opset_version=17, dynamo=False)
    best = optimizer.optimize_model(str(out / "plain.onnx"), model_type="bert", num_heads=model.heads,
                                    hidden_size=model.width, opt_level=0)
    counts = best.get_fused_operator_statistics()
    if counts.get("Attention") != model.layers:
        sys.exit(f"export: {counts.get('Attention')} of {model.layers} attentions were fused")
    best.save_model_to_file(str(out / "fused.onnx"))
    for graph in ("plain", "fused"):
        for suffix, per_channel in (("tensor", False), ("channel", True)):
            quantize_dynamic(out / f"{graph}.onnx", out / f"{graph}-{suffix}.onnx", per_channel=per_channel,
                             weight_type=QuantType.QInt8, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


main(*sys.argv[1:])
