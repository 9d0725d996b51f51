"""A sense of a real daemon whose GPU fails: it goes on, and no block of sound is left out.

Driver and TensorRT are stand-ins in a process of their own; daemon, channels, recording and the
CPU's engine are real. The engine counts its runs, so that a lost block or state would show.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from fixtures import counting_engine, stand_in
from fixtures.daemon import ROOT, Daemon

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.region import Region
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.health import Device

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensorium.channels.reader import Snapshot

pytestmark = pytest.mark.system

CONFIG = f"""
[inference]
reserve_mib = 0
nice = 0
[sensors.replay]
file = "{ROOT / 'configs' / 'demo.mcap'}"
channels = ["audio"]
# So it lasts for half a minute: a busy machine takes its time to begin with the GPU.
speed = 0.35
[senses.voice_activity]
[governor]
# On a busy machine it would slow what is tried here.
enabled = false
"""
BLOCK = 512
PATIENCE_S = 60.0


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    counting_engine.write(tmp_path / "cache")
    environment = stand_in.environment(STAND_IN_CUDA_FAULTS=str(tmp_path / "faults"))
    with Daemon(
        tmp_path, CONFIG, cache=tmp_path / "cache",
        environment={
            name: environment[name]
            for name in ("LD_LIBRARY_PATH", "PYTHONPATH", "STAND_IN_CUDA_FAULTS")
        },
    ) as running:
        yield running


class Listener:
    """Follows voice activity and holds every record against the one before."""

    def __init__(self, daemon: Daemon) -> None:
        generation = (daemon.runtime_dir / "current").read_text().strip()
        self._region = Region.map_path(daemon.runtime_dir / f"public.{generation}")
        self._cursor = Cursor(self._region, "voice_activity")
        self._before: tuple[int, int] | None = None

    def until(self, device: Device) -> Snapshot:
        """Reads until a result was computed on a device."""
        end = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < end, f"nothing from {device.name}"
            if self._cursor.next(now_ns()) == Status.NEW:
                sample = self._cursor.sample
                self._check(sample)
                if sample.device == device:
                    return sample
            else:
                time.sleep(0.002)

    def _check(self, sample: Snapshot) -> None:
        record = sample.view(CHANNELS["voice_activity"].record)[0]
        first = int(record["first_sample"])
        runs = round(float(record["probability"]) / counting_engine.STEP)
        if self._before is not None:
            blocks = (first - self._before[0]) // BLOCK
            assert runs - self._before[1] == blocks, "a block or the state was lost"
        self._before = (first, runs)


def worker(daemon: Daemon) -> int:
    """The process that uses the stand-in GPU: a child of the daemon's child."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = subprocess.run(
            ["pgrep", "-P", str(daemon.children()["fast"]), "-f", "sensorium.process.gpu_worker"],
            capture_output=True, text=True, check=False,
        ).stdout.split()
        if found:
            return int(found[0])
        assert time.monotonic() < end, "no process uses the GPU"
        time.sleep(0.02)


def says(daemon: Daemon, words: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while words not in (said := str(daemon.status()["parts"].get("voice_activity"))):
        assert time.monotonic() < end, said
        time.sleep(0.02)


@pytest.mark.parametrize("fault", ["crash", "hang"])
def test_no_block_is_lost_when_the_gpu_fails(daemon: Daemon, tmp_path: Path, fault: str) -> None:
    listener = Listener(daemon)
    on_gpu = listener.until(Device.GPU)
    says(daemon, "silero-vad fp32 on GPU")
    if fault == "crash":
        os.kill(worker(daemon), signal.SIGSEGV)
    else:
        (tmp_path / "faults").write_text(fault)
    on_cpu = listener.until(Device.CPU)
    assert on_cpu.engine_hash != on_gpu.engine_hash
    words = {"crash": "SIGSEGV", "hang": "no answer within 1.0 s"}
    says(daemon, "on CPU (")
    says(daemon, words[fault])
    (tmp_path / "faults").write_text("")
    listener.until(Device.GPU)
    says(daemon, "silero-vad fp32 on GPU")
    assert daemon.status()["processes"][-1]["restarts"] == 0


def test_a_changed_plan_is_refused_by_its_hash(tmp_path: Path) -> None:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    counting_engine.write(tmp_path / "cache")
    plan = tmp_path / "cache" / "engines" / counting_engine.NAME / "counting.plan"
    plan.write_bytes(plan.read_bytes() + b"changed")
    environment = stand_in.environment()
    with Daemon(
        tmp_path, CONFIG, cache=tmp_path / "cache",
        environment={name: environment[name] for name in ("LD_LIBRARY_PATH", "PYTHONPATH")},
    ) as daemon:
        says(daemon, "its sha256 is another: it was changed")
        Listener(daemon).until(Device.CPU)


def test_an_engine_that_is_faster_on_the_cpu_stays_there(tmp_path: Path) -> None:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    counting_engine.write(tmp_path / "cache", slow=False)
    environment = stand_in.environment()
    with Daemon(
        tmp_path, CONFIG, cache=tmp_path / "cache",
        environment={name: environment[name] for name in ("LD_LIBRARY_PATH", "PYTHONPATH")},
    ) as daemon:
        says(daemon, "the CPU is faster")
        Listener(daemon).until(Device.CPU)


def test_a_smaller_budget_takes_the_engine_off_the_gpu_and_restarts_nothing(
    tmp_path: Path,
) -> None:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    counting_engine.write(tmp_path / "cache", weights=2 << 20)
    environment = stand_in.environment()
    config = tmp_path / "own.toml"
    text = CONFIG.replace("speed = 0.35", "loop = true")
    config.write_text(text)
    (tmp_path / "own").mkdir()
    with Daemon(
        tmp_path / "own", config, cache=tmp_path / "cache",
        environment={name: environment[name] for name in ("LD_LIBRARY_PATH", "PYTHONPATH")},
    ) as daemon, daemon.client("tests") as client:
        says(daemon, "silero-vad fp32 on GPU")
        before = daemon.children()
        for budget, words in (
            (1, "engines may take 1.0 MiB more"), (3, "silero-vad fp32 on GPU")
        ):
            limited = text.replace("[inference]", f"[inference]\ngpu_budget_mib = {budget}")
            config.write_text(limited)
            client.request("reload")
            says(daemon, words)
        assert daemon.children() == before


def test_doctor_names_the_device_and_why(tmp_path: Path) -> None:
    pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed")
    config = tmp_path / "sensorium.toml"
    config.write_text(CONFIG)
    daemon = Daemon(tmp_path, config, environment=stand_in.environment())
    said = daemon.command("doctor", "--config", str(config)).stdout
    assert "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f: Stand-in 0" in said.replace("\n", " ")
    assert "is the only device" in said
    assert "inference device" in said
    config.write_text(CONFIG.replace("[inference]", '[inference]\ndevice = "cpu"'))
    assert "inference.device is cpu" in daemon.command("doctor", "--config", str(config)).stdout
