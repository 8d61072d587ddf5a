"""The same as first.cpp through a peer: first.py ENGINE MODEL TOKENIZER TEXT"""

import sys

import numpy
import tokenizers


def onnxruntime_(path, ids):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"input_ids": ids, "attention_mask": numpy.ones_like(ids),
                              "token_type_ids": numpy.zeros_like(ids)})[0][0]


def openvino_(path, ids):
    import openvino
    model = openvino.Core().compile_model(path, "CPU", {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1,
                                                        "INFERENCE_PRECISION_HINT": "f32"})
    return model({"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)})[0][0]


def ctranslate2_(path, ids):
    import ctranslate2
    encoder = ctranslate2.Encoder(path, device="cpu", intra_threads=1)
    sums = numpy.asarray(encoder.forward_batch(ids.tolist()).last_hidden_state)[0].sum(0)
    return sums / numpy.linalg.norm(sums)


engine, path, words, text = sys.argv[1:]
words = tokenizers.Tokenizer.from_file(words)
words.no_padding()
run = {"onnxruntime": onnxruntime_, "OpenVINO": openvino_, "CTranslate2": ctranslate2_}[engine]
print(f"{run(path, numpy.array([words.encode(text).ids]))[0]:.6f}")
