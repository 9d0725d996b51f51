"""Photographs and faces out of image files, with altered copies of each."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from sensorium.errors import EngineError
from sensorium.perception import picture_file
from sensorium_tools.samples import alter_image
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from sensorium_tools.samples.draft import Entry, Listing
    from sensorium_tools.samples.manifest import Label, Source

FORMATS = (*picture_file.FORMATS, "BMP")
PHOTOGRAPH_SIDE = 416
"""A longer side is brought down to this: more than any engine's input."""
FACE_SIDE = 256
_FACE_ROOM = (1.3, 1.8)
"""Side of a face's crop over the longer side of its box."""


def photographs(listing: Listing) -> Iterator[Draft]:
    """Each file as it is, then its altered copies: see `samples.readers`."""
    for entry in listing.entries:
        labels = listing.manifest.labels_of(listing.source, entry.path)
        label = labels[0] if labels else None
        origin = (label.person if label else "") or f"{listing.source.name}/{entry.path}"
        for copy in range(listing.source.augment + 1):
            yield Draft(
                f"{entry.path}#{copy}", origin,
                partial(_photograph, listing.source, entry, label, copy, origin),
            )


def faces(listing: Listing) -> Iterator[Draft]:
    """A crop around each labelled face, then altered ones: see `samples.readers`."""
    for entry in listing.entries:
        for label in listing.manifest.labels_of(listing.source, entry.path):
            if not label.face:
                continue
            origin = label.person or f"{listing.source.name}/{entry.path}"
            name = f"{entry.path}@{label.face[0]},{label.face[1]}"
            for copy in range(listing.source.augment + 1):
                yield Draft(
                    f"{name}#{copy}", origin,
                    partial(_face, listing.source, entry, label, f"{name}#{copy}", copy, origin),
                )


@lru_cache(maxsize=64)
def _small(entry: Entry) -> tuple[NDArray[np.uint8], float]:
    return reduced(_decoded(entry), PHOTOGRAPH_SIDE)


@lru_cache(maxsize=8)
def _decoded(entry: Entry) -> NDArray[np.uint8]:
    pixels = decode(entry.read(), entry.place)
    pixels.flags.writeable = False
    return pixels


def decode(data: bytes, place: str) -> NDArray[np.uint8]:
    """An image file as uint8 [height, width, 3], RGB.

    Args:
        data: PNG, JPEG or what else Pillow reads.
        place: Where it came from, for the message.

    Raises:
        EngineError: When it is no image, damaged or too large.
    """
    try:
        return picture_file.read(data, FORMATS)
    except picture_file.TooLarge as error:
        raise EngineError(f"{place}: {error}", "a smaller copy") from error
    except ValueError as error:
        raise EngineError(
            f"{place}: not a picture, or damaged: {error}", "replace or remove that file"
        ) from error


def reduced(pixels: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    """A picture whose longer side is at most `side`, and how much smaller it is, 0 to 1."""
    scale = min(1.0, side / max(pixels.shape[:2]))
    if scale == 1.0:
        return pixels, 1.0
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BOX)), scale


def _noise(source: Source, entry: Entry, copy: int) -> np.random.Generator:
    return np.random.default_rng([source.seed, copy, *f"{source.name}/{entry.path}".encode()])


def _photograph(
    source: Source, entry: Entry, label: Label | None, copy: int, origin: str
) -> Sample:
    noise = _noise(source, entry, copy)
    pixels, scale = _small(entry)
    box = _box(label, entry, scale) if label and label.face else None
    if copy:
        pixels, box = alter_image.alter(pixels, box, noise)
    truth: dict[str, Any] = {}
    if label and label.classes:
        truth["class"], truth["classes"] = label.classes[0], label.classes
    if box is not None:
        truth["face"] = np.array(box, np.float64)
    return Sample(f"{entry.path}#{copy}", "image", np.ascontiguousarray(pixels), truth, origin)


def _face(
    source: Source, entry: Entry, label: Label, name: str, copy: int, origin: str
) -> Sample:
    noise = _noise(source, entry, copy)
    whole = _decoded(entry)
    left, top, right, bottom = _box(label, entry, 1.0)
    span = max(right - left, bottom - top)
    room = noise.uniform(*_FACE_ROOM) if copy else 1.5
    shift = noise.uniform(-0.08, 0.08, 2) * span if copy else np.zeros(2)
    half = room * span / 2
    x, y = (left + right) / 2 + shift[0], (top + bottom) / 2 + shift[1]
    first_x, first_y = max(0, int(x - half)), max(0, int(y - half))
    part = whole[first_y : int(y + half), first_x : int(x + half)]
    pixels, scale = reduced(part, FACE_SIDE)
    box = ((left - first_x) * scale, (top - first_y) * scale,
           (right - first_x) * scale, (bottom - first_y) * scale)
    if copy:
        if noise.random() < 0.5:
            pixels, moved = alter_image.flip(pixels, box)
            box = moved or box
        light = alter_image.expose(pixels.astype(np.float32), noise)
        light += noise.normal(0.0, noise.uniform(0.0, 5.0), light.shape).astype(np.float32)
        pixels = np.clip(np.rint(light), 0, 255).astype(np.uint8)
    truth: Mapping[str, Any] = {"face": np.array(box, np.float64)}
    return Sample(name, "image", np.ascontiguousarray(pixels), truth, origin)


def _box(label: Label, entry: Entry, scale: float) -> tuple[float, float, float, float]:
    """The label's box in a picture that is brought down by `scale`.

    Raises:
        EngineError: When it does not lie inside the picture.
    """
    height, width = _decoded(entry).shape[:2]
    left, top, right, bottom = label.face
    if right > width or bottom > height:
        raise EngineError(
            f"{entry.place}: the face {list(label.face)} is not inside its {width} x {height} "
            "pixels", "mend its [[labels]] in manifest.toml",
        )
    return left * scale, top * scale, right * scale, bottom * scale
