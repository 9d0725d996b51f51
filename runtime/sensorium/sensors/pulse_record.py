"""PulseAudio's own interface (libpulse), PipeWire's too: one source, in pieces of any size.

What is used of it is as in its headers `pulse/mainloop.h`, `context.h` and `stream.h`; numbers from
`pulse/def.h` and `sample.h`. PortAudio goes the same way through ALSA, with a thread more and in
pieces of one size, and takes twice the processor time for it.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p
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

_LIBRARY = "libpulse.so.0"
_CONTEXT_READY, _CONTEXT_FAILED = 4, 5
_STREAM_READY, _STREAM_FAILED = 2, 3
_NO_AUTOSPAWN = 1
_INTERPOLATE_TIMING, _AUTO_TIMING_UPDATE, _ADJUST_LATENCY = 0x2, 0x8, 0x2000
_FLOAT_BYTES = 4


_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "pa_mainloop_new": (c_void_p, ()),
    "pa_mainloop_free": (None, (c_void_p,)),
    "pa_mainloop_get_api": (c_void_p, (c_void_p,)),
    "pa_mainloop_iterate": (c_int, (c_void_p, c_int, c_void_p)),
    "pa_mainloop_wakeup": (None, (c_void_p,)),
    "pa_context_new": (c_void_p, (c_void_p, c_char_p)),
    "pa_context_connect": (c_int, (c_void_p, c_char_p, c_int, c_void_p)),
    "pa_context_get_state": (c_int, (c_void_p,)),
    "pa_context_errno": (c_int, (c_void_p,)),
    "pa_context_disconnect": (None, (c_void_p,)),
    "pa_context_unref": (None, (c_void_p,)),
    "pa_stream_new": (c_void_p, (c_void_p, c_char_p, POINTER(SampleSpec), c_void_p)),
    "pa_stream_connect_record": (c_int, (c_void_p, c_char_p, POINTER(BufferAttr), c_int)),
    "pa_stream_get_state": (c_int, (c_void_p,)),
    "pa_stream_readable_size": (c_size_t, (c_void_p,)),
    "pa_stream_peek": (c_int, (c_void_p, POINTER(c_void_p), POINTER(c_size_t))),
    "pa_stream_drop": (c_int, (c_void_p,)),
    "pa_stream_get_latency": (c_int, (c_void_p, POINTER(c_uint64), POINTER(c_int))),
    "pa_stream_set_buffer_attr": (
        c_void_p, (c_void_p, POINTER(BufferAttr), c_void_p, c_void_p)
    ),
    "pa_stream_disconnect": (c_int, (c_void_p,)),
    "pa_stream_unref": (None, (c_void_p,)),
    "pa_operation_unref": (None, (c_void_p,)),
    "pa_strerror": (c_char_p, (c_int,)),
}


def load() -> Any:
    """The library.

    Raises:
        SensorError: The system does not have it.
    """
    try:
        if sys.platform == "win32":
            raise OSError("Windows has none")
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise SensorError(
            f"PulseAudio's client library is missing: {error}",
            "install the system package libpulse0 (Debian, Ubuntu) or pulseaudio-libs (Fedora)",
            Reason.DEVICE_MISSING,
        ) from error
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Recording:
    """One open source, as mono sound at 48 kHz. Use and close it in one thread: it may block there.

    Args:
        library: See `load`.
        name: Of the source (`pactl list sources`); empty: the default one.
        frames: That are delivered at a time, about.

    Raises:
        SensorError: There is no such source, or no server.
    """

    def __init__(self, library: Any, name: str, frames: int) -> None:
        self._library = library
        self._stream: int | None = None
        self._loop = library.pa_mainloop_new()
        self._context = library.pa_context_new(
            library.pa_mainloop_get_api(self._loop), b"Sensorium"
        )
        self._data, self._size = c_void_p(), c_size_t()
        self._latency, self._negative = c_uint64(), c_int()
        try:
            self._connect(name, frames)
        except SensorError:
            self.close()
            raise

    def read(self) -> tuple[NDArray[np.float32], int]:
        """Waits for sound.

        Returns:
            [frames], -1..1, and the frames before it that were lost. No sound: it was woken.

        Raises:
            SensorError: The source or its server is gone.
        """
        library, stream = self._library, self._stream
        self._turn()
        pieces, lost = [], 0
        while library.pa_stream_readable_size(stream):
            library.pa_stream_peek(stream, byref(self._data), byref(self._size))
            size = self._size.value
            if self._data.value is not None:
                pieces.append(np.frombuffer(ctypes.string_at(self._data.value, size), np.float32))
            elif not pieces:
                lost += size // _FLOAT_BYTES
            else:
                # A hole behind sound: the next call tells of it.
                break
            library.pa_stream_drop(stream)
        if len(pieces) == 1:
            return pieces[0], lost
        return (np.concatenate(pieces) if pieces else np.empty(0, np.float32)), lost

    def latency_ns(self) -> int | None:
        """How long ago the newest sample that was read was taken, as the server says.

        None: it does not.
        """
        if self._library.pa_stream_get_latency(
            self._stream, byref(self._latency), byref(self._negative)
        ):
            return None
        return 0 if self._negative.value else self._latency.value * 1000

    def deliver(self, frames: int) -> None:
        """Asks for so many frames at a time from now on."""
        operation = self._library.pa_stream_set_buffer_attr(
            self._stream, byref(_attributes(frames)), None, None
        )
        if operation:
            self._library.pa_operation_unref(operation)

    def wake(self) -> None:
        """Has `read` return; the only call that is for other threads, until `close`."""
        self._library.pa_mainloop_wakeup(self._loop)

    def close(self) -> None:
        """Lets go of the source."""
        library = self._library
        if self._stream is not None:
            library.pa_stream_disconnect(self._stream)
            library.pa_stream_unref(self._stream)
        library.pa_context_disconnect(self._context)
        library.pa_context_unref(self._context)
        library.pa_mainloop_free(self._loop)

    def _connect(self, name: str, frames: int) -> None:
        library = self._library
        if library.pa_context_connect(self._context, None, _NO_AUTOSPAWN, None) < 0:
            raise self._error()
        while library.pa_context_get_state(self._context) != _CONTEXT_READY:
            self._turn()
        spec = SampleSpec(FLOAT32LE, RATE, 1)
        self._stream = library.pa_stream_new(self._context, b"microphone", byref(spec), None)
        flags = _INTERPOLATE_TIMING | _AUTO_TIMING_UPDATE | _ADJUST_LATENCY
        if self._stream is None or library.pa_stream_connect_record(
            self._stream, name.encode() or None, byref(_attributes(frames)), flags
        ):
            raise self._error()
        while library.pa_stream_get_state(self._stream) != _STREAM_READY:
            self._turn()

    def _turn(self) -> None:
        """Sleeps until something happens, and does what it asks for."""
        library = self._library
        if (
            library.pa_mainloop_iterate(self._loop, 1, None) < 0
            or library.pa_context_get_state(self._context) >= _CONTEXT_FAILED
            or (self._stream is not None
                and library.pa_stream_get_state(self._stream) >= _STREAM_FAILED)
        ):
            raise self._error()

    def _error(self) -> SensorError:
        said = self._library.pa_strerror(self._library.pa_context_errno(self._context))
        return SensorError(
            f"the sound server gives no microphone: {said.decode(errors='replace')}",
            "plug it in, or start PulseAudio or PipeWire with pipewire-pulse",
            Reason.DEVICE_MISSING,
        )


def _attributes(frames: int) -> BufferAttr:
    return BufferAttr(*[SERVER_CHOOSES] * 4, frames * _FLOAT_BYTES)
