"""A request's body that is a WAV file: read while it comes, at the rate that the models hear."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.sensors.wave_file import TooLong, WaveFile
from sensorium.service import body
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from starlette.requests import Request

_AT_ONCE = 1 << 20
"""Bytes that are decoded in one go, in a thread."""
_LARGEST_FRAME = 192_000 * 8 * 2
"""Bytes of a second of a stereo file of the highest rate and the widest samples."""
_HEAD = 1 << 20
"""Bytes around the sound: covers and comments."""


class Sound(NamedTuple):
    """A sound of a request.

    Attributes:
        samples: [n], mono, 16 kHz, finite, -1..1.
        duration_s: Of the file.
        missing_s: That its head promises and that is not there.
    """

    samples: NDArray[np.float32]
    duration_s: float
    missing_s: float


async def read(request: Request, longest_min: float) -> Sound:
    """The sound of a request's body.

    Args:
        request: Its body was not touched.
        longest_min: Minutes of the longest sound that is taken.

    Raises:
        Problem: 413; it is longer. 422; it is no WAV file that can be read. And as `body.pieces`.
    """
    remedy = (
        f"cut it into pieces, or set longest_sound_min in [service] (it is {longest_min:g})"
    )
    wave = WaveFile(60 * longest_min)
    parts: list[NDArray[np.float32]] = []
    most = int(60 * longest_min * _LARGEST_FRAME) + _HEAD
    held = bytearray()
    try:
        async for data in body.pieces(request, most, remedy):
            held += data
            if len(held) >= _AT_ONCE:
                parts.append(await asyncio.to_thread(wave.feed, bytes(held)))
                held.clear()
        parts += [await asyncio.to_thread(wave.feed, bytes(held)), wave.finish()]
    except TooLong as error:
        raise Problem(413, f"the sound {error}", remedy) from error
    except ValueError as error:
        raise Problem(
            422, f"the sound {error}",
            "send a WAV file of PCM or float samples: ffmpeg -i FILE -ac 1 -ar 16000 sound.wav",
        ) from error
    return Sound(np.concatenate(parts), wave.duration_s, wave.missing_s)
