"""Two branches of the same operators and constants become one, with a batch of two.

A model that looks at a hand and at its mirror image, and adds up what it sees, computes each
operator twice on one row. On so few numbers an operator's call costs more than its arithmetic, so
one call on two rows takes half the time. The two branches are found from the Add that joins them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import NodeProto, helper

from sensorium_tools.convert.onnx_draft import Draft

if TYPE_CHECKING:
    from onnx import ModelProto

_WORTH = 4
"""Operators in a branch from which on merging pays for the seams."""


def merge_twins(model: ModelProto) -> ModelProto | None:
    """Merges the largest pair of twins.

    Whether the result is the same function is for the caller to find out: an operator that works
    across the first axis would mix the two.

    Returns:
        The model with one branch for two; None where it has no twins.
    """
    draft = Draft(model)
    found = [_Twins(draft, node) for node in draft.nodes if node.op_type == "Add"]
    best = max((twins for twins in found if twins.whole), key=_Twins.size, default=None)
    return draft.put_together(best.merged()) if best and best.size() >= _WORTH else None


class _Twins:
    """The branches that one Add joins, as far back as they are the same.

    Attributes:
        whole: Whether nothing but the other operators of a branch and the Add reads its results,
            and each tensor has one counterpart.
    """

    def __init__(self, draft: Draft, join: NodeProto) -> None:
        self._draft = draft
        self._join = join
        self._pairs: list[tuple[NodeProto, NodeProto]] = []
        self._other: dict[str, str] = {}
        self._seams: list[tuple[str, str]] = []
        self._clash = False
        self._follow(*join.input)
        self.whole = not self._clash and self._is_closed()

    def size(self) -> int:
        """Operators in one branch."""
        return len(self._pairs)

    def merged(self) -> list[NodeProto]:
        """The model's nodes with the second branch gone and the first one working on both."""
        gone = {node.output[0] for pair in self._pairs for node in pair}
        seams, names = self._sew()
        branch = []
        for node, _ in self._pairs:
            copy = NodeProto()
            copy.CopyFrom(node)
            copy.input[:] = [names.get(name, name) for name in node.input]
            if node.op_type == "Reshape":
                copy.input[1] = self._twice(node.input[1])
            branch.append(copy)
        axis = self._draft.constant(np.array([0], np.int64))
        total = helper.make_node(
            "ReduceSum", [self._join.input[0], axis], list(self._join.output), self._join.name,
            keepdims=1,
        )
        # The branches end at the Add, so what they need comes before it and nothing else waits.
        place = self._draft.nodes.index(self._join)
        before, after = self._draft.nodes[:place], self._draft.nodes[place + 1 :]
        kept = [node for node in before if node.output[0] not in gone]
        return [*kept, *seams, *branch, total, *after]

    def _follow(self, one: str, other: str) -> None:
        """Walks back from a pair of tensors while their operators are the same."""
        if one in self._other:
            self._clash |= self._other[one] != other
            return
        self._other[one] = other
        first, second = (self._draft.maker.get(name) for name in (one, other))
        if first is None or second is None or first is second or not self._alike(first, second):
            self._seams.append((one, other))
            return
        for name, counterpart in zip(first.input, second.input, strict=True):
            if name not in self._draft.constants:
                self._follow(name, counterpart)
        if not any(first is node for node, _ in self._pairs):
            self._pairs.append((first, second))

    def _alike(self, first: NodeProto, second: NodeProto) -> bool:
        constants = self._draft.constants
        return (
            first.op_type == second.op_type
            and list(first.attribute) == list(second.attribute)
            and len(first.input) == len(second.input)
            and len(first.output) == len(second.output)
            and all(
                (one in constants) == (other in constants)
                and (one not in constants or np.array_equal(constants[one], constants[other]))
                for one, other in zip(first.input, second.input, strict=True)
            )
        )

    def _is_closed(self) -> bool:
        inside: dict[str, int] = dict.fromkeys(self._join.input, 1)
        for pair in self._pairs:
            for node in pair:
                for name in node.input:
                    inside[name] = inside.get(name, 0) + 1
        made = [name for pair in self._pairs for node in pair for name in node.output]
        return all(self._draft.uses[name] == inside.get(name, 0) for name in made)

    def _sew(self) -> tuple[list[NodeProto], dict[str, str]]:
        """The nodes that put each pair of inputs into a batch, and what these are called."""
        nodes, names = [], {}
        for pair in self._seams:
            names[pair[0]] = self._draft.fresh("both")
            nodes.append(
                helper.make_node("Concat", list(pair), [names[pair[0]]], names[pair[0]], axis=0)
            )
        return nodes, names

    def _twice(self, shape: str) -> str:
        """The shape constant for a batch of two."""
        sizes: Any = self._draft.constants[shape].copy()
        sizes[0] *= 2
        return self._draft.constant(sizes)
