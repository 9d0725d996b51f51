"""The camera on video files: open while it is needed, and each trouble told with its reason."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import videos
from fixtures.sensor_io import SensorWorld

from sensorium.clock import SteppedClock
from sensorium.health import Reason
from sensorium.sensors.camera import Camera, CameraOptions
from sensorium.sensors.device_state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return videos.write(tmp_path / "film.avi", videos.plain(48, 64, 40, 120, 200))


def camera(world: SensorWorld, path: Path, **options: object) -> SensorWorld:
    return world.run(Camera(CameraOptions(str(path), rate_hz=30.0, **options), world))


def reasons(world: SensorWorld) -> list[Reason]:
    return [one.reason for one in world.of("frame") if not one.valid]


def states(world: SensorWorld) -> set[State]:
    return {State(int(one.record["state"][0])) for one in world.of("camera")}


def seen(world: SensorWorld) -> list[tuple[int, int, int, int]]:
    """Sequence, width, height and level of each picture."""
    rows = [one.record[0] for one in world.of("frame") if one.valid]
    return [
        (int(row["sequence"]), int(row["width"]), int(row["height"]),
         round(float(row["pixels"][: row["width"] * row["height"] * 3].mean()) / 10) * 10)
        for row in rows
    ]


def some(world: SensorWorld, count: int) -> Callable[[], bool]:
    return lambda: len([one for one in world.of("frame") if one.valid]) >= count


def test_a_file_plays_again_and_again_in_its_own_time(film: Path) -> None:
    world = SensorWorld()
    with camera(world, film):
        world.until(some(world, 7))
    assert seen(world)[:7] == [
        (number + 1, 64, 48, (40, 120, 200)[number % 3]) for number in range(7)
    ]
    row = next(one.record[0] for one in world.of("frame") if one.valid)
    assert (row["format"], row["source"]) == (1, 1)
    assert world.of("camera")[-1].record["device"][0] == b"film.avi"


def test_without_loop_it_ends_and_says_so(film: Path) -> None:
    world = SensorWorld()
    with camera(world, film, loop=False):
        world.until(lambda: any(state == "ended" for state, *_ in world.reports))
        world.until(lambda: Reason.CLOSED in reasons(world))
    assert len(seen(world)) == 3
    assert "to its end" in world.reports[-1][1]
    assert "loop = true" in world.reports[-1][2]


def test_it_is_open_only_while_somebody_needs_it_and_never_when_muted(film: Path) -> None:
    world = SensorWorld()
    world.need(0)
    with camera(world, film):
        world.until(lambda: Reason.CLOSED in reasons(world))
        assert not seen(world)
        world.need(2)
        world.until(some(world, 1))
        world.need(2, muted=True)
        world.until(lambda: Reason.MUTED in reasons(world))
        count = len(seen(world))
        first = next(i for i, one in enumerate(world.published) if one.reason is Reason.MUTED)
        world.need(2)
        world.until(some(world, count + 1))
        world.until(lambda: world.of("camera")[-1].record["openings"][0] == 2)
    assert states(world) >= {State.CLOSED, State.OPEN, State.MUTED}
    # After the first "muted" nothing was seen until the mute ended.
    after = [one for one in world.published[first:] if one.channel == "frame"]
    opened = next(i for i, one in enumerate(after) if one.valid)
    assert {one.reason for one in after[:opened]} <= {Reason.MUTED, Reason.STARTING}


def test_a_device_that_is_missing_comes_back_by_itself(film: Path) -> None:
    world, hidden = SensorWorld(), film.with_name("away.avi")
    film.rename(hidden)
    with camera(world, film):
        world.until(lambda: Reason.DEVICE_MISSING in reasons(world))
        hidden.rename(film)
        world.until(lambda: len(world.reports) == 3)
    assert [state for state, *_ in world.reports] == ["opening", "missing", "live"]
    assert seen(world)


@pytest.mark.parametrize("content", [b"", b"RIFF\x10\x00\x00\x00AVI LIST", b"\xff\xd8noise" * 999])
def test_a_file_that_is_no_video_is_told(tmp_path: Path, content: bytes) -> None:
    world, path = SensorWorld(), tmp_path / "film.avi"
    path.write_bytes(content)
    with camera(world, path):
        world.until(lambda: Reason.FAILED in reasons(world))
    assert not seen(world)
    assert "film.avi" in world.reports[-1][1]


def test_a_file_that_breaks_off_gives_what_it_has(film: Path) -> None:
    world = SensorWorld()
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 2 // 3])
    with camera(world, film):
        world.until(lambda: seen(world) or reasons(world))
    assert all(level in (40, 120, 200) for *_, level in seen(world))


@pytest.mark.parametrize(
    ("height", "width", "told"),
    [(480, 640, (640, 480)), (1080, 1920, (640, 360)), (601, 337, (269, 480)), (34, 18, (18, 34))],
)
def test_any_size_is_shown_in_its_proportions(
    tmp_path: Path, height: int, width: int, told: tuple[int, int]
) -> None:
    world = SensorWorld()
    path = videos.write(tmp_path / "film.avi", videos.plain(height, width, 90))
    with camera(world, path):
        world.until(some(world, 1))
    assert seen(world)[0] == (1, *told, 90)


def test_pictures_too_thin_to_be_shown_are_refused(tmp_path: Path) -> None:
    world = SensorWorld()
    path = videos.write(tmp_path / "film.avi", videos.plain(8, 640, 90))
    with camera(world, path):
        world.until(lambda: Reason.NOT_OFFERED in reasons(world))
    assert "640 x 8" in world.reports[-1][1]


def test_without_the_extra_the_remedy_names_it(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    world = SensorWorld()
    with camera(world, film):
        world.until(lambda: Reason.DEVICE_MISSING in reasons(world))
    assert world.reports[-1][0] == "missing"
    assert world.reports[-1][2] == "pip install sensorium[camera]"


class Driver:
    """OpenCV's captures, of which a call does not return until the driver lets it."""

    def __init__(self, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.call = call
        self.within, self.lets = threading.Event(), threading.Event()
        self._real = videos.cv2.VideoCapture
        monkeypatch.setattr(videos.cv2, "VideoCapture", lambda: _Held(self, self._real()))


class _Held:
    def __init__(self, driver: Driver, real: Any) -> None:
        self._driver, self._real = driver, real

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._real, name)
        if name != self._driver.call:
            return call

        def held(*arguments: object) -> Any:
            self._driver.within.set()
            assert self._driver.lets.wait(60)
            return call(*arguments)

        return held


class Hands(SteppedClock):
    """A clock that stands where it was put."""

    def after(self, seconds: float) -> None:
        self.set(self() + int(seconds * 1e9))


@pytest.fixture
def slow_world() -> SensorWorld:
    return SensorWorld(clock=Hands(1_000_000_000))


def told(world: SensorWorld) -> State | None:
    """The state that was published last; None: none was yet."""
    published = world.of("camera")
    return State(int(published[-1].record["state"][0])) if published else None


def later(world: SensorWorld, seconds: float) -> None:
    """Lets time pass, and the sensor see that it has."""
    world.clock.after(seconds)
    count = len(world.of("camera"))
    world.until(lambda: len(world.of("camera")) >= count + 2)


def test_a_camera_that_opens_slowly_is_waited_for_and_goes_live(
    film: Path, slow_world: SensorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, driver = slow_world, Driver("open", monkeypatch)
    with camera(world, film):
        world.until(driver.within.is_set)
        for _ in range(2):
            later(world, 10)
            assert told(world) is State.OPENING
        assert reasons(world)[-1] is Reason.STARTING
        assert world.of("camera")[-1].record["device"][0] == b"film.avi"
        driver.lets.set()
        world.until(lambda: told(world) is State.OPEN)
        later(world, 0.2)
        world.until(lambda: "live" in [state for state, *_ in world.reports])
    assert [state for state, *_ in world.reports] == ["opening", "live"]


def test_a_camera_that_never_opens_is_told(
    film: Path, slow_world: SensorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, driver = slow_world, Driver("open", monkeypatch)
    with camera(world, film):
        world.until(driver.within.is_set)
        later(world, 31)
        assert world.reports[-1][:2] == ("missing", "film.avi does not open")
        later(world, 10)
        assert world.reports[-1][:2] == ("missing", "film.avi does not open")
        driver.lets.set()
        later(world, 10)
        world.until(lambda: told(world) is State.OPEN)


@pytest.mark.parametrize("call", ["open", "grab"])
def test_it_is_muted_only_when_its_driver_has_let_go(
    film: Path, slow_world: SensorWorld, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    world, driver = slow_world, Driver(call, monkeypatch)
    with camera(world, film):
        world.until(driver.within.is_set)
        world.need(muted=True)
        world.until(lambda: told(world) is State.CLOSING)
        later(world, 1)
        assert reasons(world)[-1] is Reason.CLOSING
        assert "unplug" in world.reports[-1][2]
        # Without the mute it is waited for, until the driver is at fault.
        world.need()
        later(world, 1)
        assert told(world) is State.CLOSING
        later(world, 31)
        assert world.reports[-1][:2] == ("missing", "film.avi does not answer")
        world.need(muted=True)
        later(world, 100)
        assert told(world) is State.CLOSING
        assert not states(world) & {State.MUTED, State.CLOSED}
        driver.lets.set()
        world.until(lambda: told(world) is State.MUTED)
        later(world, 1)
        assert reasons(world)[-1] is Reason.MUTED
    assert not seen(world)
