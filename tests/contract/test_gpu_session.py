"""Sessions on a stand-in driver whose memory is the host's: what is said here holds for it alone.

Each runs in a child, so that the driver is not this process's. No GPU is involved.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from fixtures import stand_in

from sensorium.errors import GpuMissing
from sensorium.inference.cuda.driver import BINDINGS, find_driver

PROGRAM = Path(__file__).parent / "programs" / "gpu_session.py"


@pytest.fixture(params=list(BINDINGS))
def binding(request):
    package = BINDINGS[request.param][0].partition(".")[0]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{request.param} is not installed: pycuda is source only")
    return request.param


@pytest.mark.parametrize(
    "scenario", ["copies", "time_stamps", "device", "no_such", "memory", "lost"]
)
def test_a_session(scenario, binding):
    stand_in.run(PROGRAM, scenario, binding)


def test_the_second_of_two_devices_is_found_by_its_uuid(binding):
    stand_in.run(PROGRAM, "two", binding, STAND_IN_CUDA_DEVICES="2")


def test_a_driver_without_a_device_is_missing(binding):
    stand_in.run(PROGRAM, "no_device", binding, STAND_IN_CUDA_DEVICES="0")


def test_the_stream_waits_for_none_and_has_the_lowest_priority():
    if importlib.util.find_spec("cuda") is None:
        pytest.skip("cuda-bindings is not installed")
    stand_in.run(PROGRAM, "stream", "cuda-bindings")


def test_without_a_driver_the_binding_says_so(binding):
    if Path("/proc/driver/nvidia").exists():
        pytest.skip("there is a driver")
    with pytest.raises(GpuMissing) as caught:
        find_driver(binding)
    assert "driver" in caught.value.remedy


def test_a_binding_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(BINDINGS, "cuda-bindings", ("no_such_package.at_all", "x:y"))
    with pytest.raises(GpuMissing, match="cuda-bindings is not installed"):
        find_driver("cuda-bindings")
