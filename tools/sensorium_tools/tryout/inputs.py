"""What a command line names to what a task takes: pictures, sounds, texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError
from sensorium.perception import picture_file
from sensorium.sensors import sound_file
from sensorium.sensors.wave_file import TooLong
from sensorium.service.tasks import texts
from sensorium.service.tasks.task import Takes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.sensors.sound_file import Sound

_LARGEST_PICTURE = 256 << 20
"""Bytes of a file: more than 33 million pixels take as PNG."""


def read(takes: Takes, given: tuple[str, ...], name: str, longest_min: float) -> Any:
    """What a task takes.

    Args:
        takes: Its form.
        given: One path, or texts.
        name: Of the engine, for messages.
        longest_min: Minutes of the longest sound.

    Raises:
        EngineError: It is not of that form, damaged or too large.
        OSError: It cannot be read.
    """
    if takes is Takes.TEXTS:
        return _texts(given, name)
    path = Path(given[0])
    what = "picture" if takes is Takes.PICTURE else "sound"
    if len(given) > 1:
        raise EngineError(f"{name} takes one {what}, not {len(given)}", "try them one by one")
    if not path.is_file():
        said = "is no file" if path.exists() else "there is no such file"
        raise EngineError(f"{path}: {said}, and {name} takes a {what}", f"name a {what}'s file")
    if takes is Takes.PICTURE:
        return _picture(path, name)
    return _sound(path, name, longest_min)


def _texts(given: tuple[str, ...], name: str) -> tuple[str, ...]:
    for text in given:
        # A name that the system cannot have is a text.
        try:
            is_file = Path(text).is_file()
        except (OSError, ValueError):
            is_file = False
        if is_file:
            raise EngineError(
                f"{text}: is a file, and {name} takes texts", "put the text itself in quotes"
            )
    return texts.checked(list(given))


def _picture(path: Path, name: str) -> NDArray[np.uint8]:
    size = path.stat().st_size
    if size > _LARGEST_PICTURE:
        raise EngineError(
            f"{path}: has {size} bytes, {_LARGEST_PICTURE} are allowed", "give a smaller picture"
        )
    try:
        return picture_file.read(path.read_bytes())
    except picture_file.TooLarge as error:
        raise EngineError(f"{path}: {error}", "give a smaller picture") from error
    except ValueError as error:
        raise EngineError(
            f"{path}: {name} takes a picture, and this cannot be read: {error}",
            "give a whole PNG, JPEG or WebP file",
        ) from error


def _sound(path: Path, name: str, longest_min: float) -> Sound:
    try:
        with path.open("rb") as file:
            return sound_file.read(file, 60 * longest_min)
    except TooLong as error:
        raise EngineError(
            f"{path}: the sound {error}",
            f"cut it, or set longest_sound_min in [service] (it is {longest_min:g})",
        ) from error
    except ValueError as error:
        raise EngineError(
            f"{path}: {name} takes a sound, and this {error}",
            f"give a WAV, FLAC, Ogg or MP3 file: ffmpeg -i {path} -ac 1 -ar 16000 sound.wav",
        ) from error
