"""Embeddings of sounds, kept: every wake word learns from the same sentences, people and noise.

A file holds one list of jobs. Its name is the sha256 of all that decides it: the jobs, the files of
the front end and the code that mixes sounds.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from sensorium import folders
from sensorium.errors import EngineError
from sensorium_tools.train import acoustics, backgrounds, clips, vocoder, whole_sounds
from sensorium_tools.train.features import Made

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium_tools.train.features import Job, Workers

_PARTS = ("steps", "lengths", "heard", "ends")
_MIXES = (acoustics, backgrounds, clips, vocoder, whole_sounds)
"""What decides a sound, beside what is said in it."""


def folder() -> Path:
    """Where they lie; safe to delete."""
    return folders.cache_dir() / "embeddings"


def run(workers: Workers, label: str, jobs: Sequence[Job]) -> list[Made]:
    """What the jobs give, from the cache where they were run before.

    Raises:
        EngineError: What a job raised; when the cache cannot be written.
    """
    path = folder() / f"{_digest(jobs)}.npz"
    try:
        with path.open("rb") as source, np.load(source) as file:
            steps, lengths, heard, ends = (file[name] for name in _PARTS)
    except (OSError, ValueError, KeyError, BadZipFile):
        made = workers.run(label, jobs)
        _write(path, made)
        return made
    parts = (
        np.split(whole, np.cumsum(counts)[:-1])
        for whole, counts in zip((steps, heard), lengths, strict=True)
    )
    return [Made(one, told, int(end)) for one, told, end in zip(*parts, ends, strict=True)]


def _write(path: Path, made: Sequence[Made]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(
                file, steps=np.concatenate([one.features for one in made]),
                lengths=[[len(one.features) for one in made], [len(one.heard) for one in made]],
                heard=np.concatenate([one.heard for one in made]), ends=[one.end for one in made],
            )
        os.replace(part, path)
    except OSError as error:
        raise EngineError(
            f"{path}: cannot be written: {error.strerror}", "make room, or set SENSORIUM_CACHE_DIR"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _digest(jobs: Sequence[Job]) -> str:
    whole = hashlib.sha256(repr(whole_sounds.installed()).encode())
    for module in _MIXES:
        whole.update(Path(str(module.__file__)).read_bytes())
    for job in jobs:
        whole.update(job.told())
    return whole.hexdigest()
