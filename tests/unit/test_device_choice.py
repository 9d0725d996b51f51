"""Which GPU is used: every case of what the runtime, CUDA and the configuration may say."""

from __future__ import annotations

import pytest

from sensorium.config import Inference
from sensorium.inference.cuda.driver import BINDINGS, GpuDevice
from sensorium.inference.device import Adapter, choose

FIRST = GpuDevice(0, "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f", "00000000000000aa", "First",
                  "8.6", 1)
SECOND = GpuDevice(1, "GPU-10111213-1415-1617-1819-1a1b1c1d1e1f", "", "Second", "8.9", 1)
BOTH = (FIRST, SECOND)
UNTOLD = Adapter(why="no OpenXR runtime answers")
FOREIGN = Adapter(uuid="ff" * 16, name="A Radeon")


def test_the_configuration_offers_every_binding():
    assert Inference.__dataclass_fields__["cuda"].metadata["choices"] == tuple(BINDINGS)


@pytest.mark.parametrize(
    ("wanted", "adapter", "devices", "uuid", "words"),
    [
        ("cpu", Adapter(uuid=FIRST.uuid), BOTH, "", "is cpu"),
        ("auto", Adapter(uuid=SECOND.uuid), (), "", "CUDA offers no device"),
        ("auto", Adapter(uuid=SECOND.uuid), BOTH, SECOND.uuid, "Second drives the headset"),
        ("auto", Adapter(uuid="101112131415161718191A1B1C1D1E1F"), BOTH, SECOND.uuid, "drives"),
        ("auto", Adapter(luid="00000000000000AA"), BOTH, FIRST.uuid, "First drives the headset"),
        (FIRST.uuid, Adapter(uuid=SECOND.uuid), BOTH, SECOND.uuid, f"not {FIRST.uuid}"),
        (SECOND.uuid, UNTOLD, BOTH, SECOND.uuid, "the configuration names Second"),
        (SECOND.uuid.upper(), UNTOLD, BOTH, SECOND.uuid, "the configuration names Second"),
        (SECOND.uuid, FOREIGN, BOTH, SECOND.uuid, "A Radeon, which CUDA does not have"),
        ("GPU-of-nobody", UNTOLD, BOTH, "", "CUDA has no device GPU-of-nobody"),
        ("GPU-of-nobody", UNTOLD, (FIRST,), "", f"it has {FIRST.uuid}"),
        ("auto", UNTOLD, (FIRST,), FIRST.uuid, "only device; which one drives the headset is not"),
        ("auto", FOREIGN, (FIRST,), FIRST.uuid, "only device; the headset is driven by A Radeon"),
        ("auto", UNTOLD, BOTH, "", "no OpenXR runtime answers"),
        ("auto", FOREIGN, BOTH, "", f"set inference.device to one of {FIRST.uuid} (First)"),
        ("auto", Adapter(), BOTH, "", "nobody was asked"),
        ("auto", Adapter(luid=""), (SECOND, SECOND), "", "not known"),
    ],
)
def test_the_choice(wanted, adapter, devices, uuid, words):
    chosen = choose(wanted, adapter, devices)
    assert chosen.uuid == uuid
    assert words in chosen.why
