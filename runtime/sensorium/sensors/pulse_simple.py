"""PulseAudio's simple interface (libpulse-simple), PipeWire's too: one source is read.

What is used of it is as in its header `pulse/simple.h`; numbers from `pulse/sample.h` and `def.h`.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_void_p
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.sensors.pulse_format import (
    FLOAT32LE,
    RATE,
    SERVER_CHOOSES,
    BufferAttr,
    SampleSpec,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LIBRARY = "libpulse-simple.so.0"
_RECORD = 2
_NO_ENTITY = 5


def load() -> Any:
    """The library.

    Raises:
        SensorError: The system does not have it.
    """
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise SensorError(
            f"PulseAudio's client library is missing: {error}",
            "install the system package libpulse0 (Debian, Ubuntu) or pulseaudio-libs (Fedora)",
            Reason.DEVICE_MISSING,
        ) from error
    library.pa_simple_new.restype = c_void_p
    library.pa_simple_new.argtypes = (
        c_char_p, c_char_p, c_int, c_char_p, c_char_p, POINTER(SampleSpec), c_void_p,
        POINTER(BufferAttr), POINTER(c_int),
    )
    library.pa_simple_read.argtypes = (c_void_p, c_void_p, c_size_t, POINTER(c_int))
    library.pa_simple_free.argtypes = (c_void_p,)
    library.pa_simple_free.restype = None
    library.pa_strerror.restype = c_char_p
    library.pa_strerror.argtypes = (c_int,)
    return library


class Source:
    """One open source, as mono sound at 48 kHz. Use and close it in one thread: it may block there.

    Args:
        library: See `load`.
        name: Of the source (`pactl list sources`), `@DEFAULT_MONITOR@` included.
        frames: That are read at a time; the server then delivers in thirds of it.

    Raises:
        SensorError: There is no such source, or no server.
    """

    def __init__(self, library: Any, name: str, frames: int) -> None:
        self._library = library
        self._sound = np.empty(frames, np.float32)
        size = self._sound.nbytes
        spec = SampleSpec(FLOAT32LE, RATE, 1)
        # A monitor's piece is the sink's, too: what is captured is then soon heard.
        attributes = BufferAttr(
            SERVER_CHOOSES, SERVER_CHOOSES, SERVER_CHOOSES, SERVER_CHOOSES, size // 3
        )
        code = c_int()
        self._handle = library.pa_simple_new(
            None, b"Sensorium", _RECORD, name.encode(), b"what the PC plays", byref(spec), None,
            byref(attributes), byref(code),
        )
        if not self._handle:
            raise self._error(code.value, name)
        self._name = name

    def read(self) -> NDArray[np.float32]:
        """Waits for the next [frames] of sound, -1..1; overwritten by the next call.

        Raises:
            SensorError: The source or its server is gone.
        """
        code = c_int()
        if self._library.pa_simple_read(
            self._handle, self._sound.ctypes.data, self._sound.nbytes, byref(code)
        ):
            raise self._error(code.value, self._name)
        return self._sound

    def close(self) -> None:
        """Lets go of the source."""
        self._library.pa_simple_free(self._handle)

    def _error(self, code: int, name: str) -> SensorError:
        if code == _NO_ENTITY:
            return SensorError(
                f"the sound server has no source {name}",
                "pick one that `pactl list short sources` names, or leave the device empty",
                Reason.DEVICE_MISSING,
            )
        said = self._library.pa_strerror(code).decode(errors="replace")
        return SensorError(
            f"what is played cannot be captured: {said}",
            "start PulseAudio or PipeWire with pipewire-pulse",
            Reason.DEVICE_MISSING,
        )
