"""What an utterance means in an app: its objects, its place, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.intents.clues import Kind, said, seen_of
from sensorium.perception.intents.deictic import Role
from sensorium.perception.intents.fusion import NONE, Fusion, Slot
from sensorium.perception.intents.place import Place, own_place, place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.intents.clues import Clue
    from sensorium.perception.intents.deictic import Reference
    from sensorium.perception.intents.fusion import Reading
    from sensorium.perception.intents.gaze import Look
    from sensorium.perception.intents.history import History
    from sensorium.perception.targets.scene import Scene

ALTERNATIVES = 3
_DWELL_S = 0.15
"""A thing that was attended to for so long is one of "these": as long as short fixations are."""
_AROUND_S = 1.5, 0.5
"""So long before and behind the word."""
_MOST_SEVERAL = 8


class Alternative(NamedTuple):
    """Another reading: its first object, 0 for none, its place, and its probability."""

    thing: int
    place: Place | None
    chance: float


@dataclass
class Meaning:
    """What was found.

    Attributes:
        objects: Ids, in the order of their words.
        place: None: there is none.
        place_target: Id of the target that it is on; 0: none.
        count: How many objects were said; 0: it was not said.
        chance: Probability of all of it; 1 where nothing referred.
        unresolved: Words that refer to something that was not found.
        clues: Why.
        alternatives: The next best.
    """

    objects: list[int] = field(default_factory=list)
    place: Place | None = None
    place_target: int = 0
    count: int = 0
    chance: float = 1.0
    unresolved: int = 0
    clues: list[Clue] = field(default_factory=list)
    alternatives: list[Alternative] = field(default_factory=list)


class Resolver:
    """Resolves the words of one utterance.

    Args:
        history: Of the time around it.
        scene: The app's; None: it has none.
        before: Ids of what was meant before, that still may be meant.
        reach_m: See `place_of`.
    """

    def __init__(
        self, history: History, scene: Scene | None, before: Sequence[int], reach_m: float
    ) -> None:
        self._history = history
        self._scene = scene
        self._before = [history.ids.index(one) for one in before]
        self._reach_m = reach_m

    def resolve(self, words: Sequence[Reference]) -> Meaning:
        """What they mean.

        Args:
            words: In order.
        """
        made = Meaning()
        made.count = next((word.many for word in words if word.many), 0)
        slots = [slot for word in words for slot in self._slots(word)]
        targets = len(self._scene.ids) if self._scene is not None else 0
        fusion = Fusion(self._history, slots, self._before, targets)
        self._history = fusion.history
        readings = fusion.readings()
        seen: list[Look | None] = []
        things: tuple[int, ...] = ()
        if readings:
            made.chance = readings[0].chance
            things = fusion.ordered(readings[0].things)
            seen = fusion.gaze.seen(things)
        at = 0
        for word in words:
            own = len(self._slots(word))
            if word.role is Role.WEARER:
                self._wearer(made, word)
            elif not own:
                self._several(made, word)
            else:
                mine = slice(at, at + own)
                self._put(made, word, things[mine], seen[mine], fusion.known[at])
                at += own
        for reading in readings[1 : 1 + ALTERNATIVES]:
            made.alternatives.append(self._other(fusion, reading, slots))
        made.objects = list(dict.fromkeys(made.objects))
        return made

    def _slots(self, word: Reference) -> list[Slot]:
        """The things to look for; none for the wearer, and where it is not said how many."""
        if word.role is Role.WEARER or (word.plural and not word.many):
            return []
        many = max(1, word.many)
        return [Slot(word, many, nth) for nth in range(many)]

    def _put(
        self, made: Meaning, word: Reference, things: Sequence[int],
        seen: Sequence[Look | None], known: bool,
    ) -> None:
        ids = self._history.ids
        found = [ids[thing] for thing in things if thing != NONE] if known else []
        if word.role is Role.PLACE:
            target = found[0] if found else 0
            place = place_of(word, target, self._history, self._scene, self._reach_m, seen[0])
            if place is None:
                made.unresolved += 1
            else:
                made.place, made.place_target = place, target
        else:
            made.objects += found
            made.unresolved += len(found) < len(things)
        for nth, (thing, look) in enumerate(zip(things, seen, strict=True)):
            # A place in the open has been looked at where no target is.
            none = not known or (thing == NONE and word.role is not Role.PLACE)
            target = 0 if none or thing == NONE else ids[thing]
            made.clues.append(said(Kind.WORD, word, target, made.chance if not none else 0.0))
            if not none:
                made.clues += seen_of(self._history, word, thing, nth, look)
        if word.role is Role.PRONOUN and set(things) & set(self._before):
            made.clues.append(said(Kind.BEFORE, word, found[0], 1.0))

    def _wearer(self, made: Meaning, word: Reference) -> None:
        place = own_place(word, self._history.rays)
        made.clues.append(said(Kind.WORD, word, 0, float(place is not None)))
        if place is None:
            made.unresolved += 1
        else:
            made.clues.append(said(Kind.WEARER, word, 0, 1.0))
            if made.place is None:
                made.place = place

    def _several(self, made: Meaning, word: Reference) -> None:
        """A plural word without a number: what was meant before, or all that was attended to."""
        history, ids = self._history, self._history.ids
        if word.role is Role.PRONOUN and self._before:
            found = [ids[at] for at in self._before]
            made.objects += found
            made.clues.append(said(Kind.WORD, word, found[0], 1.0))
            made.clues.append(said(Kind.BEFORE, word, found[0], 1.0))
            return
        times, start = history.times, word.start_ns * 1e-9
        near = (times >= start - _AROUND_S[0]) & (times <= word.end_ns * 1e-9 + _AROUND_S[1])
        steps = np.minimum(np.diff(times, append=times[-1:] + 0.05), 0.1) * near
        dwells = np.zeros(len(ids))
        for way in (history.gaze, history.pointing, history.grip):
            seen = way.chances[:, :-1] * way.known[:, None] * steps[:, None]
            dwells = np.maximum(dwells, seen.sum(axis=0))
        order = np.argsort(-dwells, kind="stable")[:_MOST_SEVERAL].tolist()
        things = [thing for thing in order if dwells[thing] >= _DWELL_S]
        made.objects += [ids[thing] for thing in things]
        made.unresolved += not things
        if not things:
            made.clues.append(said(Kind.WORD, word, 0, 0.0))
        for nth, thing in enumerate(things):
            chance = float(dwells[thing] / (dwells[thing] + _DWELL_S))
            made.chance = min(made.chance, chance)
            made.clues.append(said(Kind.WORD, word, ids[thing], chance))
            made.clues += seen_of(history, word, thing, nth)

    def _other(self, fusion: Fusion, reading: Reading, slots: Sequence[Slot]) -> Alternative:
        thing, place = 0, None
        things = fusion.ordered(reading.things)
        looks = fusion.gaze.seen(things)
        for slot, one, look, known in zip(slots, things, looks, fusion.known, strict=True):
            if not known:
                continue
            target = self._history.ids[one] if one != NONE else 0
            if slot.reference.role is Role.PLACE:
                place = place_of(
                    slot.reference, target, self._history, self._scene, self._reach_m, look
                )
            else:
                thing = thing or target
        return Alternative(thing, place, reading.chance)
