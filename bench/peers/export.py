"""Writes all-MiniLM-L6-v2 as ONNX: ids -> mean of the last hidden states, of length 1; and the same with onnxruntime's
fused operators (Attention, SkipLayerNormalization, BiasGelu).

  export.py CHECKPOINT-FOLDER PLAIN.onnx FUSED.onnx
"""

import sys
import warnings

import torch
from onnxruntime.transformers import optimizer
from transformers import BertModel, logging

NAMES = ["input_ids", "attention_mask", "token_type_ids"]


class Embedder(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager").eval()

    def forward(self, input_ids, attention_mask, token_type_ids):
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        return torch.nn.functional.normalize(states.mean(1), dim=-1)


def main(folder, plain, fused):
    warnings.filterwarnings("ignore")
    logging.set_verbosity_error()
    model = Embedder(folder)
    ids = torch.randint(1000, 20000, (1, 16))
    # The older exporter: its graphs are what the optimizer knows how to fuse.
    torch.onnx.export(model, (ids, torch.ones_like(ids), torch.zeros_like(ids)), plain, input_names=NAMES,
                      output_names=["embedding"], dynamic_axes={name: {1: "tokens"} for name in NAMES}, opset_version=17,
                      dynamo=False)
    best = optimizer.optimize_model(plain, model_type="bert", num_heads=12, hidden_size=384, opt_level=0)
    counts = best.get_fused_operator_statistics()
    if counts.get("Attention") != 6:
        sys.exit(f"export: {counts.get('Attention')} of 6 attentions were fused")
    best.save_model_to_file(fused)


main(*sys.argv[1:])
