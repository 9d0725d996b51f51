"""One scenario of a session on the stand-in driver: `gpu_session.py SCENARIO BINDING`."""

from __future__ import annotations

import ctypes
import gc
import sys
import time

import numpy as np
import pytest

from sensorium.errors import GpuLost, GpuMemory, GpuMissing
from sensorium.inference.cuda.driver import find_driver
from sensorium.inference.cuda.session import open_session

UUID = "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f"


def stand_in() -> ctypes.CDLL:
    return ctypes.CDLL("libcuda.so.1")


def opened(binding: str):
    return open_session(find_driver(binding), "")


def copies(binding: str) -> None:
    session = opened(binding)
    here, there, back = (
        session.pinned_buffer(4096), session.device_buffer(4096), session.pinned_buffer(4096)
    )
    given = session.array(here, (1024,), np.float32)
    got = session.array(back, (1024,), np.float32)
    for turn in range(3):
        given[:] = np.arange(1024) + turn
        session.upload(there, here, 4096)
        session.download(back, there, 4096)
        session.finish()
        np.testing.assert_array_equal(got, given)
    assert not there.address % 256
    session.close()
    session.close()
    gc.collect()
    assert stand_in().stand_in_alive() == 0


def stream(binding: str) -> None:
    session = opened(binding)
    assert session.stream
    non_blocking, lowest = 1, 0
    assert stand_in().stand_in_flags() == non_blocking
    assert stand_in().stand_in_priority() == lowest
    session.close()


def time_stamps(binding: str) -> None:
    """What the host does between the two counts, since the stand-in's clock is the host's."""
    session = opened(binding)
    for wait_s in (0.0, 0.05):
        session.enter()
        time.sleep(wait_s)
        session.finish()
        assert wait_s <= session.took_s() < 60.0
    session.close()


def device(binding: str) -> None:
    (found,) = find_driver(binding).devices()
    assert found.uuid == UUID
    assert found.compute == "8.6"
    assert "Stand-in" in found.name
    session = open_session(find_driver(binding), UUID)
    free = session.free_memory()
    session.device_buffer(1 << 20)
    assert free - session.free_memory() == 1 << 20
    session.close()


def two(binding: str) -> None:
    first, second = find_driver(binding).devices()
    session = open_session(find_driver(binding), second.uuid)
    assert session.device == second != first
    session.close()


def no_such(binding: str) -> None:
    with pytest.raises(GpuMissing) as caught:
        open_session(find_driver(binding), "GPU-of-somebody-else")
    assert UUID in caught.value.remedy


def no_device(binding: str) -> None:
    with pytest.raises(GpuMissing):
        opened(binding)


def memory(binding: str) -> None:
    session = opened(binding)
    stand_in().stand_in_memory(ctypes.c_size_t(1 << 20))
    kept = session.device_buffer(1 << 19)
    with pytest.raises(GpuMemory) as caught:
        session.device_buffer(1 << 20)
    assert "OUT_OF_MEMORY" in caught.value.message
    assert stand_in().stand_in_holds(ctypes.c_size_t(kept.address), ctypes.c_size_t(1 << 19))
    session.close()
    gc.collect()
    assert stand_in().stand_in_alive() == 0


def lost(binding: str) -> None:
    session = opened(binding)
    here, there = session.pinned_buffer(64), session.device_buffer(64)
    stand_in().stand_in_lose(1)
    with pytest.raises(GpuLost):
        session.upload(there, here, 64)
    with pytest.raises(GpuLost):
        session.finish()
    session.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
