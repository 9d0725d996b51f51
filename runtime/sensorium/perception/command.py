"""Commands: what of each app's vocabulary was said, told to that app alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.channels.catalogue import AUDIO_SLOTS
from sensorium.clock import now_ns
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception.commands.folder import Folder
from sensorium.perception.commands.found import Match, Method
from sensorium.perception.commands.gates import behind_phrase, held_during, open_gates, wake_before
from sensorium.perception.commands.library import Library
from sensorium.perception.commands.meaning import Embedder
from sensorium.perception.commands.said import Said
from sensorium.perception.commands.told import told
from sensorium.perception.commands.vocabulary import Gate
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np

    from sensorium.inference.engine import Engine
    from sensorium.perception.commands.gates import Wake
    from sensorium.perception.commands.matcher import Matcher
    from sensorium.perception.commands.vocabulary import Vocabulary
    from sensorium.perception.sense import App, Publish, Rings, Sample

ENGINE = "minilm"
_REACH_NS = AUDIO_SLOTS * AUDIO_BLOCK * 1_000_000_000 // 16_000
"""What was said longer ago than the ring of sound reaches is not told after a restart."""
_TRANSCRIPT = "transcript"
_OUTPUT = "command"


@dataclass(frozen=True)
class CommandOptions:
    """Where the vocabularies lie, and what their gates mean."""

    folder: Path | None = field(
        default=None,
        metadata={"doc": "Folder of the vocabularies; vocabularies in the user's configuration."},
    )
    wake_s: float = field(
        default=6.0,
        metadata={
            "doc": "An utterance passes when it begins so soon after the wake word.",
            "min": 0.0,
            "max": 60.0,
        },
    )
    push_tolerance_ms: int = field(
        default=300,
        metadata={
            "doc": "So much earlier and later the button counts as held.", "min": 0, "max": 5000,
        },
    )


class Command:
    """The sense; see `perception.sense.Sense`."""

    Options = CommandOptions
    ENGINES = (ENGINE,)
    READS = (_TRANSCRIPT, "wake_word", "push_to_talk")
    WRITES = (_OUTPUT,)
    TEMPO = Tempo(Slowing.DEFERRED, 72, 1000)

    def __init__(
        self, options: CommandOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        folder = options.folder or folders.config_dir() / "vocabularies"
        embed = Embedder(engines[ENGINE])
        self._library = Library(Folder(folder), embed)
        self._stream = CommandStream(options, self._library, embed, rings)
        rings.expected.source = self._stream

    @property
    def note(self) -> str:
        """See `Sense`."""
        return self._library.note

    def streams(self) -> tuple[CommandStream, ...]:
        """See `Sense.streams`: one, the transcript's."""
        return (self._stream,)


class CommandStream:
    """Hands each utterance to every app's vocabularies, once."""

    trigger = _TRANSCRIPT
    outputs = Command.WRITES

    def __init__(
        self, options: CommandOptions, library: Library, embed: Embedder, rings: Rings
    ) -> None:
        self._library = library
        self._embed = embed
        self._rings = rings
        self._wake_ns = int(options.wake_s * 1e9)
        self._tolerance_ns = options.push_tolerance_ms * 1_000_000
        self._taken: dict[int, int] = {}
        """Session of an app to the transcript that it was told of last before a restart."""
        self._generation = 0
        self._answered: dict[int, int] = {}
        """Session of an app to the utterance that was taken for it last."""
        self._known: set[int] = set()
        """Sessions whose apps were there when something was last looked at."""
        self._done = 0
        """The utterance that was taken last."""

    def resume(self, rings: Rings) -> int | None:
        """See `Stream`: what no app was told of goes through again, unless it is old."""
        oldest = now_ns() - _REACH_NS
        known = [(n, row) for n, row in _transcripts(rings) if int(row["end_ns"]) > oldest]
        for app in rings.apps.connected():
            self._known.add(app.session)
            last = _told(rings, app.session)
            self._taken[app.session] = max(
                (n for n, row in known if int(row["utterance"]) == last), default=0
            )
        self._generation = rings.generation(_TRANSCRIPT)
        return known[-1][0] if known else None

    def process(self, sample: Sample, publish: Publish) -> None:
        """See `Stream.process`."""
        if not sample.valid:
            return
        self._catch_up(publish)
        said = Said.read(sample.record[0])
        if said is None:
            return
        self._done = said.utterance
        if self._taken and self._generation != self._rings.generation(_TRANSCRIPT):
            self._taken = {}
        before, self._answered = self._answered, {}
        for app in self._rings.apps.connected():
            self._answered[app.session] = said.utterance
            if (
                said.end_ns > app.since_ns
                and sample.n > self._taken.get(app.session, 0)
                and said.utterance != before.get(app.session)
            ):
                self._answer(app, said, sample.capture_ns, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: utterances do not depend on one another."""

    def idle(self, publish: Publish) -> None:
        """See `Stream`: reads changed vocabularies and learns meanings."""
        self._catch_up(publish)
        self._library.turn()

    def _catch_up(self, publish: Publish) -> None:
        """Tells apps whose region has come since of what ended after it was made.

        It reaches this process a moment later, and a text may be there before it.
        """
        apps = self._rings.apps.connected()
        fresh = [app for app in apps if app.session not in self._known]
        self._known = {app.session for app in apps}
        if not fresh:
            return
        missed = [
            (n, said) for n, row in _transcripts(self._rings)
            if (said := Said.read(row)) is not None and said.utterance <= self._done
        ]
        for app in fresh:
            for n, said in reversed(missed):
                if said.end_ns > app.since_ns and said.utterance != self._answered.get(app.session):
                    self._answered[app.session] = said.utterance
                    sample = self._rings.at(_TRANSCRIPT, n)
                    if sample is not None:
                        self._answer(app, said, sample.capture_ns, publish)

    def vocabularies(self) -> tuple[Vocabulary, ...]:
        """See `Source.vocabularies`."""
        return tuple(matcher.vocabulary for matcher in self._library.matchers)

    def active(self, start_ns: int, end_ns: int) -> tuple[Vocabulary, ...]:
        """See `Source.active`."""
        apps = self._rings.apps.connected()
        wake = wake_before(self._rings, start_ns, end_ns, self._wake_ns)
        held = held_during(self._rings, start_ns, end_ns, self._tolerance_ns)
        return tuple(
            vocabulary for vocabulary in self.vocabularies()
            if any(vocabulary.is_for(app.name) for app in apps)
            and open_gates(vocabulary.gate, wake is not None, held)
        )

    def _answer(self, app: App, said: Said, capture_ns: int, publish: Publish) -> None:
        """Tells an app which command it was, or that it was none; nothing while no gate is open."""
        matchers = self._library.of(app.name)
        if not matchers:
            return
        wake = wake_before(self._rings, said.start_ns, said.end_ns, self._wake_ns)
        held = held_during(self._rings, said.start_ns, said.end_ns, self._tolerance_ns)
        best: tuple[Match, Matcher, Gate] | None = None
        for matcher in matchers:
            gate = open_gates(matcher.vocabulary.gate, wake is not None, held)
            match = self._match(matcher, said, wake) if gate else None
            if match is not None and (best is None or _rank(match) > _rank(best[0])):
                best = match, matcher, gate
        if best is not None:
            match, matcher, gate = best
            publish(
                _OUTPUT, told(match, matcher.vocabulary.name, gate, said), capture_ns,
                confidence=match.score,
                engine=self._embed.engine if match.method is Method.MEANING else None,
                app=app.session,
            )

    def _match(self, matcher: Matcher, said: Said, wake: Wake | None) -> Match | None:
        """What was said without the wake phrase; None where that was all."""
        begin = behind_phrase(said, wake) if wake is not None else 0
        if said.words and begin == len(said.words):
            return None
        match = matcher.match(said.plain[begin:])
        if not begin:
            return match
        if match.method is Method.NONE and Gate.ALWAYS in matcher.vocabulary.gate:
            return max(match, matcher.match(said.plain), key=_rank)
        slots = tuple(
            filled._replace(first=filled.first + begin, last=filled.last + begin)
            for filled in match.slots
        )
        return match._replace(slots=slots)


def _rank(match: Match) -> tuple[int, float]:
    """Exact before close before meaning before nothing."""
    return -(match.method or 9), match.score


def _transcripts(rings: Rings) -> Iterator[tuple[int, np.void]]:
    """Number and row of what the ring of transcripts holds, the newest first."""
    for n in range(rings.latest(_TRANSCRIPT), 0, -1):
        sample = rings.at(_TRANSCRIPT, n)
        if sample is None:
            return
        if sample.valid:
            yield n, sample.record[0]


def _told(rings: Rings, session: int) -> int:
    """The utterance that an app was told of last; 0: of none."""
    sample = rings.apps.newest(session, _OUTPUT)
    return int(sample.record["utterance"][0]) if sample is not None else 0
