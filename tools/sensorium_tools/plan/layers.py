"""What the builder made of a graph: its own list of layers, and which weighted ones are INT8."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MATRIX_KINDS = frozenset({"correlation", "gemm", "spin"})
"""What the builder calls a layer that multiplies matrices; all else is a generated kernel."""
INT8 = "Int8"

_ROW = re.compile(r"^Name: (?P<name>.+?), LayerType: (?P<kind>\w+), Inputs: (?P<rest>.*)$")
_PARTS = re.compile(
    r"^\[(?P<inputs>.*?)\](?:, Constants: \[(?P<constants>.*?)\])?, Outputs: \[.*\]"
    r", TacticName: .*?, StreamId: \d+, Metadata: ?(?P<metadata>.*)$"
)
_TYPE = re.compile(r"Datatype: (\w+)")
_SIZES = re.compile(r"Dimensions: \[([-\d,]*)\]")
_NODE = re.compile(r"\[ONNX Layer: (.*?)\](?=\[|$|\x1f)")


@dataclass(frozen=True)
class Layer:
    """One layer of a plan.

    Attributes:
        name: The builder's.
        kind: The builder's word: correlation (a convolution), gemm, spin, kgen ...
        type: Of its first input, in the builder's words: Int8, Half, Float; empty without one.
        nodes: Names of the ONNX nodes that it computes or helps to compute.
        weighted: Whether it multiplies by weights of the graph.
    """

    name: str
    kind: str
    type: str
    nodes: tuple[str, ...]
    weighted: bool


@dataclass(frozen=True)
class _Row:
    name: str
    kind: str
    type: str
    nodes: tuple[str, ...]
    has_matrix: bool


def layers(
    dump: Iterable[str], weighted_nodes: Collection[str], recurrent_nodes: Collection[str] = ()
) -> tuple[Layer, ...]:
    """Reads the builder's layer dump, which it logs with detailed profiling verbosity.

    A convolution or product of matrices is a layer of its own kind, except where the builder
    generates a kernel for it (a small product in fp32): then that kernel is the weighted layer.
    The builder unrolls the loop of a recurrent node and forgets its name: a product without a name
    is given to all recurrent nodes.

    Args:
        dump: Lines of the log; those that describe no layer are passed over.
        weighted_nodes: Names of the ONNX nodes that multiply by weights.
        recurrent_nodes: Names of those that are loops: LSTM, GRU, RNN.
    """
    rows = [row for line in dump if (row := _row(line)) is not None]
    carried = {node for row in rows if row.kind in MATRIX_KINDS for node in row.nodes}
    alone = set(weighted_nodes) - carried
    generated = {
        node: any(row.has_matrix for row in rows if node in row.nodes) for node in alone
    }
    return tuple(
        Layer(
            row.name, row.kind, row.type,
            row.nodes or (tuple(recurrent_nodes) if row.kind in MATRIX_KINDS else ()),
            _weighted(row, weighted_nodes, generated),
        )
        for row in rows
    )


def weighted_int8(layers: Sequence[Layer]) -> tuple[int, tuple[str, ...]]:
    """How many weighted layers are INT8, and the nodes of those that are not.

    The layers of one unrolled loop are one.
    """
    weighted = [layer for layer in layers if layer.weighted]
    others = [layer for layer in weighted if layer.type != INT8]
    names = dict.fromkeys(", ".join(layer.nodes) or layer.name for layer in others)
    return len(weighted) - len(others), tuple(names)


def _weighted(row: _Row, nodes: Collection[str], generated: dict[str, bool]) -> bool:
    if row.kind in MATRIX_KINDS:
        return row.has_matrix or any(node in nodes for node in row.nodes)
    # Where some kernel of the node holds its weights, the others only prepare for that one.
    return any(
        node in generated and row.has_matrix == generated[node] for node in row.nodes
    )


def _row(line: str) -> _Row | None:
    row = _ROW.match(line)
    parts = _PARTS.match(row["rest"]) if row else None
    if row is None or parts is None:
        return None
    type_ = _TYPE.search(parts["inputs"])
    return _Row(
        row["name"], row["kind"], type_[1] if type_ else "",
        tuple(dict.fromkeys(_NODE.findall(parts["metadata"]))),
        any(_is_matrix(sizes) for sizes in _SIZES.findall(parts["constants"] or "")),
    )


def _is_matrix(sizes: str) -> bool:
    """Whether a constant of such sizes holds weights, not one factor a channel."""
    numbers = [int(size) for size in sizes.split(",") if size]
    return sum(size > 1 for size in numbers) >= 2 and math.prod(numbers) > 1
