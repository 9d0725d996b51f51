"""What an output of Windows plays, packet by packet: WASAPI's loop-back (`audioclient.h`).

PortAudio is not used for it: the release that sounddevice brings cannot, and libraries that can
(SoundCard, PyAudioWPatch) keep to themselves when a packet was played, without which a pause
between two sounds has no length.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys

import numpy as np

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.sensors.packet_timeline import Packet

RATE = 48_000
"""Hz, that Windows is asked to convert to, whatever the output runs at."""
HOLDS_NS = 2_000_000_000
"""What Windows keeps for one who comes late."""

if sys.platform == "win32":
    from ctypes import byref, c_int, c_int64, c_uint16, c_uint32, c_uint64, c_void_p

    from sensorium.sensors import com_windows as com
    from sensorium.sensors import endpoints_windows as endpoints
    from sensorium.sensors.com_windows import Interface, guid, method

    _CLIENT = guid("1cb9ad4c-dbfa-4c32-b178-c2f568a703b2")
    _CAPTURE_CLIENT = guid("c8adbd64-e71e-48a0-a4de-185c395cd317")
    _IN_PROCESS = 1
    _SHARED = 0
    _LOOPBACK = 0x00020000
    _CONVERTED = 0x80000000 | 0x08000000
    """AUTOCONVERTPCM and SRC_DEFAULT_QUALITY: surround and other rates come as they are asked
    for."""
    _FLOAT = 3
    _CHANNELS = 2
    """One alone is said to come out as noise from some of Windows' converters."""
    _FRAME_BYTES = _CHANNELS * 4
    _SILENT, _TIME_UNKNOWN = 0x2, 0x4

    _activate = method(3, c_void_p, c_uint32, c_void_p, c_void_p)
    _initialise = method(3, c_int, c_uint32, c_int64, c_int64, c_void_p, c_void_p)
    _start, _stop = method(10), method(11)
    _service = method(14, c_void_p, c_void_p)
    _buffer = method(3, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
    _release_buffer = method(4, c_uint32)
    _next_size = method(5, c_void_p)

    _WHY = {
        0x80070490: ("there is no output", "plug in headphones or loudspeakers"),
        0x88890003: ("this system has no loop-back", "name an input that carries what is played"),
        0x88890004: ("the output is gone", "plug it in again, or choose another one"),
        0x8889000A: ("another app has the output for itself",
                     "end it, or switch off exclusive mode in the output's properties"),
        0x88890010: ("Windows Audio does not run", "start the service Windows Audio"),
        0x80070005: ("Windows denies it", "allow desktop apps under Settings, Privacy, Microphone"),
    }
    """Of HRESULTs: ERROR_NOT_FOUND, AUDCLNT_E_WRONG_ENDPOINT_TYPE (wine), _DEVICE_INVALIDATED,
    _DEVICE_IN_USE, _SERVICE_NOT_RUNNING and E_ACCESSDENIED."""
    _DENIED = 0x80070005
    _NEVER_TRIED = "; this was never tried on Windows itself, so please tell us"

    class _Format(ctypes.Structure):
        """WAVEFORMATEX."""

        _pack_ = 1
        _fields_ = (
            ("kind", c_uint16), ("channels", c_uint16), ("rate", c_uint32), ("bytes", c_uint32),
            ("frame_bytes", c_uint16), ("bits", c_uint16), ("more", c_uint16),
        )

    class Output:
        """One open output, or an input that carries what is played. Use it in one thread.

        Args:
            name: A part of its name; empty: the default output.

        Attributes:
            name: As Windows shows it.

        Raises:
            SensorError: It cannot be opened.
        """

        def __init__(self, name: str) -> None:
            self._held = contextlib.ExitStack()
            self._data, self._frames, self._flags = c_void_p(), c_uint32(), c_uint32()
            self._position, self._time = c_uint64(), c_uint64()
            try:
                self._open(name)
            except OSError as error:
                self._held.close()
                raise _failure(error) from error
            except SensorError:
                self._held.close()
                raise

        def packets(self) -> list[Packet]:
            """All that there are now.

            Raises:
                SensorError: The output is gone.
            """
            packets: list[Packet] = []
            try:
                while True:
                    _next_size(self._capture, byref(self._frames))
                    if not self._frames.value:
                        return packets
                    packets.append(self._next())
            except OSError as error:
                raise _failure(error) from error

        def is_default(self) -> bool:
            """Whether it is the output that games play on, still.

            Raises:
                SensorError: There is none.
            """
            try:
                return self._endpoints.default_identity() == self._identity
            except OSError as error:
                raise _failure(error) from error

        def close(self) -> None:
            """Lets go of the output."""
            self._held.close()

        def _open(self, name: str) -> None:
            com.enter()
            self._held.callback(com.leave)
            self._endpoints = endpoints.Endpoints()
            self._held.callback(self._endpoints.close)
            chosen = self._named(name) if name else self._endpoints.default_output()
            self._held.callback(chosen.device.release)
            self.name = chosen.name
            self._identity = endpoints.identity(chosen.device)
            client = Interface()
            _activate(chosen.device, byref(_CLIENT), _IN_PROCESS, None, byref(client))
            self._held.callback(client.release)
            wanted = _Format(
                _FLOAT, _CHANNELS, RATE, RATE * _FRAME_BYTES, _FRAME_BYTES, 32, 0
            )
            flags = _CONVERTED | (_LOOPBACK if chosen.plays else 0)
            _initialise(client, _SHARED, flags, HOLDS_NS // 100, 0, byref(wanted), None)
            self._capture = Interface()
            _service(client, byref(_CAPTURE_CLIENT), byref(self._capture))
            self._held.callback(self._capture.release)
            _start(client)
            self._held.callback(_stopped, client)

        def _named(self, name: str) -> endpoints.Endpoint:
            found, names = self._endpoints.named(name)
            if found is None:
                known = ", ".join(dict.fromkeys(names)) or "none"
                raise SensorError(
                    f"no output or input is named {name}",
                    f"leave the device empty, or name one of: {known}", Reason.DEVICE_MISSING,
                )
            return found

        def _next(self) -> Packet:
            _buffer(
                self._capture, byref(self._data), byref(self._frames), byref(self._flags),
                byref(self._position), byref(self._time),
            )
            frames, flags = self._frames.value, self._flags.value
            if flags & _SILENT or not self._data.value:
                sound = np.zeros(frames, np.float32)
            else:
                data = ctypes.string_at(self._data.value, frames * _FRAME_BYTES)
                both = np.frombuffer(data, np.float32).reshape(-1, _CHANNELS)
                sound = both.mean(axis=1, dtype=np.float32)
            _release_buffer(self._capture, frames)
            # Units of 100 ns of the counter that the daemon's clock reads.
            known = self._time.value and not flags & _TIME_UNKNOWN
            return Packet(sound, self._time.value * 100 if known else None)

    def _stopped(client: Interface) -> None:
        with contextlib.suppress(OSError):
            _stop(client)

    def _failure(error: OSError) -> SensorError:
        code = com.failed(error)
        why, remedy = _WHY.get(
            code, (f"Windows says 0x{code:08x}", "restart the service Windows Audio")
        )
        return SensorError(
            f"what is played cannot be captured: {why}", remedy + _NEVER_TRIED,
            Reason.DENIED if code == _DENIED else Reason.DEVICE_MISSING,
        )
