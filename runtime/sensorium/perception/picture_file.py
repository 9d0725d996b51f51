"""An image file to pixels: upright, eight bits, nothing transparent, and never too large."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_PIXELS = 1 << 25
"""33 million: a picture takes 100 MB of memory, and twice as much for a moment."""
FORMATS = ("PNG", "JPEG", "WEBP")
"""As Pillow calls them."""

# Pillow's own bound warns at first; `read` refuses by the size in the header.
Image.MAX_IMAGE_PIXELS = None


class TooLarge(ValueError):
    """A picture has too many pixels."""


def read(
    data: bytes, formats: Sequence[str] = FORMATS, most_pixels: int = MOST_PIXELS
) -> NDArray[np.uint8]:
    """An image file's first picture as uint8 [height, width, 3], red, green, blue.

    It is turned as its Exif orientation says; what is transparent is laid over white; of 16 bits
    the upper 8 count. Colour profiles are ignored.

    Args:
        data: The file.
        formats: That are looked for, as Pillow calls them.
        most_pixels: Of the picture; nothing of a larger one is decoded.

    Raises:
        TooLarge: When it has more pixels.
        ValueError: When it is of no such format, or damaged.
    """
    try:
        with Image.open(io.BytesIO(data), formats=tuple(formats)) as image:
            if image.width * image.height > most_pixels:
                raise TooLarge(
                    f"{image.width} x {image.height} pixels are too many, {most_pixels} are allowed"
                )
            if not image.width or not image.height:
                raise ValueError("it has no pixels")
            return _pixels(ImageOps.exif_transpose(image))
    except TooLarge:
        raise
    except (OSError, ValueError, SyntaxError, MemoryError, struct.error, EOFError) as error:
        # Pillow's own message for what is in no known format names an object's address.
        unknown = isinstance(error, UnidentifiedImageError)
        raise ValueError(
            f"{'it is none' if unknown else error} ({', '.join(formats)} are read)"
        ) from error


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I"):
        # Pillow cuts what is above 255 off instead of scaling it.
        grey = (np.clip(np.asarray(image, np.int64), 0, 65_535) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        over = image.convert("RGBA")
        image = Image.new("RGBA", over.size, "white")
        image.alpha_composite(over)
    return np.array(image.convert("RGB"))
