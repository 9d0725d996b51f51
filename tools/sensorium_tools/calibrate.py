"""`sensorium-engines calibrate`: makes sets of the user's own recording; they stay on this PC."""

from __future__ import annotations

import io
import os
import shutil
import wave
from typing import TYPE_CHECKING, Any

import numpy as np
import tomli_w

from sensorium import folders
from sensorium.errors import EngineError
from sensorium.recording import Recording
from sensorium_tools import recorded
from sensorium_tools.samples import manifest
from sensorium_tools.samples.checks import RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sensorium_tools.progress import Progress
    from sensorium_tools.recorded import Piece

SUFFIXES = {"hand": "hands", "sound": "sound"}
"""Kind to what is put behind the name: a set holds one kind."""


def calibrate(recording: Path, name: str, progress: Progress) -> dict[str, Any]:
    """Makes the sets NAME-hands and NAME-sound of what a recording holds.

    Every other piece is for evaluation. Both sides are the same wearer: that is what such a set
    is for. The sets lie in the user's data folder, readable by the user alone, and
    `sensorium purge --calibration` deletes them.

    Args:
        recording: An MCAP file that `sensorium record` wrote.
        name: Of the sets.
        progress: Told of each set.

    Returns:
        name, state, samples, folder and, of each set, its name, kind, folder and pieces.

    Raises:
        RecordingError: When the recording is missing, foreign or damaged.
        EngineError: When it holds neither hands nor sound, the name is taken or not allowed, or
            the sets cannot be written.
    """
    room = folders.data_dir() / "calibration"
    targets = {kind: room / f"{name}-{suffix}" for kind, suffix in SUFFIXES.items()}
    if not all(manifest.NAME.fullmatch(f"{name}-{suffix}") for suffix in SUFFIXES.values()):
        raise EngineError(
            f'"{name}" cannot be the name of a set',
            "small letters, digits and hyphens, a letter or digit first, at most 57",
        )
    for target in targets.values():
        if target.exists():
            raise EngineError(
                f"{target}: there is a set of that name", "take another --name, or delete it"
            )
    parts = {kind: room / f".{path.name}.{os.getpid()}.part" for kind, path in targets.items()}
    try:
        room.mkdir(mode=0o700, parents=True, exist_ok=True)
        with Recording(recording) as opened:
            progress.say(f"{name}: reading {recording}")
            counts = {
                "hand": _write(parts["hand"], targets["hand"].name, "hand", recording,
                               recorded.hands(opened)),
                "sound": _write(parts["sound"], targets["sound"].name, "sound", recording,
                                recorded.sounds(opened)),
            }
        made = {kind: count for kind, count in counts.items() if count}
        if not made:
            raise EngineError(
                f"{recording}: holds neither hands nor sound for a set, two seconds at least",
                "record some: sensorium record --classes motion,audio",
            )
        _publish({parts[kind]: targets[kind] for kind in made})
    except OSError as error:
        raise EngineError(
            f"{error.filename or room}: cannot be written: {error.strerror}",
            "make room, or set SENSORIUM_DATA_DIR",
        ) from error
    finally:
        for part in parts.values():
            shutil.rmtree(part, ignore_errors=True)
    sets = [
        {"name": targets[kind].name, "kind": kind, "folder": str(targets[kind]), "samples": count}
        for kind, count in made.items()
    ]
    for row in sets:
        progress.say(f"{row['name']}: {row['samples']} samples in {row['folder']}")
    return {
        "name": name, "state": "made", "samples": sum(made.values()), "folder": str(room),
        "sets": sets,
    }


def _write(
    folder: Path, name: str, kind: str, recording: Path, pieces: Iterable[Piece]
) -> int:
    """Writes a set; gives its number of samples, 0 where there are too few for two sides."""
    written, samples = 0, 0
    for written, piece in enumerate(pieces, 1):
        side = folder / manifest.PARTS[(written - 1) % 2]
        for made in (folder, side):
            made.mkdir(mode=0o700, exist_ok=True)
        suffix = "wav" if kind == "sound" else "f32"
        path = side / f"{piece.name}-{written:05d}.{suffix}"
        _put(path, _wav(piece.data) if kind == "sound" else piece.data.astype("<f4").tobytes())
        samples += 1 if kind == "sound" else len(piece.data)
    if written < 2:
        return 0
    _put(folder / manifest.FILE_NAME, tomli_w.dumps(_manifest(name, kind, recording)).encode())
    return samples


def _manifest(name: str, kind: str, recording: Path) -> dict[str, Any]:
    return {
        "set": {
            "format": manifest.FORMAT,
            "name": name,
            "title": f"Made of {recording.name}; private",
            "kind": kind,
        },
        "sources": [
            {
                "name": f"recording-{part}",
                "kind": "folder",
                "part": part,
                "reader": kind,
                "paths": [f"{part}/*"],
                "licence": "private",
                "licence_from": "the wearer's own recording",
                "redistribution": False,
                "truth": "nothing is known of it; agreement with fp32 is what it shows",
            }
            for part in manifest.PARTS
        ],
    }


def _publish(moves: dict[Path, Path]) -> None:
    """Gives all sets their names, or none."""
    done: list[Path] = []
    try:
        for part, target in moves.items():
            part.rename(target)
            done.append(target)
    except OSError:
        for target in done:
            shutil.rmtree(target, ignore_errors=True)
        raise


def _put(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)


def _wav(sound: np.ndarray[Any, np.dtype[np.float32]]) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes())
    return buffer.getvalue()

