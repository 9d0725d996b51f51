"""How each task's answer is shown: as lines, and drawn where it was asked of a picture."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sensorium_tools.tryout.canvas import Canvas

_CLASSES = {
    "classify_image": "sensorium_tools.tryout.pictures:Classes",
    "detect_objects": "sensorium_tools.tryout.pictures:Objects",
    "face": "sensorium_tools.tryout.faces:Faces",
    "embed": "sensorium_tools.tryout.words:Likeness",
    "classify_text": "sensorium_tools.tryout.words:Labels",
    "sentiment": "sensorium_tools.tryout.words:Labels",
    "text_emotion": "sensorium_tools.tryout.words:Labels",
    "transcribe": "sensorium_tools.tryout.words:Transcript",
}
"""Task to the class that shows its answers; another's are shown as they are."""


class Shown(Protocol):
    """How one task is shown."""

    def parameters(self, name: str) -> dict[str, Any]:
        """The task's parameters that bring out what an engine does.

        Args:
            name: Of the engine.

        Raises:
            EngineError: It can be shown only with another that was not built.
        """
        ...

    def lines(
        self, name: str, given: list[str], outputs: list[dict[str, Any]]
    ) -> list[str]:
        """What was found, line by line.

        Args:
            name: Of the engine.
            given: The path of a picture or sound, or texts.
            outputs: Of the task.

        Raises:
            EngineError: The input is too little to show anything.
        """
        ...

    def draw(self, canvas: Canvas, output: dict[str, Any]) -> None:
        """Draws what was found into the picture that was looked at."""
        ...


class AsItIs:
    """See `Shown`: of a task that has none of its own."""

    def parameters(self, name: str) -> dict[str, Any]:
        """See `Shown.parameters`."""
        del name
        return {}

    def lines(
        self, name: str, given: list[str], outputs: list[dict[str, Any]]
    ) -> list[str]:
        """See `Shown.lines`."""
        return json.dumps(outputs, indent=1, ensure_ascii=False).splitlines()

    def draw(self, canvas: Canvas, output: dict[str, Any]) -> None:
        """See `Shown.draw`."""


def shown(task: str) -> Shown:
    """How a task of the catalogue is shown."""
    if task not in _CLASSES:
        return AsItIs()
    module, _, kind = _CLASSES[task].partition(":")
    made: Shown = getattr(importlib.import_module(module), kind)()
    return made


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows of cells as lines with even columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
