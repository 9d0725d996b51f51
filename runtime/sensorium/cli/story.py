"""What happened: utterances and gestures, counted and told line by line."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from sensorium.cli.words import Record

_SIDES = {1: "left", 2: "right"}
_BEGIN, _END = 1, 2
_LINES = 100


class Story:
    """Takes the records of event channels.

    Attributes:
        utterances: Times that somebody began to speak.
        gestures: (side, gesture) to how often it began.
        lines: The newest happenings in words, with their capture time in ns.
    """

    def __init__(self) -> None:
        self.utterances = 0
        self.gestures: Counter[tuple[str, str]] = Counter()
        self.lines: deque[tuple[int, Text]] = deque(maxlen=_LINES)

    def add(self, record_name: str, capture_ns: int, record: Record) -> None:
        """Takes one record of an event channel."""
        told = {"voice_activity": self._voice, "gesture": self._gesture}.get(record_name)
        if told is not None:
            self.lines.append((capture_ns, told(record)))

    def document(self) -> dict[str, Any]:
        """For a JSON document."""
        gestures: dict[str, dict[str, int]] = {}
        for (side, name), count in sorted(self.gestures.items()):
            gestures.setdefault(side, {})[name] = count
        return {"utterances": self.utterances, "gestures": gestures}

    def _voice(self, record: Record) -> Text:
        if record["event"] == _BEGIN:
            self.utterances += 1
            return Text("voice begins", "green")
        lasted = (record["offset_ns"] - record["onset_ns"]) / 1e9
        return Text(f"voice ends after {lasted:.1f} s", "green")

    def _gesture(self, record: Record) -> Text:
        side = _SIDES.get(record["side"], "a")
        if record["event"] == _BEGIN:
            self.gestures[side, record["name"]] += 1
            return Text(f"{side} hand: {record['name']} begins, {record['score']:.2f}", "magenta")
        lasted = (record["end_ns"] - record["begin_ns"]) / 1e9
        return Text(f"{side} hand: {record['name']} ends after {lasted:.1f} s", "magenta")
