"""A video as the camera of a real daemon, read as an app reads it; and pictures of an app."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures import clients, engines, pictures, videos
from fixtures.daemon import Daemon
from fixtures.waiting import eventually
from PIL import Image

from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="the fixture is for Linux"),
]

ENGINES = (
    "yolov3-tiny", "efficientnet-lite0", "face-detector", "face-landmarks", "face-blendshapes",
    "face-emotion",
)
CONFIG = """
[inference]
nice = 0
threads = 1
[sensors.camera]
device = "{video}"
[senses.objects]
app_frames = true
[senses.image_class]
app_frames = true
[senses.face]
[senses.face_emotion]
"""
PATIENCE_S = 60.0
CUT = (90, 0), (280, 310)
"""Where the astronaut's face is cut out, 310 pixels wide, and how wide it is shown."""
SMILES = {44, 45}
"""mouthSmileLeft and mouthSmileRight among the labels of face-blendshapes."""


class App:
    """An app with the client file that apps copy."""

    def __init__(self, name: str, daemon: Daemon) -> None:
        self.module = clients.python_client()
        self.session = self.module.connect(name, str(daemon.runtime_dir))
        self._channels: dict[str, Any] = {}

    def channel(self, name: str) -> Any:
        if name not in self._channels:
            self._channels[name] = self.session.channel(name)
        return self._channels[name]

    def read(self, name: str) -> Any:
        return self.channel(name).read(self.module.now_ns())

    def until(self, name: str, holds: Callable[[Any], object]) -> Any:
        """The first reading of a channel that is so."""
        def look() -> Any:
            reading = self.read(name)
            return reading if holds(reading) else None

        def now() -> str:
            reading = self.read(name)
            return f"{name}: {reading}, {Reason(reading.reason).name}"

        return eventually(look, now, pause_s=0.02)

    def seen(self, name: str, holds: Callable[[Any], object] = lambda _record: True) -> Any:
        """The first valid record of a channel that is so."""
        fresh = (self.module.Status.NEW, self.module.Status.SAME)
        found = self.until(
            name, lambda reading: reading.status in fresh and holds(reading.record)
        )
        return found.record

    def says(self, name: str, reason: Reason) -> None:
        """Waits until a channel has nothing to give for a reason."""
        invalid = self.module.Status.INVALID
        self.until(name, lambda r: r.status is invalid and r.reason == reason)

    def send(self, image: np.ndarray, **fields: object) -> None:
        height, width = image.shape[:2]
        form = 1 if image.shape[2] == 3 else 2
        record = {
            "width": width, "height": height, "format": form, "source": 2,
            "pixels": np.ascontiguousarray(image).tobytes(), **fields,
        }
        status = self.channel("app_frame").write(record, self.module.now_ns())
        assert status is self.module.Status.OK


def owner(daemon: Daemon, operation: str, **fields: object) -> None:
    """What `sensorium mute` and `sensorium grants` ask for."""
    with daemon.client("owner") as client:
        client.request(operation, **fields)


def resized(image: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((width, height)))


@pytest.fixture(scope="module")
def street() -> np.ndarray:
    """What the camera sees, 640 x 480: a bus and people on the left, a smiling face right."""
    seen = np.full((480, 640, 3), 90, np.uint8)
    seen[:, :360] = resized(videos.photograph(pictures.BUS), 360, 480)
    (left, top), (size, part) = CUT
    face = videos.photograph(pictures.ASTRONAUT)[top : top + part, left : left + part]
    seen[100 : 100 + size, 360:] = resized(face, size, size)
    return seen


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, street: np.ndarray) -> Iterator[Daemon]:
    for name in ENGINES:
        engines.ensure_built(name)
    folder = tmp_path_factory.mktemp("camera")
    video = videos.write(folder / "street.avi", [street] * 10)
    with Daemon(folder, CONFIG.format(video=video)) as running:
        yield running


@pytest.fixture(scope="module")
def game(daemon: Daemon) -> Iterator[App]:
    """An app that the owner lets see."""
    owner(daemon, "grant", action="allow", app="game", classes="camera,emotion")
    app = App("game", daemon)
    yield app
    app.session.close()


def test_nobody_looks_so_it_is_closed_and_without_a_grant_it_stays_so(daemon: Daemon) -> None:
    stranger = App("stranger", daemon)
    closed = stranger.seen("camera")
    assert (closed.state, closed.users, closed.device) == (2, 0, "")
    for name in ("frame", "objects", "face", "face_emotion"):
        assert stranger.channel(name).status is stranger.module.Status.DENIED
    assert stranger.session.remedy == "sensorium grants allow stranger emotion"
    assert daemon.status()["camera_users"] == []
    assert stranger.seen("camera").openings == 0
    stranger.session.close()


def test_an_app_with_a_grant_sees_the_picture(game: App, street: np.ndarray) -> None:
    picture = game.seen("frame")
    assert (picture.width, picture.height, picture.format, picture.source) == (640, 480, 1, 1)
    shown = np.frombuffer(picture.pixels, np.uint8).reshape(480, 640, 3)
    assert np.abs(shown.astype(int) - street.astype(int)).mean() < 6
    opened = game.seen("camera", lambda camera: camera.state == 1 and camera.width)
    assert (opened.width, opened.height, opened.device) == (640, 480, "street.avi")


def test_what_is_in_it_is_told(game: App) -> None:
    objects = game.seen("objects", lambda record: record.count)
    things = objects.objects[: objects.count]
    assert {"person", "bus"} <= {thing.name for thing in things}
    assert [thing.score for thing in things] == sorted((t.score for t in things), reverse=True)
    (bus,) = (thing for thing in things if thing.name == "bus")
    left, top, right, bottom = bus.box
    assert left < 0.3 < right < 0.6
    assert top < 0.5 < bottom
    followed(game, "objects", lambda record: [
        thing.track for thing in record.objects[: record.count] if thing.name == "bus"
    ])

    guesses = game.seen("image_class", lambda record: record.count).guesses
    assert len({guess.label for guess in guesses}) == 5
    assert [guess.score for guess in guesses] == sorted(
        (guess.score for guess in guesses), reverse=True
    )

    faces = game.seen("face", lambda record: record.count)
    assert faces.count == 1
    face = faces.faces[0]
    (cut_left, cut_top), (size, part) = CUT
    left, right = (((x - cut_left) * size / part + 360) / 640 for x in pictures.FACE[::2])
    top, bottom = (((y - cut_top) * size / part + 100) / 480 for y in pictures.FACE[1::2])
    assert all(left - 0.01 < x < right + 0.01 for x in face.keypoints[::2])
    assert all(top < y < bottom for y in face.keypoints[1::2])
    assert face.keypoints[0] < face.keypoints[2]
    assert {int(at) for at in np.argsort(face.blendshapes)[-2:]} == SMILES
    followed(game, "face", lambda record: [one.track for one in record.faces[: record.count]])

    emotion = game.seen("face_emotion")
    assert (emotion.source, emotion.name) == (1, "happy")
    assert emotion.loudness != emotion.loudness


def followed(game: App, name: str, tracks: Callable[[Any], list[int]]) -> None:
    """Waits until one thing has the same number in two pictures that follow one another.

    A PC that is too busy to look for two seconds begins anew, with another number.
    """
    before: dict[int, list[int]] = {}

    def again(record: Any) -> bool:
        now = before.setdefault(record.frame, tracks(record))
        earlier = [frame for frame in before if frame < record.frame]
        return len(now) == 1 and bool(earlier) and before[max(earlier)] == now and now[0] != 0

    game.seen(name, again)


def test_what_an_app_sends_is_told_to_it_alone(daemon: Daemon, game: App) -> None:
    artist, other = App("artist", daemon), App("other", daemon)
    coffee = videos.photograph(pictures.COFFEE)
    other.channel("app_frame")
    artist.send(coffee, sequence=77)
    objects = artist.seen("app_objects", lambda record: record.count)
    assert objects.objects[0].name == "cup"
    assert (objects.frame, objects.width, objects.height) == (77, 600, 400)
    guessed = artist.seen("app_image_class", lambda record: record.count)
    assert (guessed.frame, guessed.guesses[0].name) == (77, "espresso")
    assert other.read("app_objects").sample is None
    seen = game.seen("objects")
    assert "cup" not in {thing.name for thing in seen.objects[: seen.count]}
    assert daemon.status()["refused_app_records"] == 0

    for wrong in ({"width": 9999}, {"height": 0}, {"format": 9}, {"width": 0xFFFFFFFF}):
        before = daemon.status()["refused_app_records"]
        artist.send(coffee, sequence=78, **wrong)
        eventually(
            lambda before=before: daemon.status()["refused_app_records"] != before,
            f"a picture of {wrong} is counted",
        )
    artist.send(np.random.default_rng(6).integers(0, 256, (100, 640, 4), np.uint8), sequence=79)
    assert artist.seen("app_objects", lambda record: record.frame != 77).frame == 79
    artist.session.close()
    other.session.close()


def test_mute_closes_it_for_all_and_the_end_of_the_grant_for_good(
    daemon: Daemon, game: App
) -> None:
    owner(daemon, "mute", on=True)
    for name in ("frame", "objects", "image_class", "face", "face_emotion"):
        game.says(name, Reason.MUTED)
    assert game.seen("camera", lambda camera: camera.state == 3).device == ""
    owner(daemon, "mute", on=False)
    game.seen("frame")
    owner(daemon, "grant", action="revoke", app="game", classes="camera,emotion")
    game.until("frame", lambda reading: reading.status is game.module.Status.DENIED)
    game.seen("camera", lambda camera: camera.state == 2)
    assert daemon.status()["camera_users"] == []
