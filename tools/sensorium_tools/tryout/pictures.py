"""Shows objects with their boxes, and what a whole picture is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium_tools.tryout.canvas import colour_of
from sensorium_tools.tryout.shown import AsItIs, table

if TYPE_CHECKING:
    from sensorium_tools.tryout.canvas import Canvas

_GROUND = (20, 20, 20)


class Objects(AsItIs):
    """See `Shown`: boxes with label and confidence."""

    def lines(
        self, name: str, given: list[str], outputs: list[dict[str, Any]]
    ) -> list[str]:
        """See `Shown.lines`."""
        found = outputs[0]["objects"]
        if not found:
            return ["nothing was found; --threshold 0.1 shows what is less sure, too"]
        cells = [
            (
                entry["label"], f"{entry['score']:.2f}",
                ", ".join(f"{side} {place:.0f}" for side, place in entry["box"].items()),
            )
            for entry in found
        ]
        return table([("object", "confidence", "box in pixels"), *cells])

    def draw(self, canvas: Canvas, output: dict[str, Any]) -> None:
        """See `Shown.draw`: the surest last, above the others."""
        for entry in reversed(output["objects"]):
            colour = colour_of(entry["label"])
            canvas.box(entry["box"], colour, [f"{entry['label']} {entry['score']:.2f}"])


class Classes(AsItIs):
    """See `Shown`: the surest classes in the corner."""

    def lines(
        self, name: str, given: list[str], outputs: list[dict[str, Any]]
    ) -> list[str]:
        """See `Shown.lines`."""
        return table([("class", "confidence"), *_cells(outputs[0])])

    def draw(self, canvas: Canvas, output: dict[str, Any]) -> None:
        """See `Shown.draw`."""
        lines = [f"{label} {score}" for label, score in _cells(output)]
        canvas.words((0, 0), lines, _GROUND)


def _cells(output: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["label"], f"{entry['score']:.2f}") for entry in output["labels"]]
