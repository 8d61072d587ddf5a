"""A GGUF file with its matrices in other blocks, the table of words in Q8_0: python convert.py FROM TO Q8_0|Q4_0"""

import sys

import gguf
import numpy
from gguf import quants


def main(source, to, wanted):
    reader = gguf.GGUFReader(source)
    kind = gguf.GGMLQuantizationType[wanted]
    architecture = str(reader.fields["general.architecture"].contents())
    out = gguf.GGUFWriter(to, architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        held = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        value = field.contents()
        if name == "general.file_type":
            value = int(gguf.LlamaFileType[f"MOSTLY_{wanted}"])
        out.add_key_value(name, value, field.types[0], held)
    for tensor in reader.tensors:
        values = quants.dequantize(tensor.data, tensor.tensor_type)
        if len(tensor.shape) == 1:
            out.add_tensor(tensor.name, numpy.ascontiguousarray(values, numpy.float32))
            continue
        blocks = gguf.GGMLQuantizationType.Q8_0 if tensor.name == "token_embd.weight" else kind
        out.add_tensor(tensor.name, quants.quantize(numpy.ascontiguousarray(values, numpy.float32), blocks), raw_dtype=blocks)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


main(*sys.argv[1:])
