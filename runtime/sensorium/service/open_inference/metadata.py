"""What the server and its engines say of themselves."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from sensorium.service.open_inference import shared_memory
from sensorium.service.open_inference.answer import VERSION
from sensorium.service.open_inference.datatypes import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.manifest import Manifest, Tensor
    from sensorium.service.models.states import State

EXTENSIONS = (
    "binary_tensor_data", "classification", "model_repository", "schedule_policy", "statistics",
)
SHARED_MEMORY = "system_shared_memory"
_PLATFORMS = {
    "onnxruntime": "onnxruntime_onnx", "tensorrt-rtx": "tensorrt_plan", "tensorrt": "tensorrt_plan",
}


def server() -> dict[str, Any]:
    """Of the server."""
    try:
        own = version("sensorium")
    except PackageNotFoundError:
        own = ""
    shared = (SHARED_MEMORY,) if shared_memory.is_there() else ()
    return {"name": "sensorium", "version": own, "extensions": [*EXTENSIONS, *shared]}


def model(manifest: Manifest, *, batches: bool) -> dict[str, Any]:
    """Of an engine; beside the protocol's members its labels, axes and precision.

    Args:
        manifest: Of the engine.
        batches: Whether callers share its runs.
    """
    return {
        "name": manifest.name,
        "versions": [VERSION],
        "platform": _PLATFORMS[manifest.backend],
        "inputs": [_tensor(tensor) for tensor in manifest.inputs],
        "outputs": [_tensor(tensor) for tensor in manifest.outputs],
        "labels": list(manifest.labels),
        "axes": {
            name: {"min": axis.min, "typical": axis.typical, "max": axis.max}
            for name, axis in manifest.axes.items()
        },
        "precision": manifest.precision,
        "batches": batches,
    }


def index(states: Sequence[State]) -> list[dict[str, Any]]:
    """Of all engines, as the model repository extension lists them, with what their runs took."""
    return [
        {
            "name": state.name,
            "version": VERSION,
            "state": state.state,
            "reason": state.reason,
            "precision": state.precision.lower(),
            "device": state.device.lower(),
            "note": state.note,
            "keep_warm": state.warm,
            "waiting": state.waiting,
            "runs": state.runs,
            "p50_us": round(state.p50_us, 1),
            "p99_us": round(state.p99_us, 1),
        }
        for state in states
    ]


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "datatype": name_of(tensor.type),
        "shape": [size if isinstance(size, int) else -1 for size in tensor.shape],
    }
