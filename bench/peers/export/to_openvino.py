"""The ONNX graph as OpenVINO's own files: f32, and int8 by NNCF (weights and activations, scales from a few passages).

  to_openvino.py MODEL CHECKPOINT FOLDER
"""

import pathlib
import sys

import nncf
import numpy
import openvino

import inputs


def main(_, checkpoint, folder):
    folder = pathlib.Path(folder)
    graph = openvino.Core().read_model(folder / "onnx/plain.onnx")
    openvino.save_model(graph, folder / "openvino/f32.xml", compress_to_fp16=False)

    def tensors(ids):
        ids = numpy.array([ids], numpy.int64)
        return {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
    texts = inputs.encode(inputs.tokenizer(pathlib.Path(checkpoint)), inputs.calibration())
    small = nncf.quantize(graph, nncf.Dataset(texts, tensors), model_type=nncf.ModelType.TRANSFORMER,
                          subset_size=len(texts))
    openvino.save_model(small, folder / "openvino/i8.xml", compress_to_fp16=False)


main(*sys.argv[1:])
