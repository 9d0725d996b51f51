"""Runs a graph that is not an installed engine: for calibration, verdicts and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnxruntime

from sensorium.errors import EngineError
from sensorium.inference.onnxruntime_engine import PROVIDER, session_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class GraphRun:
    """One graph, callable as `evaluate.Run` is.

    Args:
        name: Of its engine, in messages.
        model: The serialised graph.
        threads: Threads inside one run.
        as_written: Runs each operator by itself, nothing fused: of a graph with Q/DQ that is the
            arithmetic that TensorRT's is closest to.
    """

    def __init__(
        self, name: str, model: bytes, threads: int = 1, *, as_written: bool = False
    ) -> None:
        options = session_options(threads)
        if as_written:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session: Any = onnxruntime.InferenceSession(model, options, providers=[PROVIDER])
        except Exception as error:
            first = str(error).strip().partition("\n")[0]
            raise EngineError(f"{name}: ONNX Runtime refuses the graph: {first}") from error
        self._name = name
        self._outputs = [port.name for port in self._session.get_outputs()]

    def __call__(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Runs it once."""
        try:
            results = self._session.run(self._outputs, dict(feeds))
        except Exception as error:
            first = str(error).strip().partition("\n")[0]
            raise EngineError(f"{self._name}: the run failed: {first}") from error
        return dict(zip(self._outputs, results, strict=True))
