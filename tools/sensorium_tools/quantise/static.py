"""Static INT8: one calibration, and from its ranges a graph for each target.

ONNX Runtime on a CPU gets U8S8. Its INT8 kernels add pairs of products in 16 bits where the CPU
has no VNNI, which saturates with weights of eight bits (ONNX Runtime, "Quantize ONNX models"):
there weights of seven bits, which cannot, take their place. TensorRT gets S8S8, symmetric, and no
quantised bias: it refuses a zero point that is not 0, and an int32 bias.
"""

from __future__ import annotations

import contextlib
import fnmatch
import io
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from sensorium.errors import EngineError
from sensorium_tools.quantise.weights import chosen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from onnx import ModelProto

    from sensorium.inference.card_tables import Quantisation
    from sensorium_tools.quantise.recorder import Feeds

_METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}
_BETWEEN = (
    "Add", "AveragePool", "Clip", "Concat", "Flatten", "GlobalAveragePool", "LeakyRelu", "MaxPool",
    "Mul", "Relu", "Reshape", "Resize", "Squeeze", "Transpose", "Unsqueeze",
)
"""Operators that ONNX Runtime runs in INT8, or passes through, between quantised ones."""


class Quantiser(Protocol):
    """Makes INT8 graphs of one prepared graph.

    Attributes:
        model: The prepared graph.
        nodes: Names of the nodes that can be quantised.
        targets: What it can make a graph for.
    """

    model: ModelProto
    nodes: list[str]
    targets: tuple[str, ...]

    def quantise(self, target: str, keep: Collection[str] = (), bits: int = 8) -> bytes:
        """The INT8 graph for a target, with the nodes `keep` in fp32 and weights of 7 or 8 bits."""
        ...


# onnxruntime has no types for mypy.
class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, feeds: Sequence[Feeds]) -> None:
        self._left = iter(feeds)

    def get_next(self) -> Any:
        """The next feeds; None at the end."""
        return next(self._left, None)


class StaticQuantiser:
    """Quantises one prepared graph, as often as wished, on ranges that are measured once.

    Args:
        name: Of the engine, in messages.
        model: Prepared; never changed.
        recipe: Of the card.
        feeds: To calibrate on.

    Attributes:
        model: As given.
        nodes: See `Quantiser`.
        targets: cpu and tensorrt.

    Raises:
        EngineError: When there is nothing to calibrate on.
    """

    def __init__(
        self, name: str, model: ModelProto, recipe: Quantisation, feeds: Sequence[Feeds]
    ) -> None:
        if not feeds:
            raise EngineError(
                f"{name}: there is no calibration sample",
                "see evaluation.sets in its card, and the folder calibration/",
            )
        self._name = name
        self.model = model
        self.targets: tuple[str, ...] = ("cpu", "tensorrt")
        self._recipe = recipe
        self._feeds = feeds
        self._ranges = ""
        free = [
            node for node in model.graph.node
            if not any(fnmatch.fnmatchcase(node.name, pattern) for pattern in recipe.exclude)
        ]
        self.nodes = chosen(model, recipe)
        self._between = [node.name for node in free if node.op_type in _BETWEEN]

    def quantise(self, target: str, keep: Collection[str] = (), bits: int = 8) -> bytes:
        """The graph with Q/DQ around its quantised nodes.

        Args:
            target: One of `targets`.
            keep: Names of nodes that stay in fp32, beside those that the recipe excludes.
            bits: Of the weights, 7 or 8.

        Raises:
            EngineError: When ONNX Runtime's quantiser refuses the graph.
        """
        nodes = [node for node in self.nodes if node not in keep]
        if not self._ranges and target != "cpu":
            # The CPU's operators are the more: their ranges serve both.
            self.quantise("cpu", keep)
        try:
            with tempfile.TemporaryDirectory() as folder:
                return self._quantise(Path(folder), target, nodes, bits)
        except (OSError, EngineError):
            raise
        except Exception as error:
            raise EngineError(
                f"{self._name}: cannot be quantised for {target}: {type(error).__name__}: {error}",
                'set quantisation.scheme = "none" in its card, or exclude the node',
            ) from error

    def _quantise(self, folder: Path, target: str, nodes: list[str], bits: int) -> bytes:
        ranges, result = folder / "ranges.json", folder / "quantised.onnx"
        if self._ranges:
            ranges.write_text(self._ranges)
        # As a file: a model that is handed over is changed by the quantiser.
        prepared = folder / "prepared.onnx"
        onnx.save(self.model, prepared)
        for_cpu = target == "cpu"
        options: dict[str, Any] = {
            "ActivationSymmetric": not for_cpu,
            "WeightSymmetric": True,
            "QuantizeBias": for_cpu,
            "AddQDQPairToWeight": False,
            # TensorRT fuses what follows a Conv into it, so only the inputs of weighted nodes are
            # quantised there.
            "OpTypesToExcludeOutputQuantization": [] if for_cpu else [*self._recipe.operators],
        }
        if self._recipe.calibrator == "percentile":
            options["CalibPercentile"] = self._recipe.percentile
        with quietly():
            quantize_static(
                str(prepared),
                str(result),
                _Reader(self._feeds),
                calibration_cache_path=str(ranges),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=[*self._recipe.operators, *(_BETWEEN if for_cpu else ())],
                nodes_to_quantize=[*nodes, *(self._between if for_cpu else ())],
                per_channel=self._recipe.per_channel,
                reduce_range=bits == 7,
                activation_type=QuantType.QUInt8 if for_cpu else QuantType.QInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=_METHODS[self._recipe.calibrator],
                extra_options=options,
            )
        self._ranges = ranges.read_text()
        return _serialised(result)


def _serialised(path: Path) -> bytes:
    model = onnx.load(path)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keeps ONNX Runtime's quantiser from printing and from logging advice to nobody."""
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.getLogger().setLevel(level)
