"""Archives: a member comes back as it is; a damaged archive is an error that names it."""

from __future__ import annotations

import io
import lzma
import random
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from sensorium.errors import EngineError
from sensorium_tools.archive import read_member
from sensorium_tools.samples import archive_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTENT = {f"folder/{name}": random.Random(name).randbytes(600) + bytes(900) for name in "abc"}
WANTED = "folder/b"
DAMAGED = 200


def zipped(method: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in CONTENT.items():
            archive.writestr(name, data)
    return made.getvalue()


def tarred(mode: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, data in CONTENT.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


ARCHIVES = {
    "zip": zipped(zipfile.ZIP_DEFLATED),
    "stored.zip": zipped(zipfile.ZIP_STORED),
    "bzip2.zip": zipped(zipfile.ZIP_BZIP2),
    "lzma.zip": zipped(zipfile.ZIP_LZMA),
    "tar": tarred("w"),
    "tar.gz": tarred("w:gz"),
    "tar.xz": tarred("w:xz"),
    "tar.bz2": tarred("w:bz2"),
    # The same without a checksum, as a damaged one is not found out by it.
    "tar.lzma": lzma.compress(tarred("w"), lzma.FORMAT_ALONE),
}


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The same with some bytes changed, cut out or put in, or without its end."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 40))):
        at = rng.randrange(len(changed))
        match rng.randrange(4):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                changed[at] = rng.choice((0, 0xFF, 0x7F, 0x80))
            case 2:
                del changed[at : at + rng.randrange(1, 20)]
            case _:
                changed[at:at] = rng.randbytes(rng.randrange(1, 20))
    return bytes(changed[: rng.randrange(1, len(changed))] if rng.random() < 0.2 else changed)


def refusal(read: Callable[..., object], *arguments: object) -> str:
    """What an EngineError says; empty where there is none."""
    try:
        read(*arguments)
    except EngineError as error:
        return error.message
    return ""


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_member_comes_back_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"package.{kind}"
    path.write_bytes(ARCHIVES[kind])
    for name, data in CONTENT.items():
        assert read_member(path, name) == data
    with pytest.raises(EngineError, match="there is no folder/d inside"):
        read_member(path, "folder/d")


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_damaged_archive_is_an_error_that_names_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"package.{kind}"
    refused = 0
    for seed in range(DAMAGED):
        path.write_bytes(damaged(ARCHIVES[kind], random.Random(f"{kind} {seed}")))
        said = [
            refusal(read_member, path, WANTED), refusal(archive_files.read, path, ("folder/*",))
        ]
        assert all(path.name in message for message in said if message)
        refused += any(said)
    assert refused > DAMAGED // 10


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_within_an_archive_is_read_and_its_damage_named(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "outer.zip"
    for seed, inner in enumerate([ARCHIVES[kind], ARCHIVES[kind][:1000]]):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner", inner)
        if seed:
            with pytest.raises(EngineError, match=r"outer\.zip"):
                read_member(path, f"inner!{WANTED}")
        else:
            assert read_member(path, f"inner!{WANTED}") == CONTENT[WANTED]
