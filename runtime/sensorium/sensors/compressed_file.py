"""A FLAC, Ogg (Vorbis, Opus) or MP3 file, decoded by libsndfile, to mono sound at 16 kHz."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from sensorium.sensors.audio_blocks import RATE
from sensorium.sensors.resampler import Resampler
from sensorium.sensors.wave_file import MOST_CHANNELS, RATES, TooLong

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMATS = ("FLAC", "OGG", "MP3", "MPEG")
"""Names of libsndfile for the files that are read; it knows thirty more, which nobody sends."""
_BEGINNINGS = (b"fLaC", b"OggS", b"ID3")
_AT_ONCE_S = 10.0
_UNKNOWN = 1 << 62
"""libsndfile's count of samples where a file does not tell it, and more."""


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins so is FLAC, Ogg or MP3.

    Args:
        head: Its first 4 bytes at least.
    """
    # An MP3 without a tag begins with a frame: 11 bits that are set (ISO/IEC 11172-3, 2.4.1.3).
    frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return frame or head.startswith(_BEGINNINGS)


class CompressedFile:
    """One file; it is read from its beginning to its end.

    Args:
        file: Open for reading, and for going back and forth.
        longest_s: Sound of more seconds is refused, as soon as it is known.

    Attributes:
        frames: Samples of each channel so far, at the file's own rate.

    Raises:
        TooLong: See `longest_s`.
        ValueError: When it is no such file, or one of a kind that is not read.
    """

    def __init__(self, file: BinaryIO, longest_s: float) -> None:
        try:
            # Not with the module: it loads a library, which few processes need.
            import soundfile
        except (ImportError, OSError) as error:
            raise ValueError(f"cannot be decoded: libsndfile is not there ({error})") from error
        self._broken: type[Exception] = soundfile.SoundFileError
        try:
            self._file = soundfile.SoundFile(file)
        except self._broken as error:
            raise ValueError(f"cannot be decoded: {_said(error)}") from error
        self.frames = 0
        self._longest_s = longest_s
        self._ended = False
        rate, channels = self._file.samplerate, self._file.channels
        if self._file.format not in FORMATS:
            raise ValueError(f"is a file of the kind {self._file.format}")
        if not 1 <= channels <= MOST_CHANNELS or not RATES[0] <= rate <= RATES[1]:
            raise ValueError(
                f"has {channels} channels at {rate} Hz; 1 to {MOST_CHANNELS} channels at "
                f"{RATES[0]:,} to {RATES[1]:,} Hz are read"
            )
        self._resampler = Resampler(rate, RATE) if rate != RATE else None
        if 0 < self._file.frames < _UNKNOWN:
            self._check_length(self._file.frames)

    @property
    def duration_s(self) -> float:
        """Of the sound so far."""
        return float(self.frames / self._file.samplerate)

    @property
    def missing_s(self) -> float:
        """Sound that the file's head promises and that has not been read."""
        promised = self._file.frames
        if not self.frames < promised < _UNKNOWN:
            return 0.0
        return float((promised - self.frames) / self._file.samplerate)

    def read(self) -> NDArray[np.float32]:
        """The next seconds, [n], mono, 16 kHz, -1..1; empty when there are no more.

        Where the file is cut off or damaged the sound ends, and `missing_s` says so.

        Raises:
            TooLong: See `longest_s`.
            ValueError: When it is damaged at its beginning.
        """
        if self._ended:
            return np.zeros(0, np.float32)
        most = int(_AT_ONCE_S * self._file.samplerate)
        try:
            read = self._file.read(most, dtype="float32", always_2d=True)
        except self._broken as error:
            if not self.frames:
                raise ValueError(f"cannot be decoded: {_said(error)}") from error
            read = np.zeros((0, 1), np.float32)
        self.frames += len(read)
        self._check_length(self.frames)
        if len(read):
            # What is no number has no meaning here, and a decoder may overshoot full scale.
            mean = np.nan_to_num(read.mean(axis=1, dtype=np.float32))
            sound: NDArray[np.float32] = np.clip(mean, -1.0, 1.0)
            return self._resampler.process(sound) if self._resampler else sound
        self._ended = True
        if self._resampler is None:
            return np.zeros(0, np.float32)
        held = round(self._resampler.delay_s * self._file.samplerate)
        return self._resampler.process(np.zeros(held, np.float32))

    def _check_length(self, frames: int) -> None:
        seconds = frames / self._file.samplerate
        if seconds > self._longest_s:
            raise TooLong(f"holds {seconds:.1f} s of sound, {self._longest_s:g} s are allowed")


def _said(error: Exception) -> str:
    """What libsndfile says, without the object's address that the binding puts before it."""
    return str(getattr(error, "error_string", error)).rstrip(".")
