"""The protocol's names of types."""

from __future__ import annotations

import functools

import numpy as np

BYTES = "BYTES"
"""Texts; only what `classification` answers with."""

_NAMES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}


@functools.cache
def name_of(type_: str) -> str:
    """The protocol's name of a type as numpy calls it."""
    return _NAMES[np.dtype(type_).name]
