"""Drawing with characters: a canvas of braille dots, bars and a strip of levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Unicode's bit of each dot of a braille cell, by row and column."""
_LEVELS = "▁▂▃▄▅▆▇█"


class Canvas:
    """Dots in braille cells: 2 x 4 dots a cell, so a dot is about as wide as it is high.

    Args:
        columns: Cells across.
        rows: Cells down.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.width = columns * 2
        self.height = rows * 4
        self._cells = [[0] * columns for _ in range(rows)]

    def dot(self, x: float, y: float) -> None:
        """Sets the dot at x from the left, y from the top; outside nothing happens."""
        column, row = round(x), round(y)
        if 0 <= column < self.width and 0 <= row < self.height:
            self._cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Sets the dots from one point to another."""
        steps = min(max(round(abs(x1 - x0)), round(abs(y1 - y0)), 1), 1000)
        for step in range(steps + 1):
            part = step / steps
            self.dot(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part)

    def lines(self) -> list[str]:
        """The canvas as one string a row."""
        return ["".join(chr(_BRAILLE + cell) for cell in row) for row in self._cells]


def bar(value: float, width: int) -> tuple[str, str]:
    """A bar as its filled and its empty part, together `width` characters.

    Args:
        value: 0 to 1; what is outside is cut, NaN is 0.
        width: Characters.
    """
    filled = round(min(1.0, max(0.0, value)) * width) if value == value else 0
    return "━" * filled, "─" * (width - filled)


def strip(values: Iterable[float]) -> str:
    """One character a value from 0 to 1, higher for more."""
    top = len(_LEVELS) - 1
    return "".join(_LEVELS[round(min(1.0, max(0.0, value)) * top)] for value in values)
