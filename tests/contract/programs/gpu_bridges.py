"""Bridges whose engine leaves the stand-in GPU to an app: `gpu_bridges.py FOLDER`.

The folder is the cache, in which `counting_engine` lies with a plan; the regions are real.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from fixtures import counting_engine
from fixtures.senses import Desk
from fixtures.waiting import eventually

from sensorium import config
from sensorium.bridges.bridge import BRIDGES
from sensorium.health import Device
from sensorium.process import registry
from sensorium.process.bridging import Bridging
from sensorium.process.orders import bridge_orders

if TYPE_CHECKING:
    from sensorium.bridges.bridge import Host
    from sensorium.inference.engine import Engine

FEEDS = {
    "input": np.zeros((1, 576), np.float32), "state": np.zeros((2, 1, 128), np.float32),
}


@dataclass(frozen=True)
class CountingOptions:
    """None."""


class Counting:
    """A bridge that loads an engine and waits."""

    Options = CountingOptions
    APP = ""
    loaded: ClassVar[list[Engine]] = []

    def __init__(self, _options: CountingOptions, host: Host) -> None:
        self._host = host

    async def run(self) -> None:
        """See `Bridge`."""
        self.loaded.append(await asyncio.to_thread(self._host.load, counting_engine.NAME))
        await asyncio.Event().wait()


def main(folder: Path) -> None:
    BRIDGES["counting"] = f"{__name__}:Counting"
    file = folder / "sensorium.toml"
    file.write_text("[bridges.counting]\n")
    loaded = config.load(file)
    desk = Desk({})
    orders = bridge_orders(loaded, registry.bridges(loaded))
    assert orders.regions == ("public",)
    bridging = Bridging(orders, desk.outputs, print)
    bridging.start()
    engine = eventually(lambda: Counting.loaded, "the bridge has its engine")[0]

    def runs_on(device: Device) -> bool:
        engine.run(FEEDS)
        return engine.device is device

    for gpu_spared, device in ((False, Device.GPU), (True, Device.CPU)) * 2:
        desk.govern({}, gpu_spared=gpu_spared)
        eventually(lambda device=device: runs_on(device), lambda: engine.note, pause_s=0.01)
        if gpu_spared:
            assert engine.note == "the GPU is left to the game's frames"
    # A governor that is gone keeps nothing from anybody.
    desk.pass_ns(60_000_000_000)
    eventually(lambda: runs_on(Device.GPU), lambda: engine.note, pause_s=0.01)
    bridging.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
