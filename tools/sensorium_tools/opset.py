"""Brings an old graph to the opset in which a weight may have a scale for each channel."""

from __future__ import annotations

import onnx
from onnx import version_converter

PER_CHANNEL = 13
"""From this opset on DequantizeLinear has an axis (Operators.md of the ONNX standard)."""

_ONNX_ERRORS = (
    onnx.checker.ValidationError, onnx.shape_inference.InferenceError,
    version_converter.ConvertError,
)


def raised(data: bytes) -> bytes:
    """The same graph in opset 13, where it is of an older one; YOLOX, for one, exports in 11.

    A graph that the standard's own converter cannot express stays as it is.

    Args:
        data: A serialised graph.
    """
    model = onnx.load_from_string(data)
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if min(versions) >= PER_CHANNEL:
        return data
    try:
        made: bytes = version_converter.convert_version(model, PER_CHANNEL).SerializeToString()
        onnx.checker.check_model(made, full_check=True)
    except (*_ONNX_ERRORS, RuntimeError, ValueError):
        return data
    return made
