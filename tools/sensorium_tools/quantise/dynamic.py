"""Dynamic INT8: weights are stored in INT8, ranges of activations are taken in each run.

For transformers, whose activations have outliers that a fixed range either cuts off or drowns the
rest in. Only ONNX Runtime runs it: TensorRT has no such mode.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from sensorium.errors import EngineError
from sensorium_tools.quantise.static import quietly
from sensorium_tools.quantise.tied import tie
from sensorium_tools.quantise.weights import chosen

if TYPE_CHECKING:
    from collections.abc import Collection

    from onnx import ModelProto

    from sensorium.inference.card_tables import Quantisation

_OF_GEMM = "_MatMul"
"""Behind a Gemm's name: `quantize_dynamic` makes each a MatMul of that name before it looks."""


def _types(operators: Collection[str]) -> list[str]:
    """With Gemm goes the MatMul that it becomes: nodes, not types, say which are meant."""
    return sorted({*operators, *(("MatMul",) if "Gemm" in operators else ())})


class DynamicQuantiser:
    """Quantises the weights of one prepared graph; see `StaticQuantiser`."""

    def __init__(self, name: str, model: ModelProto, recipe: Quantisation) -> None:
        self._name = name
        self.model = model
        self.targets: tuple[str, ...] = ("cpu",)
        self._recipe = recipe
        self.nodes = chosen(model, recipe)

    def quantise(self, target: str, keep: Collection[str] = (), bits: int = 8) -> bytes:
        """The graph with its matrix products in INT8.

        Args:
            target: cpu.
            keep: Names of nodes that stay in fp32.
            bits: Of the weights, 7 or 8.

        Raises:
            EngineError: For another target, or when the quantiser refuses the graph.
        """
        if target != "cpu":
            raise EngineError(f"{self._name}: {target} has no dynamic quantisation")
        try:
            with tempfile.TemporaryDirectory() as folder, quietly():
                prepared, result = Path(folder) / "prepared.onnx", Path(folder) / "quantised.onnx"
                onnx.save(self.model, prepared)
                quantize_dynamic(
                    str(prepared),
                    str(result),
                    op_types_to_quantize=_types(self._recipe.operators),
                    nodes_to_quantize=[
                        name for node in self.nodes if node not in keep
                        for name in (node, node + _OF_GEMM)
                    ],
                    per_channel=self._recipe.per_channel,
                    reduce_range=bits == 7,
                    weight_type=QuantType.QInt8,
                    extra_options={"WeightSymmetric": True, "MatMulConstBOnly": True},
                )
                data: bytes = tie(onnx.load(result)).SerializeToString(deterministic=True)
                return data
        except OSError:
            raise
        except Exception as error:
            raise EngineError(
                f"{self._name}: cannot be quantised: {type(error).__name__}: {error}",
                'set quantisation.scheme = "none" in its card, or exclude the node',
            ) from error
