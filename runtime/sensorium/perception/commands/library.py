"""The vocabularies of a folder made ready, kept so as files change, in small steps."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sensorium.clock import now_ns
from sensorium.perception.commands.matcher import Matcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.perception.commands.folder import Folder
    from sensorium.perception.commands.meaning import Embedder

_LOOK_NS = 1_000_000_000
"""How often the folder is looked at."""
_TURN_NS = 35_000_000
"""Of a turn; the last step may take some more."""
_NOTE = 1000
"""Characters that are told; the log has all."""
_START_NS = 1_000_000_000
"""Of learning meanings at the start, before anything is asked."""


class Library:
    """Every vocabulary with its matcher.

    Args:
        folder: Read whole here.
        embed: For meanings: a second of them is learnt here, the rest in `turn`.

    Attributes:
        matchers: Ready to be asked.
        note: What there is, and what is wrong in the folder.
    """

    def __init__(self, folder: Folder, embed: Embedder | None) -> None:
        self.matchers: tuple[Matcher, ...] = ()
        self.note = ""
        self._folder = folder
        self._embed = embed
        self._work: Iterator[None] = self._renew()
        self._to_learn: deque[tuple[Matcher, Iterator[None]]] = deque()
        self._looked_ns = now_ns()
        for _ in self._work:
            pass
        self._go_on(_START_NS)

    def of(self, app: str) -> list[Matcher]:
        """Those of an app."""
        return [matcher for matcher in self.matchers if matcher.vocabulary.is_for(app)]

    def turn(self) -> bool:
        """Works for some 35 ms at most.

        Returns:
            Whether there is more to do.
        """
        return self._go_on(_TURN_NS)

    def _go_on(self, time_ns: int) -> bool:
        begun = now_ns()
        while now_ns() - begun < time_ns:
            if next(self._work, self) is not self:
                continue
            if begun - self._looked_ns > _LOOK_NS:
                self._looked_ns = begun
                if self._folder.look():
                    self._work = self._renew()
                    continue
            if not self._to_learn:
                return False
            if next(self._to_learn[0][1], self) is self:
                self._to_learn.popleft()
        return True

    def _renew(self) -> Iterator[None]:
        """Reads what has changed; the vocabularies before stand until all is ready."""
        yield from self._folder.update()
        known = {id(matcher.vocabulary): matcher for matcher in self.matchers}
        fresh: list[Matcher] = []
        for vocabulary in self._folder.vocabularies:
            matcher = known.get(id(vocabulary))
            if matcher is None:
                matcher = Matcher(vocabulary, self._embed)
                yield from matcher.prepare()
                self._to_learn.append((matcher, matcher.learn()))
            fresh.append(matcher)
        self.matchers = tuple(fresh)
        self._to_learn = deque(entry for entry in self._to_learn if entry[0] in fresh)
        self.note = self._described()

    def _described(self) -> str:
        parts = [
            f"{one.name} of {one.app}: {len({phrase.command for phrase in one.phrases})} commands"
            for one in self._folder.vocabularies
        ]
        told = "; ".join((*parts, *self._folder.problems))
        return told[:_NOTE] or f"no vocabulary in {self._folder.path}"
