"""The same as first.cpp through onnxruntime: first.py MODEL.onnx TOKENIZER.json TEXT"""

import sys

import numpy
import onnxruntime
import tokenizers

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
words = tokenizers.Tokenizer.from_file(sys.argv[2])
words.no_padding()
ids = numpy.array([words.encode(sys.argv[3]).ids])
inputs = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
print(f"{session.run(None, inputs)[0][0, 0]:.6f}")
