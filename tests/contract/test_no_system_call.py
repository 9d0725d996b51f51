"""The hot path makes no system call: the kernel would kill the reader for the first one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from fixtures.clients import PROGRAMS, compile_c
from fixtures.live_regions import LiveRegions, publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")

APP = "beat-game"
WRITTEN = ("head", "hand_left", "gesture_right", "gesture_event", "voice_activity")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader, compiled with every warning an error."""
    out = tmp_path_factory.mktemp("no_system_call") / "reader"
    return compile_c(out, [PROGRAMS / "no_system_call.c"])


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveRegions]:
    """Regions whose channels are written all the time."""
    ended = threading.Event()
    with LiveRegions(tmp_path) as regions:
        regions.grant(APP, "motion")

        def write() -> None:
            while not ended.wait(0.0005):
                for channel in WRITTEN:
                    publish(regions, channel)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            yield regions
        finally:
            ended.set()
            writer.join()


def run(program: Path, live: LiveRegions, *mode: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), str(live.folder), APP, *mode],
        capture_output=True, text=True, timeout=120, check=False,
    )


def test_a_million_frames_read_and_written_without_a_system_call(
    program: Path, live: LiveRegions
) -> None:
    done = run(program, live)
    assert done.returncode == 0, f"killed by signal {-done.returncode}: {done.stderr}"
    figures = json.loads(done.stdout)
    assert figures["rounds"] >= 1_000_000
    assert figures["new"] >= 100
    assert figures["same"] > 0
    assert figures["events"] > 0
    assert figures["written"] >= figures["rounds"]
    assert figures["ended"] == 0


def test_the_kernel_would_have_noticed(program: Path, live: LiveRegions) -> None:
    assert run(program, live, "getpid").returncode == -signal.SIGKILL
