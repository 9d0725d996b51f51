"""The pieces of an MCAP file, found by walking over them: works without a summary or an end."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO, TYPE_CHECKING

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Chunk, Metadata
from mcap.stream_reader import breakup_chunk
from mcap.writer import MCAP0_MAGIC

from sensorium.errors import RecordingError

if TYPE_CHECKING:
    from pathlib import Path

    from mcap.records import McapRecord

_PREFIX = struct.Struct("<BQ")
_CHUNK_TIMES = struct.Struct("<QQQ")
_MESSAGE_INDEX = struct.Struct("<HI")
_MESSAGE_INDEX_ITEM = 16
_MAX_CHUNK_BYTES = 256 << 20
"""A chunk that claims to be larger than this is damaged."""
_ALONE = (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE)
_DAMAGED = "use another copy; a damaged recording cannot be trusted"


@dataclass(frozen=True)
class ChunkPlace:
    """One chunk: where it lies and what times it spans."""

    offset: int
    length: int
    start_ns: int
    end_ns: int


@dataclass
class Index:
    """What was found.

    Attributes:
        chunks: In the file's order.
        metadata: Name to values.
        counts: Channel id to messages, as the chunks' indexes say.
        complete: False: the file ends in the middle; its writer was killed.
    """

    chunks: list[ChunkPlace] = field(default_factory=list)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    complete: bool = False


def walk(file: IO[bytes], path: Path) -> Index:
    """Finds the chunks and the metadata of a file.

    Raises:
        RecordingError: It is not an MCAP file, is of another make, or damaged.
    """
    size = file.seek(0, 2)
    file.seek(0)
    if file.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC:
        raise RecordingError(f"{path}: is not a recording (no MCAP file)", "name another file")
    index = Index()
    offset = len(MCAP0_MAGIC)
    while offset + _PREFIX.size <= size:
        file.seek(offset)
        opcode, length = _PREFIX.unpack(file.read(_PREFIX.size))
        if opcode == Opcode.DATA_END:
            index.complete = True
            break
        offset += _PREFIX.size
        if offset + length > size:
            break
        if opcode in _ALONE:
            raise RecordingError(
                f"{path}: has messages outside of chunks, as Sensorium never writes them",
                "name a recording of Sensorium",
            )
        try:
            if opcode == Opcode.CHUNK:
                start, end, full = _CHUNK_TIMES.unpack(file.read(_CHUNK_TIMES.size))
                if full > _MAX_CHUNK_BYTES or end < start:
                    raise ValueError(f"a chunk of {full} bytes from {start} to {end}")
                index.chunks.append(ChunkPlace(offset, length, start, end))
            elif opcode == Opcode.MESSAGE_INDEX:
                id_, items = _MESSAGE_INDEX.unpack(file.read(_MESSAGE_INDEX.size))
                index.counts[id_] = index.counts.get(id_, 0) + items // _MESSAGE_INDEX_ITEM
            elif opcode == Opcode.METADATA:
                metadata = Metadata.read(ReadDataStream(BytesIO(file.read(length))))
                index.metadata[metadata.name] = dict(metadata.metadata)
        except (McapError, ValueError, struct.error) as error:
            raise damaged(path, offset, error) from error
        offset += length
    if not index.complete and _ends_well(file, size):
        raise damaged(path, offset, ValueError("a piece reaches beyond the end of the file"))
    return index


def load(file: IO[bytes], path: Path, place: ChunkPlace) -> list[McapRecord]:
    """The schemas, channels and messages of one chunk, its checksum compared.

    Raises:
        RecordingError: It is damaged.
    """
    # The decompressors raise their own kinds of errors, none of which the mcap library declares.
    try:
        file.seek(place.offset)
        chunk = Chunk.read(ReadDataStream(BytesIO(file.read(place.length))))
        return breakup_chunk(chunk, validate_crc=True)
    except Exception as error:
        raise damaged(path, place.offset, error) from error


def damaged(path: Path, offset: int, error: Exception) -> RecordingError:
    """The error for a file that is damaged at a byte offset."""
    detail = str(error) or type(error).__name__
    return RecordingError(f"{path}: is damaged at byte {offset}: {detail}", _DAMAGED)


def _ends_well(file: IO[bytes], size: int) -> bool:
    file.seek(max(0, size - len(MCAP0_MAGIC)))
    return size > 2 * len(MCAP0_MAGIC) and file.read() == MCAP0_MAGIC
