"""The same function with fewer operators, where that can be shown."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime

from sensorium_tools.convert.twins import merge_twins

if TYPE_CHECKING:
    from onnx import ModelProto

_log = logging.getLogger(__name__)

_TRIALS = 32
_TOLERANCE = 1e-5
"""What float32 may lose where a sum is taken in another order; results are about 1 in size."""


def simplify(model: ModelProto) -> ModelProto:
    """Merges operators.

    The result is run beside the model: where the two do not agree, or it is no valid model, the
    model is left as it is.

    Args:
        model: Float inputs of fixed shapes, no control flow.
    """
    try:
        made = merge_twins(model)
        if made is not None and _agree(model, made):
            return made
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the model is not
        _log.debug("a simplified model is refused: %s", error)
    return model


def _agree(model: ModelProto, made: ModelProto) -> bool:
    """Whether two models give the same results for the same noise."""
    onnx.checker.check_model(made, full_check=True)
    one, other = (_session(each) for each in (model, made))
    noise = np.random.default_rng(0)
    for _ in range(_TRIALS):
        size = noise.uniform(0.05, 3.0)
        feeds = {
            port.name: noise.normal(0, size, port.shape).astype(np.float32)
            for port in one.get_inputs()
        }
        pairs = zip(one.run(None, feeds), other.run(None, feeds), strict=True)
        if not all(
            np.allclose(np.asarray(ours), np.asarray(theirs), rtol=_TOLERANCE, atol=_TOLERANCE)
            for ours, theirs in pairs
        ):
            return False
    return True


def _session(model: ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
