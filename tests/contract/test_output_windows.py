"""What is played, captured by WASAPI; run by Python for Windows, see tests/system/test_windows.py.

Wine has no loop-back. So an input that carries what is played stands in for the output: all is
the same but for one flag, and that it gives silence where an output gives nothing, for which see
tests/unit/test_packet_timeline.py.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures.sensor_io import SensorWorld

from sensorium.clock import now_ns
from sensorium.health import Reason
from sensorium.sensors.output_sound import OutputOptions, OutputSound

if TYPE_CHECKING:
    from fixtures.sensor_io import Published

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="WASAPI is Windows' own")

INPUT = "Monitor of Null Output"
"""As wine calls the monitor of the test's output, on which a tone of 1 kHz is played."""
TONE_HZ, TONE = 1000, 0.5


def output(world: SensorWorld, device: str = INPUT) -> SensorWorld:
    return world.run(OutputSound(OutputOptions(device), world))


def blocks(world: SensorWorld) -> list[Published]:
    return [item for item in world.of("output_audio") if item.valid]


def hear(world: SensorWorld, count: int) -> list[Published]:
    """The next `count` blocks in which the tone is."""
    def loud() -> list[Published]:
        return [item for item in blocks(world)[before:] if item.record["rms"][0] > 0.3]

    before = len(blocks(world))
    world.until(lambda: len(loud()) >= count)
    return loud()[:count]


def whole(world: SensorWorld, count: int) -> list[Published]:
    """The next `count` blocks without a hole: wine on a busy machine loses some sound."""
    for _ in range(30):
        heard = hear(world, count)
        firsts = np.array([int(item.record["first_sample"][0]) for item in heard])
        levels = np.array([float(item.record["rms"][0]) for item in heard])
        if (np.diff(firsts) == 512).all() and (abs(levels - TONE / np.sqrt(2)) < 0.01).all():
            return heard
    raise AssertionError("sound is lost again and again")


def amplitude(sound: np.ndarray) -> float:
    # In real numbers: wine's C library has no complex exponential.
    window, turn = np.hanning(len(sound)), 2 * np.pi * TONE_HZ * np.arange(len(sound)) / 16_000
    parts = [np.sum(sound * window * wave(turn)) * 2 / window.sum() for wave in (np.cos, np.sin)]
    return float(np.hypot(*parts))


def test_what_is_played_is_captured_on_the_daemons_clock() -> None:
    world = SensorWorld()
    begun_ns = now_ns()
    with output(world):
        hear(world, 30)
        heard = whole(world, 30)
        world.until(lambda: world.reports)
    sound = np.concatenate([item.record["samples"][0] for item in heard])
    assert amplitude(sound) == pytest.approx(TONE, rel=0.02)
    captured = np.array([item.capture_ns for item in heard])
    assert (np.diff(captured) > 0).all()
    assert (captured[-1] - captured[0]) / (len(captured) - 1) == pytest.approx(32e6, rel=0.02)
    assert all(begun_ns < item.capture_ns <= item.publish_ns for item in heard)
    state, detail, _ = world.reports[-1]
    assert (state, detail) == ("live", f"{INPUT} at 48000 Hz")


def test_it_is_closed_while_it_is_muted_and_comes_back() -> None:
    world = SensorWorld()
    with output(world):
        hear(world, 5)
        world.need(1, muted=True)
        world.until(lambda: not world.of("output_audio")[-1].valid)
        assert world.of("output_audio")[-1].reason is Reason.MUTED
        said = len(world.of("output_audio"))
        world.need(0)
        world.until(lambda: world.of("output_audio")[-1].reason is Reason.CLOSED)
        assert len(world.of("output_audio")) == said + 1
        world.need(1)
        assert hear(world, 5)[-1].record["session"][0] == 2


@pytest.mark.parametrize(
    ("device", "message", "remedy"),
    [
        ("Speakers of a neighbour", "no output or input is named Speakers of a neighbour", INPUT),
        # The default output, as far as wine goes.
        ("", "what is played cannot be captured: this system has no loop-back", "name an input"),
    ],
)
def test_what_cannot_be_captured_is_said_with_a_remedy(
    device: str, message: str, remedy: str
) -> None:
    world = SensorWorld()
    with output(world, device):
        world.until(lambda: world.reports)
    assert world.of("output_audio")[-1].reason is Reason.DEVICE_MISSING
    state, said, told = world.reports[-1]
    assert (state, said) == ("missing", message)
    assert remedy in told


def test_doctor_names_what_it_would_capture() -> None:
    from sensorium.cli.doctor.probe import output_sound

    assert output_sound("monitor of") == {"source": INPUT}
