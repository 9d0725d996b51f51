"""Sound without holes, from an output that gives packets only while something is played on it.

Windows hands out what an output plays as packets, each with the time of its first sample, and
nothing at all while nobody plays. What stands between them is silence of just that length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.sensors.frame_rate import FrameRate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_HOLD_NS = 60_000_000
"""So long after the newest packet nothing is played any more: six periods of Windows' engine."""
_BEHIND_NS = 15_000_000
"""So far silence stays behind the time: what begins meanwhile is told of one period later."""
_JUMP_NS = 25_000_000
"""Packets that lie so far apart do not follow each other; times of those that do are less wrong,
also of three that were stamped at once."""
_GAIN = 0.1
"""Part of what a packet's time says against counting that is believed while they follow."""
_BELIEVABLE_NS = 1_000_000_000
"""A packet whose time is so far from its arrival has none."""


class Packet(NamedTuple):
    """What an output played.

    Attributes:
        sound: [frames], mono, -1..1.
        begin_ns: When its first sample was played; None: that is not known.
    """

    sound: NDArray[np.float32]
    begin_ns: int | None


class Piece(NamedTuple):
    """Sound that follows the piece before.

    Attributes:
        sound: [frames], at least one.
        end_ns: The time of the end of its last sample.
        lost: Frames before it that were played and not seen.
    """

    sound: NDArray[np.float32]
    end_ns: int
    lost: int


class PacketTimeline:
    """The state of one open output.

    Args:
        rate: Hz.
        holds_ns: What the output keeps for one who comes late. What is missing after a longer time
            was lost, and is no silence.
        now_ns: When it was opened.
    """

    def __init__(self, rate: int, holds_ns: int, now_ns: int) -> None:
        self._rate = rate
        self._holds_ns = holds_ns
        self._device = FrameRate(rate)
        self._opened_ns = self._end_ns = self._looked_ns = now_ns
        self._silent = True
        self._late = False
        self._made_up = 0
        self._lost = 0
        self._sounds: list[NDArray[np.float32]] = []

    @property
    def silent(self) -> bool:
        """Nothing is played."""
        return self._silent

    def take(self, packets: Sequence[Packet], now_ns: int) -> list[Piece]:
        """Takes all packets that there are.

        Args:
            packets: In their order.
            now_ns: When they were asked for.

        Returns:
            What follows the pieces before: usually one, or none.
        """
        self._late = now_ns - self._looked_ns > self._holds_ns
        self._looked_ns = now_ns
        pieces: list[Piece] = []
        for packet in packets:
            self._add(packet, now_ns, pieces)
        behind_ns = now_ns - self._end_ns
        if behind_ns > self._holds_ns:
            self._miss(behind_ns - _BEHIND_NS, pieces)
        elif behind_ns > (_BEHIND_NS if self._silent else _HOLD_NS):
            self._silent = True
            self._fill(behind_ns - _BEHIND_NS)
        self._finish(pieces)
        return pieces

    def _add(self, packet: Packet, now_ns: int, pieces: list[Piece]) -> None:
        sound = packet.sound
        begin_ns = self._begin(packet, now_ns)
        missing_ns = begin_ns - self._end_ns
        if missing_ns > (0 if self._silent else _JUMP_NS):
            if self._late and missing_ns > _JUMP_NS:
                self._miss(missing_ns, pieces)
            else:
                self._fill(missing_ns)
        elif self._silent:
            # It began before the silence that was made up in its place ended.
            cut = min(self._frames(-missing_ns), self._made_up, len(sound))
            self._made_up -= cut
            begin_ns += self._ns(cut)
            sound = sound[cut:]
            if not len(sound):
                return
        follows = not self._silent and missing_ns <= _JUMP_NS
        if not follows:
            self._device.restart()
        self._device.take((begin_ns - self._opened_ns) / 1e9, len(sound))
        if follows:
            begin_ns = self._end_ns + round(_GAIN * missing_ns)
        self._silent = False
        self._made_up = 0
        self._sounds.append(sound)
        self._end_ns = begin_ns + self._ns(len(sound))

    def _begin(self, packet: Packet, now_ns: int) -> int:
        length_ns = self._ns(len(packet.sound))
        begin_ns = packet.begin_ns
        if begin_ns is None or abs(begin_ns - now_ns) > self._holds_ns + _BELIEVABLE_NS:
            return now_ns - length_ns if self._silent else self._end_ns
        return begin_ns

    def _fill(self, span_ns: int) -> None:
        """Silence takes the place of what nobody played, as long as the device would count it."""
        hz = self._device.hz
        frames = round(span_ns * hz / 1e9)
        self._made_up += frames
        self._end_ns += round(frames * 1e9 / hz)
        self._sounds.append(np.zeros(frames, np.float32))

    def _miss(self, span_ns: int, pieces: list[Piece]) -> None:
        """What was played meanwhile is not known."""
        self._finish(pieces)
        frames = self._frames(span_ns)
        self._lost += frames
        self._end_ns += self._ns(frames)

    def _finish(self, pieces: list[Piece]) -> None:
        sound = np.concatenate(self._sounds) if self._sounds else np.empty(0, np.float32)
        self._sounds.clear()
        if len(sound):
            pieces.append(Piece(sound, self._end_ns, self._lost))
            self._lost = 0

    def _frames(self, span_ns: int) -> int:
        return span_ns * self._rate // 1_000_000_000

    def _ns(self, frames: int) -> int:
        return frames * 1_000_000_000 // self._rate
