"""Draws boxes, points and words into a picture."""

from __future__ import annotations

import colorsys
import zlib
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

Colour = tuple[int, int, int]
_LONGEST = 60
"""Characters of a line."""


class Canvas:
    """One picture.

    Args:
        pixels: uint8 [height, width, 3], red, green, blue; it is copied.

    Attributes:
        image: As far as it is drawn.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.image = Image.fromarray(pixels)
        self._draw = ImageDraw.Draw(self.image)
        self._size = min(self.image.size)
        self._font = ImageFont.load_default(max(11, self._size // 32))
        self._line = max(2, self._size // 250)

    def box(self, sides: Mapping[str, float], colour: Colour, lines: Sequence[str]) -> None:
        """A rectangle with lines of text above it, or where else there is room.

        Args:
            sides: left, top, right, bottom in pixels.
            colour: Red, green, blue.
            lines: Of text, at least one.
        """
        left, top = sides["left"], sides["top"]
        right, bottom = max(left, sides["right"]), max(top, sides["bottom"])
        self._draw.rectangle((left, top, right, bottom), outline=colour, width=self._line)
        wide, high = self._extent(_cut(lines))
        places = [(left, top - high)]
        if len(lines) > 1:
            # So many would hide what is in the box.
            places += [(right, top), (left - wide, top), (left, bottom)]
        room = (
            (x, y) for x, y in places
            if x >= 0 <= y and x + wide <= self.image.width and y + high <= self.image.height
        )
        self.words(next(room, (left, places[0][1] if places[0][1] >= 0 else top)), lines, colour)

    def points(self, places: Iterable[Sequence[float]], colour: Colour) -> None:
        """Dots at x, y in pixels."""
        radius = max(1, self._size // 500)
        for x, y in places:
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def words(self, place: tuple[float, float], lines: Sequence[str], colour: Colour) -> None:
        """Lines of text on a ground of a colour, moved to where the picture shows them whole.

        Args:
            place: Left and upper edge in pixels.
            lines: Of text.
            colour: Of the ground; the text is black or white, whichever is seen better.
        """
        text = _cut(lines)
        wide, high = self._extent(text)
        left = max(0, min(place[0], self.image.width - wide))
        top = max(0, min(place[1], self.image.height - high))
        self._draw.rectangle((left, top, left + wide, top + high), fill=colour)
        start_x, start_y, _, _ = self._draw.multiline_textbbox((0, 0), text, self._font)
        place = (left + self._line - start_x, top + self._line - start_y)
        self._draw.multiline_text(place, text, _ink(colour), self._font)

    def _extent(self, text: str) -> tuple[float, float]:
        """Width and height of a text with its ground."""
        left, top, right, bottom = self._draw.multiline_textbbox((0, 0), text, self._font)
        return right - left + 2 * self._line, bottom - top + 2 * self._line


def _cut(lines: Sequence[str]) -> str:
    return "\n".join(
        line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..." for line in lines
    )


def colour_of(label: str) -> Colour:
    """A colour that is always the same for a label."""
    hue = zlib.crc32(label.encode("utf-8", "replace")) * 0.61803398875 % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 0.95)
    return round(red * 255), round(green * 255), round(blue * 255)


def _ink(ground: Colour) -> Colour:
    # Shares of red, green and blue in how light a colour is: ITU-R BT.601.
    light = 0.299 * ground[0] + 0.587 * ground[1] + 0.114 * ground[2]
    return (0, 0, 0) if light > 128 else (255, 255, 255)
