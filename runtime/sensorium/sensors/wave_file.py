"""A WAV file, in pieces of any length, to mono sound at 16 kHz.

Format: Multimedia Programming Interface and Data Specifications 1.0 (Microsoft and IBM, 1991), with
WAVE_FORMAT_EXTENSIBLE of Windows' mmreg.h.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.sensors.audio_blocks import RATE
from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATES = (8_000, 192_000)
"""Hz, the lowest and the highest."""
MOST_CHANNELS = 32
LOUDEST = 16.0
"""A float sample beyond is none of a file whose full scale is 1."""
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""Of the sub-formats that are a plain format's number (KSDATAFORMAT_SUBTYPE_PCM and others)."""
_OPEN_ENDED = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Lengths that are written by who cannot go back to the file's head, as into a pipe."""
_LARGEST_FORMAT = 1024
_SAMPLES = {
    (_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 24): "u1", (_PCM, 32): "<i4",
    (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8",
}  # fmt: skip
"""Format and bits to what numpy reads them as."""


class TooLong(ValueError):
    """The file holds more sound than is allowed."""


class Format(NamedTuple):
    """What the chunk `fmt ` says."""

    kind: int
    channels: int
    rate_hz: int
    bits: int

    @property
    def frame(self) -> int:
        """Bytes of one sample of each channel."""
        return self.channels * self.bits // 8


class WaveFile:
    """One file; it is fed and then finished.

    Args:
        longest_s: Sound of more seconds is refused, as soon as it is known.

    Attributes:
        format: None as long as it is not known.
        frames: Samples of each channel so far, at the file's own rate.
    """

    def __init__(self, longest_s: float) -> None:
        self.format: Format | None = None
        self.frames = 0
        self._longest_s = longest_s
        self._held = b""
        self._begun = self._within = False
        self._skip = 0
        self._left: int | None = None
        self._resampler: Resampler | None = None

    @property
    def duration_s(self) -> float:
        """Of the sound so far."""
        return self.frames / self.format.rate_hz if self.format else 0.0

    @property
    def missing_s(self) -> float:
        """Sound that the head promises and that has not come."""
        if self.format is None or self._left is None:
            return 0.0
        return self._left // self.format.frame / self.format.rate_hz

    def feed(self, data: bytes) -> NDArray[np.float32]:
        """Takes the next bytes and gives what they add, [n], mono, 16 kHz, -1..1.

        Raises:
            TooLong: See `longest_s`.
            ValueError: When it is no WAV file, or one of a kind that is not read.
        """
        self._held += data
        if not self._within:
            self._read_head()
        return self._read_sound() if self._within else np.zeros(0, np.float32)

    def finish(self) -> NDArray[np.float32]:
        """What the resampler held back.

        Raises:
            ValueError: When the sound never began.
        """
        if not self._within:
            raise ValueError(_NO_WAV if not self._begun else "ends before its sound")
        if self._resampler is None or self.format is None:
            return np.zeros(0, np.float32)
        return self._resampler.process(
            np.zeros(round(self._resampler.delay_s * self.format.rate_hz), np.float32)
        )

    def _read_head(self) -> None:
        if not self._begun:
            if len(self._held) < 12:
                return
            if self._held[:4] != b"RIFF" or self._held[8:12] != b"WAVE":
                raise ValueError(_NO_WAV)
            self._held, self._begun = self._held[12:], True
        while not self._within:
            skipped = min(self._skip, len(self._held))
            self._held, self._skip = self._held[skipped:], self._skip - skipped
            if self._skip or len(self._held) < 8:
                return
            name, size = struct.unpack("<4sI", self._held[:8])
            if name == b"data":
                self._begin(size)
            elif name != b"fmt ":
                self._held, self._skip = self._held[8:], size + size % 2
            elif size > _LARGEST_FORMAT:
                raise ValueError("its format is damaged")
            elif len(self._held) < 8 + size:
                return
            else:
                self.format = _format(self._held[8 : 8 + size])
                self._held, self._skip = self._held[8 + size :], size % 2

    def _begin(self, size: int) -> None:
        if self.format is None:
            raise ValueError("its sound comes before its format")
        self._held, self._within = self._held[8:], True
        self._left = None if size in _OPEN_ENDED else size
        if self.format.rate_hz != RATE:
            self._resampler = Resampler(self.format.rate_hz, RATE)
        self._check_length(self._left or 0)

    def _read_sound(self) -> NDArray[np.float32]:
        assert self.format is not None
        held = self._held if self._left is None else self._held[: self._left]
        whole = len(held) // self.format.frame * self.format.frame
        self._held = self._held[whole:]
        if self._left is not None:
            self._left -= whole
            if self._left < self.format.frame:
                self._held = b""
        self._check_length(whole)
        sound = _mono(held[:whole], self.format, self.frames)
        self.frames += whole // self.format.frame
        return self._resampler.process(sound) if self._resampler else sound

    def _check_length(self, more: int) -> None:
        assert self.format is not None
        seconds = (self.frames + more // self.format.frame) / self.format.rate_hz
        if seconds > self._longest_s:
            raise TooLong(f"holds {seconds:.1f} s of sound, {self._longest_s:g} s are allowed")


_NO_WAV = "is not a WAV file: it does not begin with RIFF and WAVE"


def _format(body: bytes) -> Format:
    if len(body) < 16:
        raise ValueError("its format is damaged")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
    if kind == _EXTENSIBLE and len(body) >= 40 and body[26:40] == _GUID_TAIL:
        kind = int.from_bytes(body[24:26], "little")
    found = Format(kind, channels, rate, bits)
    if (kind, bits) not in _SAMPLES:
        raise ValueError(
            f"has samples of format {kind} with {bits} bits; PCM of 8, 16, 24 and 32 bits and "
            "floats of 32 and 64 are read"
        )
    if not 1 <= channels <= MOST_CHANNELS or not RATES[0] <= rate <= RATES[1]:
        raise ValueError(
            f"has {channels} channels of {bits} bits at {rate} Hz; 1 to {MOST_CHANNELS} channels "
            f"at {RATES[0]:,} to {RATES[1]:,} Hz are read"
        )
    return found


def _mono(data: bytes, form: Format, at: int) -> NDArray[np.float32]:
    """The channels' mean, [frames]."""
    values = np.frombuffer(data, _SAMPLES[form.kind, form.bits])
    sound: NDArray[np.float32]
    if form.kind == _FLOAT:
        # Not "at least": no comparison holds for what is no number.
        if not (np.abs(values) <= LOUDEST).all():
            raise ValueError(_bad_sample(values, form, at))
        sound = np.clip(values, -1.0, 1.0).astype(np.float32)
    elif form.bits == 8:
        sound = (values.astype(np.float32) - 128) / np.float32(128)
    elif form.bits == 24:
        wide = np.zeros((len(values) // 3, 4), np.uint8)
        wide[:, 1:] = values.reshape(-1, 3)
        sound = wide.view("<i4").ravel().astype(np.float32) / np.float32(1 << 31)
    else:
        sound = values.astype(np.float32) / np.float32(1 << form.bits - 1)
    mean: NDArray[np.float32] = sound.reshape(-1, form.channels).mean(axis=1, dtype=np.float32)
    return mean


def _bad_sample(values: NDArray[np.floating], form: Format, at: int) -> str:
    first = int(np.argmax(~(np.abs(values) <= LOUDEST)))
    seconds = (at + first // form.channels) / form.rate_hz
    what = f"{values[first]:g}" if np.isfinite(values[first]) else "no number"
    return f"has a sample at {seconds:.3f} s that is {what}; its full scale must be 1"
