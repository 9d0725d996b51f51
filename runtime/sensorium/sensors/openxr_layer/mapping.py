"""One session of a game, as its layer tells it: every byte is copied first, then checked."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import SensorError
from sensorium.sensors.openxr_layer import layout
from sensorium.sensors.openxr_layer.checking import frame_is_good, mend_input
from sensorium.sensors.openxr_layer.raw_file import RawFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def _field(name: str) -> int:
    fields: Any = layout.HEADER.fields
    return int(fields[name][1])


_TRIES = 4
_SEQ_BYTES = 8
_OFFSET_MAX_NS = 1 << 62
_NUMBER_MAX = (1 << 63) - 1
_COUNTS_AT = _field("frames")
_COUNTS = struct.Struct(
    f"<Q{_field('clock_offset_ns') - _COUNTS_AT - 8}xqI"
)
"""Of a header, from `frames` to `clock_known`."""


@dataclass(frozen=True)
class About:
    """What the header says when the file is opened; the texts are what the game calls itself.

    Attributes:
        app: Its name, printable, without control characters.
        engine: The same, of its engine.
        runtime: The same, of the OpenXR runtime.
        pid: That it says it has.
        mode: Out of `layout.MODES`.
        extensions: Bits, see `layout.CLOCK`.
    """

    app: str
    engine: str
    runtime: str
    pid: int
    mode: str
    extensions: int


class LayerMapping:
    """Reads one file of the layer. Whatever lies in it, a read ends, and gives checked values.

    Attributes:
        about: The header's constant part.
        refused: Frames and inputs so far that broke a rule.
        torn: Slots so far that were written while they were read, at each of four tries.

    Args:
        path: The file.

    Raises:
        SensorError: It is none of this layer's version, or not this user's; says which.
    """

    def __init__(self, path: Path) -> None:
        self.refused = 0
        self.torn = 0
        self._file = RawFile(path, layout.TOTAL_SIZE)
        try:
            header = self._header()
            self._judge(path, header)
        except BaseException:
            self._file.close()
            raise
        self.about = About(
            _text(header["app"]), _text(header["engine"]), _text(header["runtime"]),
            int(header["pid"]), layout.MODES[int(header["mode"])], int(header["extensions"]),
        )  # fmt: skip

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def is_over(self) -> bool:
        """Whether the session was destroyed, or its process is gone."""
        return bool(self._header()["ended"] == 1) or not self._file.has_writer()

    def clock_offset_ns(self) -> int | None:
        """What to add to a runtime's time for the monotonic clock; None: not known."""
        return self.newest_frame()[1]

    def lost_frames(self) -> int:
        """Frames that the app waited for or began, and never ended."""
        return int(self._header()["lost_frames"])

    def inputs(self) -> int:
        """The number of the newest input; 0 before the first."""
        return int(self._header()["inputs"])

    def newest_input(self, now_ns: int, after: int = 0) -> NDArray[np.void] | None:
        """The newest input, `layout.INPUT`, shape (1,).

        Poses with a value that no headset gives have the flags 0.

        Args:
            now_ns: The monotonic clock.
            after: A number that was read before.

        Returns:
            None: there is none behind `after`, or it was refused.
        """
        number = self.inputs()
        if number <= after:
            return None
        record = self._slot(layout.INPUTS_AT, layout.INPUT, layout.INPUT_SLOTS, number)
        if record is None:
            return None
        if not mend_input(record, now_ns):
            self.refused += 1
            return None
        return record

    def frames_after(self, number: int, now_ns: int) -> tuple[NDArray[np.void], int]:
        """The frames behind the one with this number, oldest first: `layout.FRAME`, shape (n,).

        Args:
            number: The last that was read; 0 at first.
            now_ns: The monotonic clock.

        Returns:
            The frames, and the number to go on with. What was overwritten is missing in `number`.
        """
        found, newest = self.rows_after(number, now_ns)
        rows = bytearray().join(layout.FRAME_ROW.pack(*frame) for frame in found)
        return np.frombuffer(rows, layout.FRAME), newest

    def rows_after(self, number: int, now_ns: int) -> tuple[list[layout.LayerFrame], int]:
        """As `frames_after`, in plain numbers."""
        newest, _ = self.newest_frame()
        if newest < number:
            # Numbers never go back, so this is garbage, or a file that was made anew in place.
            self.refused += 1
            return [], 0
        found = []
        # The oldest slot may be written at any moment.
        for each in range(max(number + 1, newest - layout.FRAME_SLOTS + 2), newest + 1):
            data = self._copy(layout.FRAMES_AT, layout.FRAME.itemsize, layout.FRAME_SLOTS, each)
            if data is None:
                continue
            frame = layout.LayerFrame._make(layout.FRAME_ROW.unpack(data))
            if frame_is_good(frame, now_ns):
                found.append(frame)
            else:
                self.refused += 1
        return found, newest

    def newest_frame(self) -> tuple[int, int | None]:
        """The number of the newest frame, 0 before the first; and `clock_offset_ns`."""
        data = self._file.copy(_COUNTS_AT, _COUNTS.size)
        # A file that was cut short reads as zeros: nothing was ever written.
        newest, offset, known = _COUNTS.unpack(data.ljust(_COUNTS.size, b"\0"))
        return newest, offset if known == 1 and abs(offset) < _OFFSET_MAX_NS else None

    def row_at_a_glance(self, number: int) -> layout.LayerFrame | None:
        """The frame with this number, not checked at all; None: it is not there."""
        place = layout.FRAMES_AT + (number - 1) % layout.FRAME_SLOTS * layout.FRAME.itemsize
        data = self._file.copy(place, layout.FRAME.itemsize)
        if len(data) != layout.FRAME.itemsize:
            return None
        frame = layout.LayerFrame._make(layout.FRAME_ROW.unpack(data))
        return frame if frame.seq == 2 * number else None

    def _header(self) -> np.void:
        data = self._file.copy(0, layout.HEADER.itemsize)
        # A file that was cut short reads as zeros: nothing was ever written.
        whole = np.frombuffer(data.ljust(layout.HEADER.itemsize, b"\0"), layout.HEADER)
        header: np.void = whole[0]
        return header

    def _slot(
        self, at: int, kind: np.dtype[np.void], slots: int, number: int
    ) -> NDArray[np.void] | None:
        """A copy of the slot with this number; None: it is not there (any more)."""
        data = self._copy(at, kind.itemsize, slots, number)
        return None if data is None else np.frombuffer(bytearray(data), kind)

    def _copy(self, at: int, size: int, slots: int, number: int) -> bytes | None:
        place = at + (number - 1) % slots * size
        if number > _NUMBER_MAX:
            self.refused += 1
            return None
        whole, named = ((times * number).to_bytes(_SEQ_BYTES, "little") for times in (2, 1))
        for _ in range(_TRIES):
            # In this order: the word before and after, so that what lies between is whole.
            before = self._file.copy(place, _SEQ_BYTES)
            data = self._file.copy(place, size)
            after = self._file.copy(place, _SEQ_BYTES)
            if before == after == whole and len(data) == size:
                if data[_SEQ_BYTES : 2 * _SEQ_BYTES] == named:
                    return data
                self.refused += 1
                return None
        self.torn += 1
        return None

    def _judge(self, path: Path, header: np.void) -> None:
        if header["magic"] != layout.MAGIC:
            raise SensorError(f"{path} is not (yet) a layer's file")
        if header["version"] != layout.VERSION:
            raise SensorError(
                f"{path}: the layer in the game is of version {header['version']}, "
                f"the daemon knows {layout.VERSION}",
                "sensorium layer install, then start the game anew",
            )
        for name, size in layout.SIZES.items():
            if header[name] != size:
                raise SensorError(f"{path}: {name} is {header[name]}, not {size}", "delete it")
        if header["mode"] >= len(layout.MODES):
            raise SensorError(f"{path}: mode is {header['mode']}", "delete it")


def _text(raw: bytes) -> str:
    """What a game says, as something that a terminal may show."""
    text = bytes(raw).split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(each if each.isprintable() else "\ufffd" for each in text)
