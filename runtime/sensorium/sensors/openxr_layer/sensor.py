"""The loop of the layer's sensor: the game in front is read, its poses are published."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.sensors.openxr_layer import folder, manifest, poses
from sensorium.sensors.openxr_layer.games import Game, Games
from sensorium.sensors.openxr_layer.options import OpenXRLayerOptions
from sensorium.sensors.outlet import CHANNELS, LAYER, REPUBLISH_NS, Origin, outlets

if TYPE_CHECKING:
    from sensorium.sensors.sensor import SensorIO

_LOOK_NS = 250_000_000
"""How often the folder is looked at for games."""
_ASK_NS = 5_000_000_000
"""How often it is looked up whether the layer is installed."""
_FRAMES_NS = 100_000_000
"""How often the games' frames are taken: their files keep 256."""
_APPS_NS = 1_000_000_000


class OpenXRLayer:
    """Head, hands, controllers and gaze, as the OpenXR layer tells them from within a game.

    See `sensors.sensor`. The origin is the runtime's stage, not one of the game's own; another
    game, or another session of it, counts as a recentre.

    Args:
        options: The table `[sensors.openxr_layer]`.
        io: The process that it runs in.
    """

    Options = OpenXRLayerOptions
    WRITES = CHANNELS
    YIELDS_TO = ("openxr",)

    def __init__(self, options: OpenXRLayerOptions, io: SensorIO) -> None:
        self._period_s = 1.0 / options.rate_hz
        self._io = io
        self._outlets = outlets(io, LAYER)
        self._games = Games()
        self._origin: tuple[Game, int, int] | None = None
        self._generation = -1
        self._said = ("", "", "")
        self._lack = ("", "", "")
        self._asked_ns = 0

    def run(self) -> None:
        """Loops until the process stops. That no game runs is a state."""
        self._io.report("starting")
        try:
            while not self._prepare():
                if not self._withhold_for(_ASK_NS):
                    return
            self._follow()
        finally:
            self._games.close()

    def _prepare(self) -> bool:
        try:
            folder.prepare()
        except SensorError as error:
            self._say("missing", error.message, error.remedy)
            return False
        return True

    def _follow(self) -> None:
        io, games = self._io, self._games
        looked_ns = taken_ns = told_ns = 0
        while io.wait(0.0):
            now = io.clock()
            if now - looked_ns >= _LOOK_NS:
                looked_ns = now
                games.look()
                self._tell(now)
            fresh = games.read(now)
            if games.current is None:
                self._withhold(now)
            elif fresh:
                self._publish(games.current, now)
            if now - taken_ns >= _FRAMES_NS:
                taken_ns = now
                for game in games.open.values():
                    game.frames.take(now)
            if now - told_ns >= _APPS_NS:
                told_ns = now
                io.tell_apps([game.frames.figures(now) for game in games.open.values()])
            if games.open:
                # Short; `io.wait` would cost twice as much to wake up from.
                time.sleep(self._period_s)
            elif not io.wait(REPUBLISH_NS / 1e9):
                return

    def _publish(self, game: Game, now_ns: int) -> None:
        given = game.input
        assert given is not None
        origin = (game, int(given["space"][0]), int(given["space_generation"][0]))
        if origin != self._origin:
            self._origin = origin
            self._generation += 1
            for outlet in self._outlets.values():
                outlet.set_origin(Origin(origin[1], self._generation))
        poses.publish(
            self._outlets, given, now_ns, game.capture_ns(now_ns), game.mapping.clock_offset_ns()
        )

    def _withhold(self, now_ns: int) -> None:
        for outlet in self._outlets.values():
            outlet.withhold(now_ns, Reason.INACTIVE)

    def _withhold_for(self, span_ns: int) -> bool:
        """Waits; False when the process stops."""
        end = self._io.clock() + span_ns
        while (now := self._io.clock()) < end:
            self._withhold(now)
            if not self._io.wait(REPUBLISH_NS / 1e9):
                return False
        return True

    def _tell(self, now_ns: int) -> None:
        """Says which game is read, or what is lacking for one."""
        games = self._games
        if games.current is not None:
            others = [game.words() for game in games.open.values() if game is not games.current]
            self._say("live", "; beside it ".join([games.current.words(), *others[:1]]))
            return
        if not games.open and games.problem is not None:
            self._say("failed", games.problem.message, games.problem.remedy)
            return
        silent = next(iter(games.open.values()), None)
        if silent is None:
            self._say(*self._lacking(now_ns))
        elif silent.mapping.about.mode == "thread":
            self._say("waiting", f"{silent.words()}: tells no poses yet", "put the headset on")
        else:
            app = silent.mapping.about.app
            self._say(
                "closed", f"{silent.words()}: allowed to show its frames only",
                f"sensorium layer allow {app!r} --mode thread, then start it anew",
            )

    def _lacking(self, now_ns: int) -> tuple[str, str, str]:
        """Why no game is there."""
        if not self._lack[0] or now_ns - self._asked_ns >= _ASK_NS:
            self._asked_ns = now_ns
            self._lack = _lacking()
        return self._lack

    def _say(self, state: str, detail: str, remedy: str = "") -> None:
        if (state, detail, remedy) != self._said:
            self._said = (state, detail, remedy)
            self._io.report(state, detail, remedy)


def _lacking() -> tuple[str, str, str]:
    try:
        installed = manifest.library() is not None
        # Somebody may have removed it since.
        folder.prepare()
    except SensorError as error:
        return "missing", error.message, error.remedy
    if not installed:
        return "missing", "the OpenXR layer is not installed", "sensorium layer install"
    if (why := folder.complaint()) is not None:
        return "failed", why.message, why.remedy
    return (
        "closed", "no app with the layer runs",
        "sensorium layer allow APP --mode thread, then start it anew",
    )
