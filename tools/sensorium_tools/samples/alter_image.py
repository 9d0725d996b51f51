"""Altered copies of a photograph: what a camera and a compressor do to it, from a seed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Box = tuple[float, float, float, float]

_KEPT = (0.6, 1.0)
"""Share of each side that a crop keeps."""
_GAMMA = (0.7, 1.4)
_GAIN = (0.75, 1.25)
_NOISE = 8.0
"""Largest standard deviation of the noise, of 255."""
_BLOCK = 8
_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56], [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
"""JPEG's table of quantisation steps: ITU-T T.81, annex K, table K.1."""


def alter(
    pixels: Pixels, box: Box | None, noise: np.random.Generator
) -> tuple[Pixels, Box | None]:
    """One altered copy.

    Args:
        pixels: uint8 [height, width, 3].
        box: Left, top, right, bottom in pixels: stays whole inside, and is moved along.
        noise: Decides what is done.

    Returns:
        The copy and where the box is in it.
    """
    made, box = crop(pixels, box, noise)
    if noise.random() < 0.5:
        made, box = flip(made, box)
    light = expose(made.astype(np.float32), noise)
    done = int(noise.integers(0, 4))
    if done == 1:
        light = blur(light, int(noise.integers(1, 3)))
    elif done == 2:
        light += noise.normal(0.0, noise.uniform(1.0, _NOISE), light.shape).astype(np.float32)
    elif done == 3:
        light = compress(light, float(noise.uniform(0.5, 2.5)))
    return np.clip(np.rint(light), 0, 255).astype(np.uint8), box


def crop(
    pixels: Pixels, box: Box | None, noise: np.random.Generator
) -> tuple[Pixels, Box | None]:
    """A part that holds the whole box, of 60 to 100 % of each side."""
    ranges = []
    for axis, side in ((1, pixels.shape[1]), (0, pixels.shape[0])):
        kept = max(1, round(side * noise.uniform(*_KEPT)))
        first = int(noise.integers(0, side - kept + 1))
        last = first + kept
        if box is not None:
            first, last = min(first, int(box[1 - axis])), max(last, int(np.ceil(box[3 - axis])))
        ranges.append((first, min(last, side)))
    (left, right), (top, bottom) = ranges
    moved = None if box is None else (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    return pixels[top:bottom, left:right], moved


def flip(pixels: Pixels, box: Box | None) -> tuple[Pixels, Box | None]:
    """Left and right changed."""
    width = pixels.shape[1]
    moved = None if box is None else (width - box[2], box[1], width - box[0], box[3])
    return pixels[:, ::-1], moved


def expose(light: NDArray[np.float32], noise: np.random.Generator) -> NDArray[np.float32]:
    """Another exposure: gain and gamma."""
    bright = np.clip(light * np.float32(noise.uniform(*_GAIN)) / 255.0, 0.0, 1.0)
    made: NDArray[np.float32] = 255.0 * bright ** np.float32(noise.uniform(*_GAMMA))
    return made


def blur(light: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """The mean over (2 radius + 1) squared pixels; the border is continued."""
    width = 2 * radius + 1
    for axis in (0, 1):
        border = [(radius, radius) if at == axis else (0, 0) for at in range(3)]
        padded = np.pad(light, border, mode="edge")
        count = light.shape[axis]
        shifted = [padded.take(range(shift, shift + count), axis) for shift in range(width)]
        light = np.asarray(np.sum(shifted, axis=0) / np.float32(width), np.float32)
    return light


def compress(light: NDArray[np.float32], coarseness: float) -> NDArray[np.float32]:
    """What JPEG loses: each 8 x 8 block's cosine transform in whole steps.

    Args:
        light: float32 [height, width, channels], 0..255.
        coarseness: Of the steps: 1 is JPEG's quality 50.
    """
    height, width, channels = light.shape
    padded = np.pad(light, ((0, -height % _BLOCK), (0, -width % _BLOCK), (0, 0)), mode="edge")
    rows, columns = padded.shape[0] // _BLOCK, padded.shape[1] // _BLOCK
    blocks = padded.reshape(rows, _BLOCK, columns, _BLOCK, channels).transpose(0, 2, 4, 1, 3)
    basis, steps = _cosines(), _LUMINANCE * np.float32(coarseness)
    waves = np.rint(basis @ (blocks - 128.0) @ basis.T / steps) * steps
    back = (basis.T @ waves @ basis + 128.0).transpose(0, 3, 1, 4, 2)
    whole = back.reshape(padded.shape).astype(np.float32)
    made: NDArray[np.float32] = whole[:height, :width]
    return made


@cache
def _cosines() -> NDArray[np.float32]:
    """The orthonormal cosine transform of eight values, as a matrix."""
    order, place = np.mgrid[0:_BLOCK, 0:_BLOCK]
    basis = np.sqrt(2.0 / _BLOCK) * np.cos(np.pi * (2 * place + 1) * order / (2 * _BLOCK))
    basis[0] /= np.sqrt(2.0)
    made: NDArray[np.float32] = basis.astype(np.float32)
    return made
