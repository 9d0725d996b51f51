"""Which GPU engines run on: the one that drives the headset, where that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.cuda.driver import GpuDevice

AUTO = "auto"
CPU = "cpu"


@dataclass(frozen=True)
class Adapter:
    """What the OpenXR runtime says of the device that its apps must draw with.

    Attributes:
        uuid: As CUDA writes it, or 32 hex digits; empty where it was not told.
        luid: 16 hex digits; empty where it was not told.
        name: For a person.
        why: Why nothing was told; empty where something was.
    """

    uuid: str = ""
    luid: str = ""
    name: str = ""
    why: str = ""


@dataclass(frozen=True)
class Choice:
    """The device to use.

    Attributes:
        uuid: Of the device; empty: the CPU.
        why: For a person.
    """

    uuid: str
    why: str


def choose(wanted: str, adapter: Adapter, devices: Sequence[GpuDevice]) -> Choice:
    """Chooses: the headset's device, else the configuration's, else the only one, else the CPU.

    Args:
        wanted: As in the configuration: auto, cpu, or a UUID.
        adapter: What the OpenXR runtime says.
        devices: CUDA's.
    """
    if wanted == CPU:
        return Choice("", "inference.device is cpu")
    if not devices:
        return Choice("", "CUDA offers no device")
    for device in devices:
        if _same(device.uuid, adapter.uuid) or (device.luid and _same(device.luid, adapter.luid)):
            other = wanted not in (AUTO, device.uuid)
            instead = f", not {wanted}, which the configuration names" if other else ""
            return Choice(device.uuid, f"{device.name} drives the headset{instead}")
    unknown = _unknown(adapter)
    for device in devices:
        if _same(device.uuid, wanted):
            return Choice(device.uuid, f"the configuration names {device.name}; {unknown}")
    if wanted != AUTO:
        there = ", ".join(device.uuid for device in devices)
        return Choice("", f"CUDA has no device {wanted}; it has {there}; {unknown}")
    if len(devices) == 1:
        return Choice(devices[0].uuid, f"{devices[0].name} is the only device; {unknown}")
    there = ", ".join(f"{device.uuid} ({device.name})" for device in devices)
    return Choice(
        "", f"{unknown}: set inference.device to one of {there}"
    )


def _unknown(adapter: Adapter) -> str:
    if adapter.uuid or adapter.luid:
        name = adapter.name or adapter.uuid or adapter.luid
        return f"the headset is driven by {name}, which CUDA does not have"
    return f"which one drives the headset is not known ({adapter.why or 'nobody was asked'})"


def _same(one: str, other: str) -> bool:
    """Whether two numbers are the same, however they are written; empty is none."""
    return bool(other) and _digits(one) == _digits(other)


def _digits(value: str) -> str:
    return value.lower().removeprefix("gpu-").replace("-", "")
