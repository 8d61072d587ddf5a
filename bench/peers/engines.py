"""The engines that are compared. One has a `name`, a `precision`, and `prepare(batch)`: lists of ids in, a call out that
gives their embeddings, (batch, width), of length 1. Preparing is not timed where ids are what a row begins with.

`workers`: how many threads of the program call at once, each with its share of the engine's threads."""

import ctypes
import pathlib
import sys
import threading

import numpy

from judge import OURS
from models import project


class Constformer:
    """Our kernels, in a shared library."""
    name = OURS

    def __init__(self, library, model, precision, env, threads, most_tokens=512, first=False):
        self.precision, self.library, self.width = precision, library, model.width
        weights = self.pack(library, model, precision, env)
        self.handle = library.peers_open(model.name.encode(), precision.encode(), str(weights).encode(), threads, most_tokens,
                                         first)
        if not self.handle:
            project.stop(f"our session of {model.name} in {precision} did not open")

    @staticmethod
    def load(path):
        library = ctypes.CDLL(str(path))
        text, pointer, size = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t
        for name, result, arguments in (
                ("peers_has", ctypes.c_int, [text, text]), ("peers_pack", ctypes.c_int, [text] * 5),
                ("peers_open", pointer, [text, text, text, ctypes.c_int, ctypes.c_int, ctypes.c_int]),
                ("peers_close", None, [pointer]), ("peers_embed", ctypes.c_int, [pointer, pointer, ctypes.c_int, pointer]),
                ("peers_embed_texts", ctypes.c_int, [pointer, pointer, ctypes.c_int, pointer]),
                ("peers_attention_scratch", size, [ctypes.c_int]),
                ("peers_attention", None, [pointer] * 4 + [ctypes.c_int, pointer]),
                ("peers_limits", pointer, [ctypes.c_int, size]), ("peers_limits_close", None, [pointer]),
                ("peers_peak", ctypes.c_double, [pointer, text]), ("peers_read", None, [pointer, size]),
                ("peers_isa", text, []), ("peers_compiler", text, [])):
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        return library

    @staticmethod
    def has(library, model, precision):
        return bool(library.peers_has(model.name.encode(), precision.encode()))

    @staticmethod
    def pack(library, model, precision, env):
        """The packed weights, made anew: their format may have changed."""
        checkpoint, weights = model.checkpoint(env), model.folder / f"{precision}.weights"
        words = [str(word).encode() for word in (model.name, precision, checkpoint, checkpoint / "vocab.txt", weights)]
        if library.peers_pack(*words) != 0:
            project.stop(f"our weights of {model.name} in {precision} could not be packed")
        return weights

    def prepare(self, batch):
        narrow = [numpy.ascontiguousarray(ids, numpy.int32) for ids in batch]
        out = numpy.empty((len(batch), self.width), numpy.float32)

        def call():
            for row, ids in enumerate(narrow):
                if self.library.peers_embed(self.handle, ids.ctypes.data, ids.size, out[row].ctypes.data) != 0:
                    project.stop("our forward failed")
            return out
        return call

    def prepare_texts(self, texts):
        out = numpy.empty((len(texts), self.width), numpy.float32)
        bytes_of = (ctypes.c_char_p * len(texts))(*[text.encode() for text in texts])

        def call():
            if self.library.peers_embed_texts(self.handle, bytes_of, len(texts), out.ctypes.data) != 0:
                project.stop("our forward of texts failed")
            return out
        return call

    def close(self):
        self.library.peers_close(self.handle)


def padded(batch):
    """ids and mask, (batch, longest)."""
    ids = numpy.zeros((len(batch), max(map(len, batch))), numpy.int64)
    mask = numpy.zeros_like(ids)
    for row, one in enumerate(batch):
        ids[row, :len(one)], mask[row, :len(one)] = one, 1
    return ids, mask


class OnnxRuntime:
    def __init__(self, name, precision, path, threads, workers=1):
        import onnxruntime
        self.name, self.precision = name, precision
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads // workers
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def prepare(self, batch):
        ids, mask = padded(batch)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        return lambda: self.session.run(None, inputs)[0]


class OpenVino:
    def __init__(self, name, precision, path, threads, workers=1):
        import openvino
        self.name, self.precision = name, precision
        hint = "bf16" if precision == "bf16" else "f32"  # (of what int8 leaves)
        self.model = openvino.Core().compile_model(path, "CPU", {
            "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": workers, "INFERENCE_PRECISION_HINT": hint})
        if precision == "bf16" and self.model.get_property("INFERENCE_PRECISION_HINT").to_string() != "bf16":
            raise RuntimeError("it does not compute in bf16 on this processor")
        self.mine = threading.local()  # a request a thread of the program

    def prepare(self, batch):
        ids, mask = padded(batch)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        if not hasattr(self.mine, "request"):
            self.mine.request = self.model.create_infer_request()
        request = self.mine.request
        return lambda: request.infer(inputs, share_inputs=True, share_outputs=True)[0]


class CTranslate2:
    def __init__(self, name, precision, path, threads, workers=1):
        import ctranslate2
        self.name, self.precision = name, precision
        self.views = ctranslate2.StorageView
        kind = {"f32": "float32", "i8": "int8"}[precision]
        self.encoder = ctranslate2.Encoder(str(path), device="cpu", compute_type=kind, inter_threads=workers,
                                           intra_threads=threads // workers)

    def prepare(self, batch):
        ids, mask = padded(batch)
        ids, lengths = ids.astype(numpy.int32), mask.sum(1).astype(numpy.int32)
        keep = mask[..., None].astype(numpy.float32)
        even = mask.all()

        def call():
            out = self.encoder.forward_batch(self.views.from_array(ids), self.views.from_array(lengths))
            states = numpy.asarray(out.last_hidden_state)
            sums = states.sum(1) if even else (states * keep).sum(1)
            return sums / numpy.linalg.norm(sums, axis=1, keepdims=True)
        return call


class Torch:
    def __init__(self, name, precision, path, threads, workers=1):
        import torch
        from transformers import BertModel, logging
        logging.set_verbosity_error()
        torch.set_num_threads(threads // workers)
        self.name, self.precision, self.torch = name, precision, torch
        self.model = BertModel.from_pretrained(path, add_pooling_layer=False).eval()

    def prepare(self, batch):
        ids, mask = map(self.torch.from_numpy, padded(batch))
        mask = None if mask.all() else mask

        def call():
            with self.torch.inference_mode():
                states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
                sums = states.sum(1) if mask is None else (states * mask.unsqueeze(-1)).sum(1)
                return self.torch.nn.functional.normalize(sums, dim=-1).numpy()
        return call


def peers(model, env, precisions, torch):
    """(name, precision, class, file) of every peer. A name begins with its family's."""
    onnx, openvino, ctranslate2 = (model.folder / name for name in ("onnx", "openvino", "ctranslate2"))
    every = [("onnxruntime", "f32", OnnxRuntime, onnx / "plain.onnx"),
             ("onnxruntime fused", "f32", OnnxRuntime, onnx / "fused.onnx"),
             ("OpenVINO", "f32", OpenVino, openvino / "f32.xml"),
             ("CTranslate2", "f32", CTranslate2, ctranslate2 / "f32"),
             *([("PyTorch", "f32", Torch, model.checkpoint(env))] if torch else []),
             ("OpenVINO", "bf16", OpenVino, openvino / "f32.xml"),
             ("onnxruntime per tensor", "i8", OnnxRuntime, onnx / "plain-tensor.onnx"),
             ("onnxruntime fused per tensor", "i8", OnnxRuntime, onnx / "fused-tensor.onnx"),
             ("onnxruntime per channel", "i8", OnnxRuntime, onnx / "plain-channel.onnx"),
             ("onnxruntime fused per channel", "i8", OnnxRuntime, onnx / "fused-channel.onnx"),
             ("OpenVINO", "i8", OpenVino, openvino / "i8.xml"),
             ("CTranslate2", "i8", CTranslate2, ctranslate2 / "i8")]
    return [each for each in every if each[1] in precisions]


def open_peers(model, env, precisions, threads, torch=False):
    """Every peer that opens; one that does not is named in a line."""
    out = []
    for name, precision, kind, path in peers(model, env, precisions, torch):
        try:
            out.append(kind(name, precision, pathlib.Path(path), threads))
        except RuntimeError as why:
            print(f"bench: {name} {precision} is left out: {str(why).splitlines()[0]}", file=sys.stderr)
    return out


def versions():
    import importlib.metadata
    return {name: importlib.metadata.version(name) for name in ("onnxruntime", "openvino", "nncf", "ctranslate2", "torch",
                                                                "tokenizers")}
