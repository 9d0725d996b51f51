"""Intents: what a command refers to, told to its app alone.

The command says the verb; its words that refer ("put that there") are resolved by what the wearer
looked at, pointed at and held when they were said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sensorium import records
from sensorium.clock import now_ns
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.commands.said import Said
from sensorium.perception.intents.alignment import AFTER_S, BEFORE_S
from sensorium.perception.intents.deictic import references
from sensorium.perception.intents.history import read
from sensorium.perception.intents.meaning import Meaning, Resolver
from sensorium.perception.targets.scene import Scene, SceneReader
from sensorium.records.fields import encode_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import App, Apps, Publish, Rings, Sample

IDS_A_SESSION = 1_000_000
"""An intent's id is the session of its app times this, and its number in the app's region."""
_PATIENCE = 20
"""So many idle turns, of which ten are a second, a command is waited for."""
_OLD_NS = 10_000_000_000
"""What was said longer ago is not told after a restart: its traces go."""
_LOOK_BACK = 16


@dataclass(frozen=True)
class IntentOptions:
    """How words are understood."""

    reach_m: float = field(
        default=2.0,
        metadata={
            "doc": "How far away along the ray 'there' is, where neither a target nor the floor "
            "is hit, m.", "min": 0.1, "max": 100.0,
        },
    )
    memory_s: float = field(
        default=30.0,
        metadata={
            "doc": "'it' and 'them' may mean what was meant so long ago, s; 0: never.",
            "min": 0.0, "max": 600.0,
        },
    )


class _Waiting(NamedTuple):
    """An utterance whose command is waited for."""

    said: Said
    language: str
    capture_ns: int
    turns: int


class Intent:
    """The sense; see `perception.sense.Sense`."""

    Options = IntentOptions
    ENGINES: tuple[str, ...] = ()
    READS = ("transcript", "command", "ray_trace", "gaze_trace")
    WRITES = ("intent",)
    TEMPO = Tempo(Slowing.DEFERRED, 71, 1000)
    """With `command`, whose word it waits for."""

    def __init__(
        self, options: IntentOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._rings = rings
        self._stream = IntentStream(options, rings)

    @property
    def note(self) -> str:
        """See `Sense`."""
        traced = self._rings.latest("ray_trace")
        return "" if traced else "nothing to refer to: senses.attention_trace gives nothing"

    def streams(self) -> tuple[IntentStream, ...]:
        """See `Sense.streams`: one, the transcript's."""
        return (self._stream,)


class IntentStream:
    """Understands each command once."""

    trigger = "transcript"
    outputs = Intent.WRITES

    def __init__(self, options: IntentOptions, rings: Rings) -> None:
        self._options = options
        self._rings = rings
        self._waiting: list[_Waiting] = []

    def resume(self, rings: Rings) -> int | None:
        """See `Stream`: what was said just now goes through again."""
        oldest, start = now_ns() - _OLD_NS, None
        for n in range(rings.latest(self.trigger), 0, -1):
            sample = rings.at(self.trigger, n)
            if sample is None or (sample.valid and int(sample.record["end_ns"][0]) < oldest):
                break
            start = n
        return start

    def process(self, sample: Sample, publish: Publish) -> None:
        """See `Stream.process`."""
        said = Said.read(sample.record[0]) if sample.valid else None
        if said is not None:
            language = sample.record["language"][0].decode("utf-8", "replace")
            self._waiting.append(_Waiting(said, language, sample.capture_ns, 0))
            self._settle(publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: utterances do not depend on one another."""

    def idle(self, publish: Publish) -> None:
        """See `Stream`: the sense `command` may answer after this one was asked."""
        self._settle(publish)
        self._waiting = [
            one._replace(turns=one.turns + 1) for one in self._waiting if one.turns < _PATIENCE
        ]

    def _settle(self, publish: Publish) -> None:
        apps = self._rings.apps
        for one in self._waiting:
            for app in apps.connected():
                command = _of_utterance(apps, app, "command", one.said.utterance)
                if command is not None and command["name"] and _of_utterance(
                    apps, app, "intent", one.said.utterance
                ) is None:
                    self._tell(app, command, one, publish)

    def _tell(self, app: App, command: np.void, one: _Waiting, publish: Publish) -> None:
        apps, said = self._rings.apps, one.said
        scene = _scene(apps, app)
        there = set(scene.ids.tolist()) if scene is not None else None
        before = [
            thing for thing in _meant(apps, app, said.start_ns, int(self._options.memory_s * 1e9))
            if there is None or thing in there
        ]
        history = read(
            self._rings, app.session, said.start_ns - int(BEFORE_S * 1e9),
            said.end_ns + int(AFTER_S * 1e9), before, there,
        )
        resolver = Resolver(history, scene, before, self._options.reach_m)
        meaning = resolver.resolve(references(said, one.language))
        number = apps.latest(app.session, "intent") + 1
        record = _record(meaning, command, said)
        record["intent"] = app.session * IDS_A_SESSION + number
        publish(
            "intent", record, one.capture_ns, confidence=float(record["score"][0]),
            flags=int(bool(record["objects_lost"][0] or record["evidence_lost"][0])),
            app=app.session,
        )


def _newest(apps: Apps, app: App, channel: str) -> Iterator[np.void]:
    latest = apps.latest(app.session, channel)
    for n in range(latest, max(0, latest - _LOOK_BACK), -1):
        sample = apps.at(app.session, channel, n)
        if sample is None:
            return
        if sample.valid:
            yield sample.record[0]


def _of_utterance(apps: Apps, app: App, channel: str, utterance: int) -> np.void | None:
    return next(
        (row for row in _newest(apps, app, channel) if int(row["utterance"]) == utterance), None
    )


def _meant(apps: Apps, app: App, now: int, span_ns: int) -> list[int]:
    """The ids that an app's newest intent with objects named, where that was not too long ago."""
    for row in _newest(apps, app, "intent"):
        # The app may have written there.
        count = min(int(row["object_count"]), len(row["objects"]))
        if count:
            recent = 0 <= now - int(row["end_ns"]) <= span_ns
            return list(dict.fromkeys(row["objects"][:count].tolist())) if recent else []
    return []


def _scene(apps: Apps, app: App) -> Scene | None:
    sample = apps.newest(app.session, "scene")
    if sample is None or not sample.valid:
        return None
    found = SceneReader().read(sample.record)
    return found if isinstance(found, Scene) else None


def _record(meaning: Meaning, command: np.void, said: Said) -> NDArray[np.void]:
    record = records.INTENT.zeros()
    row = record[0]
    row["utterance"], row["start_ns"], row["end_ns"] = said.utterance, said.start_ns, said.end_ns
    row["verb"], sure = command["name"], float(command["score"])
    row["score"] = sure * meaning.chance
    row["quantity"] = _quantity(meaning, command)
    row["unresolved"] = meaning.unresolved
    room = len(row["objects"])
    row["object_count"] = min(len(meaning.objects), room)
    row["objects_lost"] = max(0, len(meaning.objects) - room)
    row["objects"][: row["object_count"]] = meaning.objects[:room]
    if meaning.place is not None:
        row["has_place"], row["place"] = 1, meaning.place.point
        row["place_target"] = meaning.place_target
        row["space"], row["space_generation"] = meaning.place.space
    room = len(row["evidence"])
    row["evidence_count"] = min(len(meaning.clues), room)
    row["evidence_lost"] = max(0, len(meaning.clues) - room)
    for slot, word, clue in zip(row["evidence"], row["words"], meaning.clues, strict=False):
        slot["kind"], slot["word"], slot["target"] = clue.kind, clue.word, clue.target
        slot["start_ns"], slot["end_ns"], slot["weight"] = clue.start_ns, clue.end_ns, clue.weight
        word["text"], _ = encode_text(clue.text, 16)
    row["alternative_count"] = len(meaning.alternatives)
    for slot, other in zip(row["alternatives"], meaning.alternatives, strict=False):
        slot["verb"], slot["object"], slot["score"] = row["verb"], other.thing, sure * other.chance
        slot["place"] = other.place.point if other.place is not None else math.nan
    return record


def _quantity(meaning: Meaning, command: np.void) -> float:
    """The command's number, else how many objects were said."""
    count = int(command["slot_count"])
    numbers = (float(slot["number"]) for slot in command["slots"][:count])
    said = next((number for number in numbers if not math.isnan(number)), math.nan)
    return float(meaning.count) if math.isnan(said) and meaning.count else said
