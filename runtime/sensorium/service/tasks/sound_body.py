"""A request's body that is a sound file, at the rate that the models hear; WAV while it comes."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import numpy as np

from sensorium.sensors import sound_file
from sensorium.sensors.compressed_file import is_compressed
from sensorium.sensors.sound_file import Sound
from sensorium.sensors.wave_file import TooLong, WaveFile
from sensorium.service import body
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from numpy.typing import NDArray
    from starlette.requests import Request

_AT_ONCE = 1 << 20
"""Bytes that are decoded in one go, in a thread."""
_LARGEST_FRAME = 192_000 * 8 * 2
"""Bytes of a second of a stereo file of the highest rate and the widest samples."""
_SHORTEST = 4
"""Bytes that tell of what kind a file is."""
_HEAD = 1 << 20
"""Bytes around the sound: covers and comments."""


async def read(request: Request, longest_min: float, max_bytes: int) -> Sound:
    """The sound of a request's body: WAV, FLAC, Ogg (Vorbis, Opus) or MP3, by its content.

    Args:
        request: Its body was not touched.
        longest_min: Minutes of the longest sound that is taken.
        max_bytes: Of a compressed file, which is held as a whole.

    Raises:
        Problem: 413; it is longer. 422; it is no file that can be read. And as `body.pieces`.
    """
    remedy = (
        f"cut it into pieces, or set longest_sound_min in [service] (it is {longest_min:g})"
    )
    most = int(60 * longest_min * _LARGEST_FRAME) + _HEAD
    pieces = body.pieces(request, most, remedy)
    try:
        begun = b""
        async for piece in pieces:
            begun += piece
            if len(begun) >= _SHORTEST:
                break
        if is_compressed(begun):
            whole = await _whole(begun, pieces, max_bytes)
            return await asyncio.to_thread(sound_file.read, io.BytesIO(whole), 60 * longest_min)
        return await _wave(begun, pieces, 60 * longest_min)
    except TooLong as error:
        raise Problem(413, f"the sound {error}", remedy) from error
    except ValueError as error:
        raise Problem(
            422, f"the sound {error}",
            "send a whole WAV, FLAC, Ogg or MP3 file: ffmpeg -i FILE -ac 1 -ar 16000 sound.wav",
        ) from error


async def _whole(begun: bytes, pieces: AsyncIterator[bytes], max_bytes: int) -> bytes:
    """A file that is decoded when all of it is there.

    Raises:
        Problem: 413; it is larger than `max_bytes`.
    """
    held = bytearray(begun)
    async for piece in pieces:
        held += piece
        if len(held) > max_bytes:
            raise Problem(
                413, f"the compressed sound has more than {max_bytes} bytes",
                "send less, or raise max_body_mib in [service]", {"Connection": "close"},
            )
    return bytes(held)


async def _wave(held: bytes, pieces: AsyncIterator[bytes], longest_s: float) -> Sound:
    wave = WaveFile(longest_s)
    parts: list[NDArray[np.float32]] = []
    waiting = bytearray(held)
    async for piece in pieces:
        waiting += piece
        if len(waiting) >= _AT_ONCE:
            parts.append(await asyncio.to_thread(wave.feed, bytes(waiting)))
            waiting.clear()
    parts += [await asyncio.to_thread(wave.feed, bytes(waiting)), wave.finish()]
    return Sound(np.concatenate(parts), wave.duration_s, wave.missing_s)
