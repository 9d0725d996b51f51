"""PortAudio: loaded when a microphone is first needed, its devices looked up by name."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensorError
from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

PULSE = "pulse:"
"""A device name that begins so names a source of PulseAudio or PipeWire (`pactl list sources`)."""

_SOURCE = "PULSE_SOURCE"
"""libpulse reads it whenever a program connects without naming a source, as ALSA's plugin does."""

_ALSA = "ALSA"
_COMMON_RATE = 48_000
_WASAPI = "Windows WASAPI"
_ACCESS_DENIED = -2147024891
"""E_ACCESSDENIED of Windows: the microphone is switched off under Privacy."""


@dataclass(frozen=True)
class Device:
    """An input device.

    Attributes:
        index: PortAudio's own, until it is initialised again.
        name: As shown to the user.
        rate: Native rate in Hz.
        channels: Largest number of input channels.
    """

    index: int
    name: str
    rate: int
    channels: int


def load() -> Any:
    """The `sounddevice` module.

    Raises:
        SensorError: The system has no PortAudio.
    """
    try:
        import sounddevice
    except OSError as error:
        raise SensorError(
            f"PortAudio is missing: {error}",
            "install the system package libportaudio2 (Debian, Ubuntu) or portaudio (Fedora, Arch)",
            Reason.DEVICE_MISSING,
        ) from error
    return sounddevice


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps what ALSA and PortAudio print about a failed opening out of the log.

    The whole process has one stderr: use it for repeated attempts only, which are short.
    """
    try:
        saved, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:
        yield
        return
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)


def rescan(sounddevice: Any) -> None:
    """Makes PortAudio look for devices again; no stream may be open."""
    sounddevice._terminate()
    sounddevice._initialize()


@contextlib.contextmanager
def chosen(name: str) -> Iterator[None]:
    """Points ALSA's device `pulse` at the source that a `pulse:SOURCE` names, and back.

    Held while the device is found and opened; an open stream keeps its source.
    """
    if not name.startswith(PULSE):
        yield
        return
    before = os.environ.get(_SOURCE)
    os.environ[_SOURCE] = name.removeprefix(PULSE)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SOURCE]
        else:
            os.environ[_SOURCE] = before


def find(sounddevice: Any, name: str) -> Device:
    """The input device of a name.

    Args:
        sounddevice: The module.
        name: Empty: the system's default. `pulse:SOURCE`: ALSA's device `pulse`, see `chosen`.
            Else a part of a device's name, in any case; a whole name wins over a part.

    Raises:
        SensorError: There is no such device, with the names that there are.
    """
    devices = [device for device in sounddevice.query_devices() if device["max_input_channels"]]
    if name.startswith(PULSE):
        name = "pulse"
    found = _default(sounddevice, devices) if not name else _named(sounddevice, devices, name)
    if found is None:
        known = ", ".join(dict.fromkeys(device["name"] for device in devices)) or "none"
        wanted = f"no microphone is named {name}" if name else "there is no microphone"
        raise SensorError(wanted, f"plug one in; inputs found: {known}", Reason.DEVICE_MISSING)
    return Device(
        found["index"], found["name"], _native_rate(sounddevice, found),
        found["max_input_channels"],
    )


def failure(error: Exception) -> SensorError:
    """What a PortAudio error means for the user."""
    if sys.platform == "win32":
        # sounddevice's third argument: (host API, its error's number, its text).
        if any(isinstance(part, tuple) and _ACCESS_DENIED in part for part in error.args):
            return SensorError(
                "Windows denies the microphone",
                "allow it under Settings, Privacy, Microphone",
                Reason.DENIED,
            )
    return SensorError(
        f"the microphone cannot be opened: {error.args[0] if error.args else error}",
        "plug it in, or start the sound server",
        Reason.DEVICE_MISSING,
    )


def _api(sounddevice: Any, device: Any) -> str:
    return str(sounddevice.query_hostapis(device["hostapi"])["name"])


def _default(sounddevice: Any, devices: list[Any]) -> Any:
    index = sounddevice.default.device[0]
    if sys.platform == "win32":
        # PortAudio's own default there is MME, which adds 100 ms.
        for api in sounddevice.query_hostapis():
            if api["name"] == _WASAPI and api["default_input_device"] >= 0:
                index = api["default_input_device"]
    for device in devices:
        if device["index"] == index:
            return device
    return None


def _named(sounddevice: Any, devices: list[Any], name: str) -> Any:
    wanted = name.casefold()
    matches = [device for device in devices if wanted in device["name"].casefold()]
    matches.sort(
        key=lambda device: (
            device["name"].casefold() != wanted,
            _api(sounddevice, device) != _WASAPI,
        )
    )
    return matches[0] if matches else None


def _native_rate(sounddevice: Any, device: Any) -> int:
    """The device's own rate.

    ALSA's `default` and `pulse` take any rate and PortAudio then reports 44100, its favourite;
    sound servers and nearly all hardware run at 48000.
    """
    rate = int(device["default_samplerate"] + 0.5)
    if _api(sounddevice, device) != _ALSA:
        return rate
    try:
        sounddevice.check_input_settings(device["index"], 1, "float32", None, _COMMON_RATE)
    except sounddevice.PortAudioError:
        return rate
    return _COMMON_RATE
