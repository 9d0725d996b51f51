"""What one app is told: its scene, and what of it is looked at, pointed at and grabbed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium import records
from sensorium.perception.targets.calibration import Calibration
from sensorium.perception.targets.choice import NOTHING, RANKED, Ranking
from sensorium.perception.targets.grasp import Grasp
from sensorium.perception.targets.referent import Referent, Sample, refer
from sensorium.perception.targets.scene import Scene, SceneReader, SceneState
from sensorium.perception.targets.spaces import Turn
from sensorium.perception.targets.view import formed

if TYPE_CHECKING:
    from sensorium.perception.sense import App, Apps
    from sensorium.perception.targets.hand_input import HandInput
    from sensorium.perception.targets.spaces import Spaces, Vector

WAIT_NS = 250_000_000
"""So long the scene before stands while a new one's space is not known yet."""
NOWHERE = Turn()
SIDES = (0, 1)
EYES, HEAD = 1, 2
"""Values of `target.looked_source`."""
LOOKED, POINTED, GRABBED = 0, 1, 3
"""Places in the record's arrays of five; those of hands are followed by the right one's."""
_REST = ("space_generation", "scene_state", "looked_source", "ignored", "hands")


class Accuracy(NamedTuple):
    """How well a ray is known.

    Attributes:
        noise: RMS an axis from sample to sample, rad.
        offset: Standard deviation an axis of what stays the same, rad.
    """

    noise: float
    offset: float


class Attention:
    """One app's part of the sense.

    Args:
        app: Whose region is read and written.
        hand: How well hands point.

    Attributes:
        record: `records.TARGET`, shape (1,).
        scene: What is used of the app's scene; None: nothing, see `state`.
        state: What became of it.
    """

    def __init__(self, app: App, hand: Accuracy) -> None:
        self.app = app
        self.record = records.TARGET.zeros()
        self.scene: Scene | None = None
        self.state = SceneState.MISSING
        self._reader = SceneReader()
        self._number = 0
        self._taken: tuple[int, int] | None = None
        self._epoch = 0
        self._late_ns = 0
        self._source = 0
        self._looks: Referent | None = None
        self._calibration: Calibration | None = None
        self._points = tuple(Referent(*hand) for _ in SIDES)
        self._grasps = tuple(Grasp() for _ in SIDES)
        self._pointing = [False, False]
        # What was taken and not yet looked at, by the way to refer.
        self._due: dict[int, Sample] = {}
        self._rest: tuple[int, ...] = ()
        self._chosen = [0] * 5
        self._written: list[Ranking | None] = [None] * 5
        row = self.record[0]
        row["nothing"] = 1
        pointed, grabbed = self.record["pointed_at"], self.record["grabbed"]
        self._rows = tuple(
            (way["ids"], way["scores"], way["count"])
            for way in (self.record["looked_at"], *pointed.T, *grabbed.T)
        )
        self._nothing, self._since, self._changes = (
            row[name] for name in ("nothing", "since_ns", "changes")
        )

    def read(self, apps: Apps, spaces: Spaces, time_ns: int) -> None:
        """Takes the app's scene, where it or the spaces have changed.

        Args:
            apps: The regions.
            spaces: Which the scene may be made for.
            time_ns: Of the newest head or gaze.
        """
        if spaces.epoch != self._epoch:
            self._epoch = spaces.epoch
            self._use(None, SceneState.OTHER_SPACE if self._number else SceneState.MISSING)
        number = apps.latest(self.app.session, "scene")
        if not number or self._taken == (number, spaces.revision):
            return
        if number != self._number:
            self._number, self._late_ns = number, 0
        sample = apps.newest(self.app.session, "scene")
        found = (
            SceneState.UNREADABLE if sample is None
            else self._reader.read(sample.record) if sample.valid
            else SceneState.WITHDRAWN
        )
        if isinstance(found, SceneState):
            self._use(None, found)
        else:
            turn = spaces.into_first(found.generation)
            if turn is not None:
                self._use(_turned(found, turn), SceneState.USED)
            else:
                # The app may have seen a recentre before us.
                self._late_ns = self._late_ns or time_ns
                if time_ns - self._late_ns < WAIT_NS:
                    return
                self._use(None, SceneState.OTHER_SPACE)
        self._taken = number, spaces.revision

    def look(
        self, source: int, accuracy: Accuracy, ray: tuple[Vector, Vector], time_ns: int
    ) -> None:
        """Takes a ray of the gaze, in the first space.

        Args:
            source: `EYES`, or `HEAD`: the head's ray.
            accuracy: Of that source.
            ray: Origin, m, and unit direction.
            time_ns: Capture time.
        """
        if source != self._source or self._looks is None:
            self.settle()
            self._source = source
            # A head's ray is off by what it does, not by what it is.
            eyes = source == EYES
            if eyes and self._calibration is None:
                self._calibration = Calibration(accuracy.offset)
            before = self._looks
            self._looks = Referent(*accuracy, self._calibration if eyes else None)
            self._looks.ranking = before.ranking if before is not None else NOTHING
        if self.scene is not None:
            self._put(LOOKED, Sample(self._looks, *ray, time_ns))

    def look_away(self, time_ns: int) -> None:
        """Nobody knows where the wearer looks."""
        self.settle()
        self._source, self._looks = 0, None
        self._write(LOOKED, NOTHING, time_ns)

    def hand(self, side: int, turn: Turn, hand: HandInput | None, time_ns: int) -> None:
        """Takes a sample of one hand.

        Args:
            side: 0 left, 1 right.
            turn: From the sample's space to the first one.
            hand: None: it is not seen.
            time_ns: Capture time.
        """
        scene, points, grasp = self.scene, self._points[side], self._grasps[side]
        ray = hand.ray if hand is not None else None
        self._pointing[side] = ray is not None
        if hand is None:
            grasp.release()
        elif scene is not None:
            grasp.take(scene, hand.strength, turn.point(hand.point))
        # A hand that holds something refers to that.
        if ray is None or scene is None or grasp.ranking.chosen:
            if POINTED + side in self._due:
                self.settle()
            points.stop()
            self._write(POINTED + side, NOTHING, time_ns)
        else:
            origin, direction = turn.point(ray[0]), turn.direction(ray[1])
            self._put(POINTED + side, Sample(points, origin, direction, time_ns))
        self._write(GRABBED + side, grasp.ranking, time_ns)

    def settle(self) -> None:
        """Looks along all rays that were taken, in one pass over the targets."""
        if self._due and self.scene is not None:
            due, self._due = self._due, {}
            refer(self.scene, list(due.values()))
            for way, sample in due.items():
                self._write(way, sample.referent.ranking, sample.time_ns)

    def fill(self, generation: int) -> None:
        """Brings the rest of the record up to date.

        Args:
            generation: Of the space of the head's newest pose.
        """
        (left, right), (first, second) = self._pointing, self._grasps
        rest = (
            generation, self.state, self._source,
            self.scene.ignored if self.scene is not None else 0,
            left | right << 1 | first.gripping << 2 | second.gripping << 3,
        )
        if rest != self._rest:
            self._rest = rest
            for name, value in zip(_REST, rest, strict=True):
                self.record[0][name] = value

    @property
    def looked(self) -> bool:
        """Whether it is known where the wearer looks."""
        return self._looks is not None

    @property
    def confidence(self) -> float:
        """How probable what is looked at is; NaN where nothing is known."""
        return max(
            (float(self._nothing[LOOKED]), float(self._rows[LOOKED][1][0, 0]))
        ) if self._looks is not None else math.nan

    def _put(self, way: int, sample: Sample) -> None:
        if way in self._due:
            self.settle()
        self._due[way] = sample

    def _use(self, scene: Scene | None, state: SceneState) -> None:
        self.settle()
        self.scene, self.state = scene, state
        if scene is None:
            self._late_ns = 0
            if self._looks is not None:
                self._looks.stop()
            for points, grasp in zip(self._points, self._grasps, strict=True):
                points.stop()
                grasp.release()
            for way in range(5):
                self._write(way, NOTHING, 0)

    def _write(self, way: int, ranking: Ranking, time_ns: int) -> None:
        if ranking is self._written[way]:
            return
        self._written[way] = ranking
        ids, scores, listed = self._rows[way]
        listed[:] = count = len(ranking.ids)
        ids[:] = ranking.ids + (0,) * (RANKED - count)
        scores[:] = ranking.scores + (0.0,) * (RANKED - count)
        self._nothing[way] = ranking.nothing
        chosen = ranking.chosen
        if chosen != self._chosen[way]:
            self._chosen[way] = chosen
            self._since[way] = time_ns if chosen else 0
            self._changes[way] += 1


def _turned(scene: Scene, turn: Turn) -> Scene:
    """A scene in the first space."""
    if turn == NOWHERE:
        return scene
    c, s = turn.cosine, turn.sine
    matrix = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
    shapes = scene.shapes.copy()
    shapes[3:12] = (matrix @ scene.axes.reshape(3, -1)).reshape(9, -1)
    form = formed(np.column_stack((matrix, turn.move)), scene.form[:4])
    return scene._replace(form=form, shapes=shapes)
