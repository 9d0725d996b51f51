"""The games that the layer is in, and the one of them whose poses count.

That is the game that is focused, else visible, else merely running, of those that tell poses now.
Another one must have been further in front for `HOLD_NS`; one that ended or went silent is left at
once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.errors import SensorError
from sensorium.sensors.openxr_layer import folder
from sensorium.sensors.openxr_layer.mapping import LayerMapping
from sensorium.sensors.openxr_layer.timing import GameFrames

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

MOST = 16
"""Of more games at once the newest are looked at."""
FRESH_NS = 250_000_000
"""A game with no newer input tells no poses: as the channels' `max_age_ns`."""
HOLD_NS = 250_000_000
OTHERS_NS = 50_000_000
"""How often the games whose poses do not count are read."""
STATES = (
    "of unknown state", "idle", "ready", "synchronized", "visible", "focused", "stopping",
    "losing its runtime", "exiting",
)  # fmt: skip
"""Of a session, by XrSessionState."""
_RANKS = {3: 1, 4: 2, 5: 3}
"""Of the states in which a session runs."""


class Game:
    """One session of a game.

    Attributes:
        path: Its file.
        mapping: The file's reader.
        input: Its newest good input, `layout.INPUT`, shape (1,); None before.
        frames: Its frames.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mapping = LayerMapping(path)
        self.input: NDArray[np.void] | None = None
        self.frames = GameFrames(self.mapping)
        self._number = 0
        self._read_ns = 0

    def read(self, now_ns: int) -> bool:
        """Reads its newest input, and returns whether there is a new one."""
        self._read_ns = now_ns
        number = self.mapping.inputs()
        if number == self._number:
            return False
        # What was refused is not looked at again.
        self._number = number
        found = self.mapping.newest_input(now_ns)
        if found is not None:
            self.input = found
        return found is not None

    def is_due(self, now_ns: int) -> bool:
        """Whether it was not read for `OTHERS_NS`."""
        return now_ns - self._read_ns >= OTHERS_NS

    def capture_ns(self, now_ns: int) -> int:
        """Of its input, and never ahead of now."""
        return 0 if self.input is None else min(int(self.input["capture_ns"][0]), now_ns)

    def rank(self, now_ns: int) -> int:
        """How far in front it is: 3 focused, 2 visible, 1 running; 0: it tells no poses now."""
        if self.input is None or now_ns - self.capture_ns(now_ns) > FRESH_NS:
            return 0
        return _RANKS.get(int(self.input["session_state"][0]), 0)

    def words(self) -> str:
        """Its name and its state."""
        state = "" if self.input is None else f", {STATES[int(self.input['session_state'][0])]}"
        return f"{self.mapping.about.app or 'an app without a name'}{state}"


class Games:
    """All games with the layer.

    Attributes:
        open: Those whose files can be read.
        current: The one whose poses count; None: none tells any.
        problem: Why the newest file that cannot be read cannot; None: all can.
    """

    def __init__(self) -> None:
        self.open: dict[Path, Game] = {}
        self.current: Game | None = None
        self.problem: SensorError | None = None
        self._unreadable: set[Path] = set()
        self._better_since_ns = 0

    def look(self) -> None:
        """Opens the files of new games, and closes those of games that ended."""
        for path, game in list(self.open.items()):
            if game.mapping.is_over():
                self._close(path)
        self.problem = None
        unreadable = set()
        for path in self._newest():
            if path in self.open:
                continue
            try:
                game = Game(path)
            except SensorError as error:
                # One that is being made just now is readable at the next look.
                if path in self._unreadable and not folder.remove_if_dead(path):
                    self.problem = self.problem or error
                unreadable.add(path)
                continue
            self.open[path] = game
            if game.mapping.is_over():
                # Of a game that was killed: nobody else removes it.
                self._close(path)
                folder.remove_if_dead(path)
        self._unreadable = unreadable

    def _newest(self) -> list[Path]:
        """The files to be looked at; closes those that newer ones take the place of."""
        found = folder.sessions()
        if len(found) <= MOST:
            return found
        kept = [self.current.path] if self.current is not None else []
        kept += [path for path in found if path not in kept][: MOST - len(kept)]
        for path in self.open.keys() - set(kept):
            self._close(path)
        return kept

    def read(self, now_ns: int) -> bool:
        """Reads the games and chooses; returns whether `current` has a new input."""
        fresh = self.current is not None and self.current.read(now_ns)
        others = [
            game for game in self.open.values()
            if game is not self.current and game.is_due(now_ns)
        ]  # fmt: skip
        for game in others:
            game.read(now_ns)
        before = self.current
        self._choose(now_ns)
        return fresh if self.current is before else self.current is not None

    def close(self) -> None:
        """Closes all files."""
        for path in list(self.open):
            self._close(path)

    def _close(self, path: Path) -> None:
        game = self.open.pop(path)
        game.mapping.close()
        if game is self.current:
            self.current = None

    def _choose(self, now_ns: int) -> None:
        current = self.current
        rank = current.rank(now_ns) if current else 0
        best = max(self.open.values(), key=lambda game: game.rank(now_ns), default=None)
        if best is None or best.rank(now_ns) <= rank:
            self._better_since_ns = now_ns
            if rank == 0:
                self.current = None
        elif rank == 0 or now_ns - self._better_since_ns >= HOLD_NS:
            self.current, self._better_since_ns = best, now_ns
