"""One scenario of a process's engines on the stand-ins: `gpu_engines.py SCENARIO FOLDER`.

The folder is the cache, in which `counting_engine` lies with a plan.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from fixtures import counting_engine
from fixtures.waiting import eventually

from sensorium import config
from sensorium.health import Device
from sensorium.perception.sense import SENSES
from sensorium.process.engines import engines
from sensorium.process.orders import GpuOrders
from sensorium.supervisor.governing.senses import governed

FEEDS = {
    "input": np.zeros((1, 576), np.float32), "state": np.zeros((2, 1, 128), np.float32),
}


def until(engine, device: Device) -> None:
    eventually(lambda: run(engine) is device, lambda: engine.note, pause_s=0.01)


def run(engine) -> Device:
    engine.run(FEEDS)
    return engine.device


def keep_off() -> None:
    """It is said before the engine is loaded, and to two of one name."""
    ours = engines(1, GpuOrders(device="auto"))
    ours.give_way(frozenset({counting_engine.NAME}), 0)
    one, other = ours.load(counting_engine.NAME), ours.load(counting_engine.NAME)
    time.sleep(1.5)
    assert run(one) is run(other) is Device.CPU
    assert "left to the game's frames" in one.note
    ours.give_way(frozenset(), 0)
    until(one, Device.GPU)
    until(other, Device.GPU)
    ours.give_way(frozenset({counting_engine.NAME}), 0)
    assert run(one) is run(other) is Device.CPU
    ours.close()


def frames_at_risk() -> None:
    """What takes longer than a slice, and cannot be cut, is the CPU's while frames are late."""
    ours = engines(1, GpuOrders(device="auto", slice_ms=1e-6))
    engine = ours.load(counting_engine.NAME)
    until(engine, Device.GPU)
    ours.give_way(frozenset(), 1)
    assert run(engine) is Device.GPU
    ours.give_way(frozenset(), 3)
    assert run(engine) is Device.CPU
    assert "frames are at risk" in engine.note
    ours.give_way(frozenset(), 0)
    until(engine, Device.GPU)
    ours.close()


def the_governor_knows() -> None:
    """The engine of one sense has a plan, and the other's has none."""
    for device, others in (("auto", {"voice_activity"}), ("cpu", set())):
        told = governed(
            config.load(
                config.find("replay"), senses=SENSES, overrides={"inference.device": device}
            )
        )
        assert {one.name for one in told} == {"voice_activity", "gesture"}
        assert {one.name for one in told if one.other_device} == others


def never() -> None:
    """On the CPU there is nothing to keep off."""
    ours = engines(1, GpuOrders(device="cpu"))
    ours.give_way(frozenset({counting_engine.NAME}), 3)
    engine = ours.load(counting_engine.NAME)
    assert run(engine) is Device.CPU
    assert engine.note == ""
    ours.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](*map(Path, sys.argv[2:]))
