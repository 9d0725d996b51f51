"""What an app writes into its region, treated as hostile: copied first, then every value checked.

A record that breaks a rule is counted and ignored; the last good one stands. Of a scene with a bad
target the sense `target` still uses the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.channels.cursor import Cursor
from sensorium.channels.reader import Reader
from sensorium.perception import pictures
from sensorium.perception.targets.scene import SceneState, good_targets, head_state
from sensorium.sensors.frame_history import FrameHistory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.channels.region import Region

_PERIOD_MAX_NS = 1_000_000_000
_SKEW_NS = 10_000_000_000
"""Frame times further than this from now are taken for garbage."""
_A_TICK = 256
_JUDGED = ("begin_ns", "end_ns", "period_ns", "cpu_ns", "gpu_ns", "source")


@dataclass
class FrameFigures:
    """An app's frames as it tells them.

    Attributes:
        frames: Records taken.
        last: The newest frame's number.
        missed: As the app counts them.
        frame_ns: Begin to end of the newest frame.
        interval_ns: From the begin before to the newest begin; 0 unknown.
    """

    frames: int = 0
    last: int = 0
    missed: int = 0
    frame_ns: int = 0
    interval_ns: int = 0
    begin_ns: int = 0


class AppIntake:
    """Reads one app's scene, frame times and the sizes of its pictures.

    Attributes:
        scene: The newest good scene, shape (1,); None before.
        frames: The app's frame figures.
        history: Its frames of the last minute.
        refused: Bad records so far.
    """

    def __init__(self, region: Region) -> None:
        self.scene: NDArray[np.void] | None = None
        self.frames = FrameFigures()
        self.history = FrameHistory()
        self.refused = 0
        self._scene = Reader(region, "scene", records.SCENE)
        # Senses copy the pixels, once each; here its size is judged, of every picture that comes.
        self._picture = Reader(
            region, "app_frame", records.PICTURE, head=pictures.HEAD.itemsize
        )
        self._timing = Cursor(region, "frame_timing", records.FRAME_TIMING)

    def take(self, now_ns: int) -> None:
        """Takes what is new: at most one scene, one picture and 256 frames."""
        before = self._scene.sample.n
        self._scene.read(now_ns)
        sample = self._scene.sample
        if sample.n != before:
            if len(sample.record) == records.SCENE.size and scene_is_good(
                scene := sample.view(records.SCENE)
            ):
                self.scene = scene
            else:
                self.refused += 1
        self._take_picture(now_ns)
        for _ in range(_A_TICK):
            before = self._timing.sample.n
            self._timing.next(now_ns)
            if self._timing.sample.n == before:
                break
            self._take_frame(now_ns)

    def _take_picture(self, now_ns: int) -> None:
        """Counts a picture that breaks a rule; senses look at the others by themselves."""
        before = self._picture.sample.n
        self._picture.read(now_ns)
        sample = self._picture.sample
        if sample.n == before:
            return
        if (
            sample.length != records.PICTURE.size
            or pictures.size_of(np.frombuffer(sample.record, pictures.HEAD, 1)) is None
        ):
            self.refused += 1

    def _take_frame(self, now_ns: int) -> None:
        sample = self._timing.sample
        size = records.FRAME_TIMING.size
        frame = sample.view(records.FRAME_TIMING)[0] if len(sample.record) == size else None
        if frame is None or not sample.valid or not frame_is_good(frame, now_ns):
            self.refused += 1
            return
        figures = self.frames
        begin, end = int(frame["begin_ns"]), int(frame["end_ns"])
        figures.frames += 1
        figures.last = int(frame["frame"])
        figures.missed = int(frame["missed"])
        figures.frame_ns = end - begin
        figures.interval_ns = max(0, begin - figures.begin_ns) if figures.begin_ns else 0
        figures.begin_ns = begin
        self.history.add(frame)


def scene_is_good(scene: NDArray[np.void]) -> bool:
    """Whether a scene, shape (1,), keeps every rule of `records.SCENE`."""
    if head_state(scene) is not SceneState.USED:
        return False
    targets = scene["targets"][0, : int(scene["count"][0])]
    return bool(good_targets(targets).all()) and all(_is_text(name) for name in targets["name"])


def frame_is_good(frame: np.void, now_ns: int) -> bool:
    """Whether one frame timing keeps every rule of `records.FRAME_TIMING`."""
    begin, end, period, cpu, gpu, source = (int(frame[name]) for name in _JUDGED)
    return times_are_good(begin, end, period, cpu, gpu, source, now_ns)


def times_are_good(
    begin_ns: int, end_ns: int, period_ns: int, cpu_ns: int, gpu_ns: int, source: int, now_ns: int
) -> bool:
    """The rules of `records.FRAME_TIMING`, for numbers that were unpacked without numpy."""
    return (
        now_ns - _SKEW_NS < begin_ns <= end_ns < now_ns + _SKEW_NS
        and period_ns <= _PERIOD_MAX_NS
        and cpu_ns < _SKEW_NS
        and gpu_ns < _SKEW_NS
        and source in (1, 2)
    )


def _is_text(name: bytes) -> bool:
    try:
        return name.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False
