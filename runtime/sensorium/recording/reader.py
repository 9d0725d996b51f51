"""Reads a recording back, in the order in which its records were published."""

from __future__ import annotations

import heapq
from typing import IO, TYPE_CHECKING

from mcap.records import Channel as McapChannel
from mcap.records import Message

from sensorium import records
from sensorium.errors import RecordingError
from sensorium.recording import index, schema
from sensorium.recording.writer import ABOUT, CLOCK, END

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from sensorium.channels.reader import Snapshot
    from sensorium.records import Record


class Recording:
    """A recording that is open for reading.

    Args:
        path: An MCAP file that `Recorder` wrote; one whose writer was killed is read as far as
            it goes.

    Attributes:
        channels: Name to record, of every channel that the recording may hold.
        counts: Name to number of records; channels without any are left out.
        classes: The grant classes that were recorded.
        complete: False when its writer was killed before it closed the file.
        reason: Why it ended; empty when unknown.
        lost: Channel to records that the recorder missed.
        wall_offset_ns: Wall clock (Unix time) minus the daemon's clock.
        duration_ns: From the first record to the last, by publish time.

    Raises:
        RecordingError: Names the file and what is wrong: missing, foreign, damaged, or of
            another major version of a record (with both numbers).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file: IO[bytes] = path.open("rb")
        except OSError as error:
            raise RecordingError(
                f"{path}: cannot be read: {error.strerror}", "name a recording"
            ) from error
        try:
            self._read_head()
        except BaseException:
            self._file.close()
            raise

    def events(self, channels: Collection[str] | None = None) -> Iterator[tuple[str, Snapshot]]:
        """Every record, ordered by publish time; equal times in the file's order.

        Args:
            channels: Only these; None: all.

        Yields:
            The channel's name and the record with the daemon's own times.

        Raises:
            RecordingError: A part is damaged; what came before it was whole.
        """
        wanted = {
            id_: (name, self.channels[name].size)
            for id_, name in self._ids.items()
            if channels is None or name in channels
        }
        for message in self._messages():
            found = wanted.get(message.channel_id)
            if found is not None:
                name, size = found
                yield name, self._decode(message, size)

    def close(self) -> None:
        """Closes the file; iterators over it end with an error."""
        self._file.close()

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_head(self) -> None:
        self._index = index.walk(self._file, self.path)
        about, clock = self._index.metadata.get(ABOUT), self._index.metadata.get(CLOCK)
        if about is None or clock is None:
            raise RecordingError(
                f"{self.path}: is an MCAP file, but not one of Sensorium",
                "record one with: sensorium record",
            )
        end = self._index.metadata.get(END, {})
        self.complete = self._index.complete
        self.classes = tuple(about.get("classes", "").split())
        self.reason = end.get("reason", "")
        self.lost = {
            key.removeprefix("lost."): int(value)
            for key, value in end.items()
            if key.startswith("lost.") and value.isdecimal()
        }
        try:
            self.wall_offset_ns = int(clock["wall_offset_ns"])
        except (KeyError, ValueError) as error:
            raise index.damaged(self.path, 0, error) from error
        self.channels: dict[str, Record] = {}
        self._ids: dict[int, str] = {}
        for place in self._index.chunks:
            if self._ids and self._index.counts.keys() <= self._ids.keys():
                break
            for item in index.load(self._file, self.path, place):
                if isinstance(item, McapChannel):
                    self._know(item)
        self.counts = {
            self._ids[id_]: count
            for id_, count in self._index.counts.items()
            if count and id_ in self._ids
        }
        times = [(place.start_ns, place.end_ns) for place in self._index.chunks]
        self.duration_ns = max(e for _, e in times) - min(s for s, _ in times) if times else 0

    def _know(self, channel: McapChannel) -> None:
        name = channel.topic.removeprefix(schema.TOPIC)
        meta = channel.metadata
        try:
            id_, major = int(meta["record_id"]), int(meta["record_major"])
        except (KeyError, ValueError) as error:
            raise RecordingError(
                f"{self.path}: topic {channel.topic} does not say which record it holds",
                "record one with: sensorium record",
            ) from error
        record = records.BY_ID.get(id_)
        if record is None or record.major != major:
            known = f"{record.name} {record.major}" if record else "no such record"
            raise RecordingError(
                f"{self.path}: channel {name} holds record {id_} of major version {major}, "
                f"this version of Sensorium knows {known}",
                "replay it with the version of Sensorium that recorded it",
            )
        self.channels[name] = record
        self._ids[channel.id] = name

    def _messages(self) -> Iterator[Message]:
        """Merges the chunks by log time; holds only those that overlap in time."""
        waiting = sorted(self._index.chunks, key=lambda place: place.start_ns, reverse=True)
        heap: list[tuple[int, int, int, Message]] = []
        while heap or waiting:
            while waiting and (not heap or waiting[-1].start_ns <= heap[0][0]):
                place = waiting.pop()
                for position, item in enumerate(index.load(self._file, self.path, place)):
                    if isinstance(item, Message):
                        heapq.heappush(heap, (item.log_time, place.offset, position, item))
            if heap:
                yield heapq.heappop(heap)[3]

    def _decode(self, message: Message, size: int) -> Snapshot:
        try:
            return schema.decode(message.data, size)
        except ValueError as error:
            raise RecordingError(
                f"{self.path}: message {message.sequence} of channel "
                f"{self._ids[message.channel_id]} is damaged: {error}",
                "use another copy",
            ) from error
