"""The real daemon on a real OpenXR runtime: injected state comes out of the C client unchanged."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from fixtures.channel_reader import ChannelReader, Reading
from fixtures.daemon import Daemon
from fixtures.monado import MARKS, MonadoService
from fixtures.remote_driver import ABSENT, LEFT, RIGHT, Controller, Remote

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.status import Status
from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

pytestmark = MARKS

CONFIG = """
[sensors.openxr]
enabled = true
[senses.push_to_talk]
"""
TOLERANCE = 1e-5
TRACKED = 15


class Headset(NamedTuple):
    service: MonadoService
    remote: Remote
    reader: ChannelReader
    daemon: Daemon


@pytest.fixture(scope="module")
def headset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Headset]:
    folder = tmp_path_factory.mktemp("xr")
    service = MonadoService(folder / "m")
    service.start()
    daemon = Daemon(
        folder, CONFIG, environment=service.environment, python=service.python
    )
    try:
        with (
            service.connect() as remote, daemon, ChannelReader(folder, daemon) as reader
        ):
            yield Headset(service, remote, reader, daemon)
    finally:
        service.stop()


def quaternion(random: np.random.Generator) -> tuple[float, ...]:
    values = random.normal(size=4)
    return tuple(map(float, values / np.linalg.norm(values)))


def vector(random: np.random.Generator) -> tuple[float, ...]:
    return tuple(map(float, random.uniform(-2, 2, 3)))


def close(found: NDArray[np.float32], injected: tuple[float, ...]) -> bool:
    return bool(np.allclose(found, injected, rtol=0, atol=TOLERANCE))


def test_injected_poses_come_out_unchanged(headset: Headset) -> None:
    random = np.random.default_rng(1)
    worst = 0.0
    for _ in range(60):
        position, orientation = vector(random), quaternion(random)
        hands = {
            side: Controller(position=vector(random), orientation=quaternion(random))
            for side in ("left", "right")
        }
        headset.remote.send(position, orientation, **hands)
        head = headset.reader.until(
            "head",
            lambda got, sent=position: got.status == "new"
            and close(got.record["pose"]["position"][0], sent),
        )
        pose = head.record["pose"][0]
        assert head.record["space"][0] == 1
        assert head.record["source"][0] == 1
        assert pose["flags"] & TRACKED == TRACKED
        assert close(pose["orientation"], orientation)
        for side, sent in hands.items():
            got = headset.reader.until(
                f"controller_{side}",
                lambda got, sent=sent: close(got.record["grip"]["position"][0], sent.position),
            )
            assert got.record["side"][0] == (1 if side == "left" else 2)
            grip = got.record["grip"][0]
            assert grip["flags"] & TRACKED == TRACKED
            assert close(grip["orientation"], sent.orientation)
            worst = max(worst, float(np.abs(grip["position"] - sent.position).max()))
            hand = headset.reader.until(
                f"hand_{side}",
                lambda got, sent=sent: close(got.record["joints"]["position"][0, 1], sent.position),
            )
            joints = hand.record["joints"][0]
            assert (joints["flags"] & TRACKED == TRACKED).all()
            assert (joints["radius"] > 0).all()
            assert np.allclose(np.linalg.norm(joints["orientation"], axis=1), 1, atol=1e-4)
    print(f"largest difference of a grip's position: {worst:.1e} m")


def test_velocities_are_those_of_the_runtime(headset: Headset) -> None:
    moving = replace(LEFT, linear_velocity=(0.1, -0.2, 0.3), angular_velocity=(0.5, 0.25, -1.0))
    headset.remote.send(left=moving)
    got = headset.reader.until(
        "controller_left",
        lambda got: close(got.record["grip"]["linear_velocity"][0], moving.linear_velocity),
    )
    assert close(got.record["grip"]["angular_velocity"][0], moving.angular_velocity)
    assert got.record["grip"]["flags"][0] == 63


def test_buttons_and_axes(headset: Headset) -> None:
    pressed = frozenset({"a_click", "thumbstick_touch", "trigger_click"})
    right = replace(RIGHT, trigger=0.75, squeeze=0.5, stick=(0.25, -0.5), pressed=pressed)
    headset.remote.send(right=right)
    got = headset.reader.until("controller_right", lambda got: got.record["trigger"][0] == 0.75)
    record = got.record[0]
    assert record["profile"].startswith(b"/interaction_profiles/")
    assert record["squeeze"] == pytest.approx(0.5)
    assert tuple(record["stick"]) == (0.25, -0.5)
    trigger, primary, stick = 1, 16, 4
    assert record["pressed"] & (trigger | primary | stick) == trigger | primary
    assert record["touched"] & stick
    assert record["offered"] & (trigger | primary | stick) == trigger | primary | stick
    headset.remote.send()
    got = headset.reader.until("controller_right", lambda got: got.record["trigger"][0] == 0)
    assert got.record["pressed"][0] == 0


def test_a_button_of_the_headset_lets_commands_pass(headset: Headset) -> None:
    with headset.daemon.client() as client:
        public, _ = client.open("public")
    cursor = Cursor(public, "push_to_talk")
    headset.remote.send()
    free = headset.reader.until("controller_right", lambda got: got.record["pressed"][0] == 0)

    def next_told() -> np.void:
        """What is told next of a press in this test: the one before may be told late."""
        end = time.monotonic() + 60
        while True:
            if cursor.next(now_ns()) == Status.NEW:
                row = cursor.sample.view(CHANNELS["push_to_talk"].record)[0]
                if row["pressed_ns"] > free.capture_ns:
                    return row
            assert time.monotonic() < end, headset.daemon.read_log()
            time.sleep(0.002)

    headset.remote.send(right=replace(RIGHT, pressed=frozenset({"a_click"})))
    # Held until it is told: senses see the newest record only, and no thumb is so short.
    told = [next_told()]
    # On a busy machine the sense may see it later than another reader does.
    held = headset.reader.until(
        "controller_right", lambda got: got.capture_ns >= told[0]["pressed_ns"]
    )
    assert held.record["pressed"][0] & 16
    headset.remote.send()
    headset.reader.until("controller_right", lambda got: got.record["pressed"][0] == 0)
    told.append(next_told())
    assert [(one["held"], one["side"], one["button"]) for one in told] == [(1, 2, 16), (0, 2, 16)]
    assert told[0]["pressed_ns"] == told[1]["pressed_ns"]
    assert told[1]["released_ns"] > held.capture_ns


def test_curled_fingers_bend_the_joints(headset: Headset) -> None:
    def reach(got: Reading) -> float:
        joints = got.record["joints"][0]["position"]
        index_tip, wrist = 10, 1
        return float(np.linalg.norm(joints[index_tip] - joints[wrist]))

    place = (-0.25, 1.2, -0.4)
    headset.remote.send(left=replace(LEFT, position=place))
    straight = headset.reader.until(
        "hand_left",
        lambda got: got.status == "new" and close(got.record["joints"]["position"][0, 1], place),
    )
    headset.remote.send(left=replace(LEFT, position=place, curl=(1.0,) * 5))
    headset.reader.until(
        "hand_left", lambda got: got.status == "new" and reach(got) < reach(straight) - 0.02
    )


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_is_absent_is_inactive_and_hides_nothing_else(headset: Headset, side: str) -> None:
    other = "right" if side == "left" else "left"
    headset.remote.send(**{side: ABSENT})
    for kind in ("hand", "controller"):
        gone = headset.reader.until(f"{kind}_{side}", lambda got: got.status == "invalid")
        assert gone.reason == "inactive"
        there = headset.reader.until(f"{kind}_{other}", lambda got: got.status == "new")
        assert there.reason == "none"
    assert headset.reader.until("head", lambda got: got.status == "new")
    headset.remote.send(position=(0.5, 1.0, 0.25))
    for kind in ("hand", "controller"):
        headset.reader.until(f"{kind}_{side}", lambda got: got.status == "new")


def test_inactive_channels_stay_fresh(headset: Headset) -> None:
    headset.remote.send(left=ABSENT, right=ABSENT)
    first = headset.reader.until("hand_left", lambda got: got.status == "invalid")
    headset.reader.until("hand_left", lambda got: got.n >= first.n + 5)
    headset.remote.send()


def test_capture_time_is_the_time_located_for(headset: Headset) -> None:
    first = headset.reader.until("head", lambda got: got.status == "new")
    later = headset.reader.until("head", lambda got: got.n >= first.n + 20)
    per_record = (later.capture_ns - first.capture_ns) / (later.n - first.n)
    assert per_record >= 1e9 / 500
    headset.reader.until(
        "hand_left", lambda got: got.status == "new" and got.capture_ns >= later.capture_ns
    )


def test_gaze_says_that_it_is_not_offered(headset: Headset, tmp_path) -> None:
    with ChannelReader(tmp_path, headset.daemon, "gaze") as reader:
        got = reader.until("gaze", lambda got: got.reason != "starting")
    assert (got.status, got.reason) == ("invalid", "not_offered")


def test_input_withheld_by_the_runtime_is_inactive(headset: Headset) -> None:
    headset.remote.send()
    headset.reader.until("controller_left", lambda got: got.status == "new")
    headset.service.toggle_input(headset.service.client("sensorium"))
    gone = headset.reader.until("controller_left", lambda got: got.status == "invalid")
    assert gone.reason == "inactive"
    assert headset.reader.until("head", lambda got: got.status == "new")
    headset.service.toggle_input(headset.service.client("sensorium"))
    headset.reader.until("controller_left", lambda got: got.status == "new")
