"""A checkpoint in CTranslate2's format: f32 and int8.

  to_ctranslate2.py MODEL CHECKPOINT FOLDER
"""

import pathlib
import sys

from ctranslate2.converters import TransformersConverter


def main(_, checkpoint, folder):
    for name, quantization in (("f32", None), ("i8", "int8")):
        TransformersConverter(checkpoint).convert(str(pathlib.Path(folder) / "ctranslate2" / name), quantization=quantization,
                                                  force=True)


main(*sys.argv[1:])
