"""A confusion matrix as a picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WHITE, _DARK, _INK = np.array([255, 255, 255]), np.array([8, 64, 129]), (32, 32, 32)
_LEGIBLE = 34
"""Pixels of a cell that holds a number."""
_WIDEST = 900
"""Of the cells together."""
_LONGEST = 18
"""Characters of a label that are written."""


def confusion_picture(table: NDArray[np.int64], labels: Sequence[str], title: str) -> bytes:
    """A PNG: rows are the true labels, columns what was said, darker the larger a row's share.

    Args:
        table: [true, said], counts.
        labels: Of rows and columns; the font has Latin letters alone.
        title: Written above.
    """
    count = len(labels)
    cell = int(np.clip(_WIDEST // count, 10, 90))
    font = ImageFont.load_default(min(15, max(9, cell - 2)))
    names = [_short(label) for label in labels]
    probe = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    side = int(max(probe.textlength(name, font=font) for name in names)) + 16
    head = side + 44
    width = max(side + count * cell + 16, int(probe.textlength(title, font=font)) + 24)
    image = Image.new("RGB", (width, head + count * cell + 16), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    draw.text((8, 8), title, fill=_INK, font=font)
    draw.text((8, head - 20), "true", fill=_INK, font=font)
    draw.text((side, 28), "said", fill=_INK, font=font)
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    for row in range(count):
        top = head + row * cell
        draw.text((side - 8, top + cell / 2), names[row], fill=_INK, font=font, anchor="rm")
        _upright(image, names[row], (side + row * cell, 46), (cell, head - 50), font)
        for column in range(count):
            left, share = side + column * cell, float(shares[row, column])
            shade = tuple(int(value) for value in _WHITE + (_DARK - _WHITE) * share)
            draw.rectangle(
                (left, top, left + cell - 1, top + cell - 1), fill=shade, outline=(210, 210, 210)
            )
            if cell >= _LEGIBLE:
                ink = (255, 255, 255) if share > 0.5 else _INK
                draw.text((left + cell / 2, top + cell / 2), str(table[row, column]), fill=ink,
                          font=font, anchor="mm")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _upright(
    image: Image.Image, text: str, place: tuple[int, int], size: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Writes a column's name from below to above."""
    strip = Image.new("RGB", (size[1], size[0]), (255, 255, 255))
    ImageDraw.Draw(strip).text((2, size[0] / 2), text, fill=_INK, font=font, anchor="lm")
    image.paste(strip.rotate(90, expand=True), place)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "\u2026"
