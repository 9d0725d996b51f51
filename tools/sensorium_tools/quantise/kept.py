"""A quantiser that keeps what it made, under the hash of all that it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium_tools import artefacts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from onnx import ModelProto

    from sensorium_tools.quantise.static import Quantiser

_FILE = "model.onnx"


class KeptQuantiser:
    """See `Quantiser`.

    Args:
        made: Does the work.
        made_from: What decides the result, beside the target, the layers kept and the bits.

    Attributes:
        model: Of the quantiser.
        nodes: Of the quantiser.
        targets: Of the quantiser.
        fresh: The quantiser itself, for graphs that are not worth keeping.
    """

    def __init__(self, made: Quantiser, made_from: Mapping[str, Any]) -> None:
        self.model: ModelProto = made.model
        self.nodes = made.nodes
        self.targets = made.targets
        self.fresh = made
        self._made_from = made_from

    def quantise(self, target: str, keep: Collection[str] = (), bits: int = 8) -> bytes:
        """See `Quantiser.quantise`."""
        key = artefacts.key(
            "int8", **self._made_from, target=target, keep=sorted(keep), bits=bits
        )
        folder = artefacts.find(key)
        if folder is None:
            folder = artefacts.keep(key, {_FILE: self.fresh.quantise(target, keep, bits)})
        return (folder / _FILE).read_bytes()
