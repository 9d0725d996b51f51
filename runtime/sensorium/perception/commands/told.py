"""What an app is told of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium import records
from sensorium.records.fields import encode_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.perception.commands.found import Filled, Match
    from sensorium.perception.commands.said import Said
    from sensorium.perception.commands.vocabulary import Gate


def told(match: Match, vocabulary: str, gate: Gate, said: Said) -> NDArray[np.void]:
    """The record of a command.

    Args:
        match: What was said.
        vocabulary: Name of the vocabulary that it is of.
        gate: What let it pass.
        said: The utterance.

    Returns:
        `records.COMMAND`, shape (1,).
    """
    record = records.COMMAND.zeros()
    row = record[0]
    row["utterance"], row["start_ns"], row["end_ns"] = said.utterance, said.start_ns, said.end_ns
    row["score"], row["method"], row["gate"] = match.score, match.method, gate
    row["vocabulary"], row["name"] = vocabulary.encode(), match.command.encode()
    row["slot_count"] = len(match.slots)
    for slot, filled in zip(row["slots"], match.slots, strict=False):
        _fill(slot, filled, said)
    return record


def _fill(slot: np.void, filled: Filled, said: Said) -> None:
    value = said.spoken(filled.first, filled.last) if filled.value is None else filled.value
    slot["name"] = filled.name.encode()
    slot["value"], _ = encode_text(value, slot.dtype["value"].itemsize)
    slot["number"] = filled.number
    slot["start_ns"], slot["end_ns"] = said.time(filled.first, filled.last)
