"""When blocks of sound may wait for one another."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.sensors.lull import Lull

BLOCK, BLOCK_NS = 1536, 32_000_000


class Room:
    """Noise, block by block; what voice activity says of it."""

    def __init__(self, level: float) -> None:
        self.level = level
        self.silent = True
        self.now_ns = 0
        self.lull = Lull(lambda: self.silent)
        self._random = np.random.default_rng(5)

    def block(self, level: float | None = None, offset: float = 0.0) -> bool:
        """Whether the next block may wait."""
        self.now_ns += BLOCK_NS
        noise = self._random.normal(offset, self.level if level is None else level, BLOCK)
        return self.lull.holds(noise.astype(np.float32), self.now_ns, first=True)

    def settle(self) -> None:
        """Four seconds of the room's own noise."""
        held = [self.block() for _ in range(125)]
        assert all(held[-30:])


@pytest.mark.parametrize("level", [0.0, 1e-3, 0.03])
def test_steady_noise_waits_whatever_its_level(level: float) -> None:
    Room(level).settle()


@pytest.mark.parametrize("level", [1e-3, 0.03])
def test_a_block_that_stands_out_waits_no_longer_and_nor_do_those_after_it(level: float) -> None:
    room = Room(level)
    room.settle()
    assert not room.block(3 * level)
    assert not any(room.block() for _ in range(30))
    room.settle()


def test_what_stands_out_of_a_device_with_an_offset_is_seen() -> None:
    room = Room(1e-3)
    for _ in range(125):
        room.block(offset=0.2)
    assert not room.block(5e-3, offset=0.2)


def test_nothing_waits_while_voice_activity_hears_somebody_or_does_not_run() -> None:
    room = Room(1e-3)
    room.settle()
    room.silent = False
    assert not any(room.block() for _ in range(50))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_do_not_wait_and_are_forgotten(value: float) -> None:
    room = Room(1e-3)
    room.settle()
    bad = np.full(BLOCK, value, np.float32)
    with np.errstate(invalid="ignore"):
        assert not room.lull.holds(bad, room.now_ns, first=True)
    room.settle()
    assert not room.block(5e-3)
