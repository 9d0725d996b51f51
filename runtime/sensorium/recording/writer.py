"""Writes channels to a recording, within limits of size and time."""

from __future__ import annotations

import time
from enum import Enum
from typing import IO, TYPE_CHECKING, cast

from mcap.writer import CompressionType, Writer

from sensorium import __version__
from sensorium.channels.catalogue import CHANNELS, REGIONS, Channel
from sensorium.clock import now_ns
from sensorium.errors import RecordingError
from sensorium.recording import schema
from sensorium.recording.file import GrowingFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from sensorium.channels.reader import Snapshot
    from sensorium.clock import Clock

MAX_BYTES = 1024 * 1_000_000
MAX_MINUTES = 30.0

CLOCK = "sensorium.clock"
"""Name of the metadata that ties the daemon's clock to the wall's."""
ABOUT = "sensorium.recording"
"""Name of the metadata that says what was recorded, by what."""
END = "sensorium.end"
"""Name of the metadata that says why it ended and what was lost; missing after a crash."""

_CHUNK_BYTES = 1 << 20
_FLUSH_NS = 1_000_000_000
_MESSAGE_OVERHEAD = 64
"""Bytes around a message: its own header (31) and its place in the index (16), rounded up."""
_SUMMARY_BYTES = 4096
_SUMMARY_BYTES_A_CHUNK = 512
_SUMMARY_BYTES_A_CHANNEL = 8192


class Stop(Enum):
    """Why a recording ended by itself."""

    BYTES = "the largest size is reached"
    MINUTES = "the longest time is reached"
    DISK = "the disk is full"


def channels_of(classes: Collection[str]) -> tuple[Channel, ...]:
    """The channels of some grant classes, in the catalogue's order.

    Raises:
        RecordingError: When a class does not exist, or none is named.
    """
    unknown = sorted(set(classes) - set(REGIONS))
    if unknown or not classes:
        what = f"no grant class is named {', '.join(unknown)}" if unknown else "no class is named"
        raise RecordingError(what, f"name some of: {', '.join(REGIONS)}")
    return tuple(channel for channel in CHANNELS.values() if channel.region in classes)


class Recorder:
    """One recording that grows.

    Args:
        path: The new file; it must not exist.
        classes: The grant classes to take; no channel of another class is ever written.
        max_bytes: The file stays below this size.
        max_minutes: From the first record's publish time to the last one's.
        clock: The daemon's clock, whose zero is tied to the wall clock now.
        wall: Gives Unix time in ns.

    Attributes:
        stopped: Why no more is taken; None while it runs.
        messages: Records written so far.
        lost: Channel to records that its cursor missed; the caller counts, `close` writes it.

    Raises:
        RecordingError: The file cannot be made, or a class does not exist.
    """

    def __init__(
        self,
        path: Path,
        classes: Collection[str],
        *,
        max_bytes: int = MAX_BYTES,
        max_minutes: float = MAX_MINUTES,
        clock: Clock = now_ns,
        wall: Clock = time.time_ns,
    ) -> None:
        self.path = path
        self.classes = tuple(region for region in REGIONS if region in classes)
        self.channels = channels_of(classes)
        self.stopped: Stop | None = None
        self.messages = 0
        self.lost: dict[str, int] = {}
        self._max_bytes = max_bytes
        self._max_ns = int(max_minutes * 60e9)
        self._first_ns: int | None = None
        self._flushed_ns = 0
        self._open_bytes = 0
        self._chunks = 0
        self._closed = False
        self._wall_offset_ns = wall() - clock()
        self._file = GrowingFile(path)
        self._writer = Writer(
            cast("IO[bytes]", self._file),
            chunk_size=2 * _CHUNK_BYTES,
            compression=CompressionType.ZSTD,
        )
        self._ids = self._start()

    @property
    def bytes(self) -> int:
        """Bytes on the disk, without those that wait for their chunk (at most a second)."""
        return self._file.size

    def write(self, channel: str, sample: Snapshot) -> bool:
        """Takes one record.

        Args:
            channel: Its name; one of `channels`.
            sample: As a cursor read it.

        Returns:
            False when nothing more is taken; `stopped` says why.

        Raises:
            RecordingError: The channel is of a class that was not named.
        """
        if self.stopped:
            return False
        try:
            channel_id = self._ids[channel]
        except KeyError:
            raise RecordingError(
                f"channel {channel} is not of the recorded classes {', '.join(self.classes)}"
            ) from None
        if self._first_ns is None:
            self._first_ns = self._flushed_ns = sample.publish_ns
        if sample.publish_ns - self._first_ns > self._max_ns:
            return self._stop(Stop.MINUTES)
        message = schema.encode(sample)
        cost = len(message) + _MESSAGE_OVERHEAD
        if self._size_with(cost) > self._max_bytes:
            self.flush()
            if self._size_with(cost) > self._max_bytes:
                return self._stop(Stop.BYTES)
        self._writer.add_message(
            channel_id,
            log_time=sample.publish_ns + self._wall_offset_ns,
            data=message,
            publish_time=sample.capture_ns + self._wall_offset_ns,
            sequence=sample.n & 0xFFFFFFFF,
        )
        self.messages += 1
        self._open_bytes += cost
        if (
            self._open_bytes >= _CHUNK_BYTES
            or sample.publish_ns - self._flushed_ns >= _FLUSH_NS
        ):
            self._flushed_ns = sample.publish_ns
            self.flush()
        return self.stopped is None

    def write_all(self, samples: Iterable[tuple[str, Snapshot]]) -> bool:
        """Takes records until there are no more, or nothing more is taken."""
        return all(self.write(channel, sample) for channel, sample in samples)

    def flush(self) -> None:
        """Puts on the disk what was taken so far; done by itself at least once a second."""
        if self.stopped or not self._open_bytes:
            return
        self._writer.flush()
        self._open_bytes = 0
        self._chunks += 1
        self._commit()

    def close(self) -> None:
        """Ends the recording with its index. The file is readable whatever happens here."""
        if self._closed:
            return
        self._closed = True
        if self.stopped is not Stop.DISK:
            self._writer.add_metadata(END, self._end())
            self._writer.finish()
            self._commit(last=True)
        self._file.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> dict[str, int]:
        self._writer.start(profile="", library=f"sensorium {__version__}")
        self._writer.add_metadata(
            CLOCK, {"wall_offset_ns": str(self._wall_offset_ns), "unit": "ns, monotonic"}
        )
        self._writer.add_metadata(
            ABOUT, {"classes": " ".join(self.classes), "sensorium": __version__}
        )
        schemas: dict[int, int] = {}
        ids = {}
        for channel in self.channels:
            record = channel.record
            if record.id not in schemas:
                schemas[record.id] = self._writer.register_schema(
                    schema.schema_name(record), schema.SCHEMA_ENCODING, schema.definition(record)
                )
            ids[channel.name] = self._writer.register_channel(
                schema.TOPIC + channel.name,
                schema.MESSAGE_ENCODING,
                schemas[record.id],
                schema.metadata(record, channel.region),
            )
        try:
            self._file.commit()
        except OSError as error:
            self._file.close()
            raise RecordingError(
                f"{self.path}: cannot be written: {error.strerror}", "free some space"
            ) from error
        return ids

    def _size_with(self, cost: int) -> int:
        summary = (
            _SUMMARY_BYTES
            + _SUMMARY_BYTES_A_CHUNK * (self._chunks + 1)
            + _SUMMARY_BYTES_A_CHANNEL * len(self._ids)
        )
        return self._file.size + self._open_bytes + cost + summary

    def _commit(self, *, last: bool = False) -> None:
        try:
            self._file.commit(last=last)
        except OSError:
            self.stopped = Stop.DISK

    def _stop(self, why: Stop) -> bool:
        self.flush()
        self.stopped = self.stopped or why
        return False

    def _end(self) -> dict[str, str]:
        lost = {f"lost.{name}": str(count) for name, count in self.lost.items() if count}
        return {"reason": self.stopped.value if self.stopped else "closed", **lost}
