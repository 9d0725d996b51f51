"""What commands refer to: 400 generated utterances in 16 scenes, 300 held out in 12 of them.

    python tests/benchmarks/fusion.py [--tune] [--no-sound] [--scenes N] [--each N] [--json FILE]

The wearers are those of `fixtures/fused_replay.py`, on the real path: a desk's regions, the senses
target, attention_trace, command and intent. Words are spoken by synthesisers, with their times from
what the sound of the words before takes; the same utterance is judged with these words and with
what our recognition hears (tiny.en, leaning towards nothing). Held out: other scenes, voices and
seeds than `--tune`, with which our figures may be chosen. Right: the verb, all objects and no
other, the target of the place, or an open place within 3 degrees. Beside ours: what is looked at
when the utterance ends, and what is pointed at when each word begins, for the same true words.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from figures import Figures
from fixtures import engines
from fixtures.fused_replay import (
    AFTER_S,
    ASKED,
    BEFORE_S,
    IT,
    KINDS,
    ME,
    SAYINGS,
    Stage,
    Take,
    Wearer,
    act,
    open_error_deg,
)
from fixtures.fusing import Speaker, ids, intents
from fixtures.looking import EYE, FRAME_NS, scene, turned

from sensorium.health import Reason
from sensorium.inference import store
from sensorium.perception.recogniser import Recogniser
from sensorium_tools.evaluate.interval import wilson
from sensorium_tools.samples import synthesisers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixtures.fused_replay import Said
    from fixtures.looking import Looked

A_SCENE = 25
RATE = 16_000
OPEN_DEG = 3.0
SLOWER = 3
"""Head and controller are told at 30 Hz, eyes at 90: it takes half as long."""
TUNED, HELD_OUT = 4, 12
TUNED_VOICES = (("espeak-ng", "en-us", 150), ("flite", "slt", 150))
HELD_OUT_VOICES = (("espeak-ng", "en-gb", 140), ("espeak-ng", "en-us+f3", 160),
                   ("flite", "awb", 150), ("flite", "rms", 150))  # fmt: skip
OURS, HEARD, GAZE, POINTING = "ours", "ours, recognised words", "gaze at the end", "pointing"


class Words(NamedTuple):
    """Words and their begins, s from the true begin of the first."""

    text: str
    starts: tuple[float, ...]
    end: float


class Voices:
    """Sayings as they are spoken and heard."""

    def __init__(self, recogniser: Recogniser | None) -> None:
        self._recogniser = recogniser

    @functools.cache  # noqa: B019 - it lives as long as the program
    def true(self, text: str, voice: tuple[str, str, int]) -> Words:
        """The words as spoken: each begins where the sound of those before it ends."""
        words = text.split()
        lengths = [
            len(_spoken(" ".join(words[:count]), voice)) / RATE
            for count in range(1, len(words) + 1)
        ]
        return Words(text.rstrip(".?").lower(), (0.0, *lengths[:-1]), lengths[-1])

    @functools.cache  # noqa: B019 - it lives as long as the program
    def heard(self, text: str, voice: tuple[str, str, int]) -> Words | None:
        """The words as recognised; None: none."""
        assert self._recogniser is not None
        lead = RATE // 5
        sound = np.concatenate((np.zeros(lead, np.float32), _spoken(text, voice)))
        found = self._recogniser.hear(sound)
        if not found.words:
            return None
        starts = tuple((word.first - lead) / RATE for word in found.words)
        said = " ".join(word.text.strip() for word in found.words)
        return Words(said, starts, (found.words[-1].last - lead) / RATE)


def _spoken(text: str, voice: tuple[str, str, int]) -> np.ndarray:
    name, who, speed = voice
    sound = synthesisers.speak(name, who, speed, 50, text)
    loud = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max())
    made: np.ndarray = (sound[loud[0] : loud[-1]] * (0.4 / np.abs(sound).max())).astype(np.float32)
    return made


class Played:
    """One scene of a desk.

    Attributes:
        right: Side to what was right of each utterance that it judged, by what was said.
    """

    def __init__(self, seed: int, kind: str, voices: Voices, who: Sequence[Any]) -> None:
        self._random = np.random.default_rng(seed)
        self._stage = Stage.make(kind, self._random)
        self._wearer = Wearer.make(self._random)
        self._voices, self._who = voices, who
        self._folder = tempfile.TemporaryDirectory()
        self._desk = Speaker(Path(self._folder.name))
        self._app = self._desk.app()
        self.judged: list[tuple[str, str, bool, bool]] = []

    def play(self, count: int, *, sound: bool) -> None:
        """Acts and judges so many utterances."""
        for number in range(count):
            said = (*SAYINGS, IT, ME)[number % (len(SAYINGS) + 2)]
            voice = self._who[int(self._random.integers(len(self._who)))]
            things = None
            if said is IT:
                words = self._voices.true(ASKED.text, voice)
                asked = self._act(ASKED, words, None)
                self._say(words)
                things = asked.things
            words = self._voices.true(said.text, voice)
            take = self._act(said, words, things if said is not IT else ())
            self._judge(take, OURS, self._say(words), things)
            for side, found in (
                (GAZE, self._baseline(take, words, "looked_at")),
                (POINTING, self._baseline(take, words, "pointed_at")),
            ):
                wanted = tuple(thing + 1 for thing in things or take.things)
                self.judged.append((side, said.text, take.pointed, found == wanted or said is ME))
            if sound:
                heard = self._voices.heard(said.text, voice)
                intent = self._say(heard) if heard is not None else None
                self._judge(take, HEARD, intent, things)

    def _act(self, said: Said, words: Words, things: tuple[int, ...] | None) -> Take:
        take = act(self._stage, said, words.starts, words.end, self._random, things)
        desk, origin = self._desk, Speaker.SHOULDER
        frames = round((BEFORE_S + words.end + AFTER_S) * 1e9 / FRAME_NS)
        self._zero_ns = desk.now_ns + round(BEFORE_S * 1e9)
        moving = self._stage.kind == "moving"
        for frame in range(frames):
            time = (desk.now_ns + FRAME_NS - self._zero_ns) / 1e9
            if moving or not frame:
                places = [place(time) for place in self._stage.places]
                made = scene(places)
                made["targets"]["radius"][0, : len(places)] = self._stage.radii
                self._app.show(made)
            ray = take.gaze(time, self._wearer, self._random)
            told: dict[str, Any] = {
                "gaze": desk.eyes(ray) if ray is not None else Reason.INACTIVE
            }
            if not frame % SLOWER:
                controller = desk.aim(EYE)
                aim = take.aim(time, origin, self._random)
                controller["aim"]["orientation"] = turned(aim)
                told |= {"head": desk.head((0, 0, -1)), "controller_right": controller}
            desk.frame(**told)
        return take

    def _say(self, words: Words) -> Any:
        starts = [self._zero_ns + round(start * 1e9) for start in words.starts]
        before = len(_all(self._app))
        self._desk.say(words.text, starts)
        told = _all(self._app)
        return told[-1] if len(told) > before else None

    def _judge(self, take: Take, side: str, intent: Any, things: tuple[int, ...] | None) -> None:
        said = take.said
        right = intent is not None and intent["verb"].decode() == said.verb
        if right and said is ME:
            right = bool(intent["has_place"]) and np.allclose(intent["place"], EYE, atol=0.1)
        elif right:
            place = bool(said.refers) and said.refers[-1][1]
            wanted = things or take.things
            objects = {thing + 1 for thing in (wanted[:-1] if place else wanted)}
            right = set(ids(intent)) == objects and bool(intent["has_place"]) == place
            if right and place:
                right = int(intent["place_target"]) == take.things[-1] + 1
                if right and take.things[-1] < 0:
                    right = open_error_deg(intent["place"], take.open) <= OPEN_DEG
        self.judged.append((side, said.text, take.pointed, right))

    def _baseline(self, take: Take, words: Words, way: str) -> tuple[int, ...]:
        """The best targets of a way at one time; 0 is an open place."""
        apps, session = self._app._apps, self._app.session
        latest = apps.latest(session, "target_trace")
        rows = [
            sample for n in range(max(1, latest - 200), latest + 1)
            if (sample := apps.at(session, "target_trace", n)) is not None
        ]
        found: list[int] = []
        refers = take.said.refers or ((1, False),) * (take.said is IT)
        for word, _ in refers:
            at = words.end if way == "looked_at" else words.starts[word]
            wanted = self._zero_ns + round(at * 1e9)
            row = min(rows, key=lambda one: abs(one.capture_ns - wanted)).record[0]
            ranked, none = (
                (row["looked_at"], row["nothing"][0]) if way == "looked_at"
                else (row["pointed_at"][1], row["nothing"][2])
            )
            best = [int(one) for one in ranked["ids"] if one and int(one) not in found]
            free = none > ranked["scores"][0]
            found.append(0 if free or not best else best[0])
        return tuple(found)


def _all(app: Looked) -> list[Any]:
    return intents(app)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("--tune", action="store_true", help="the 100 that are not held out")
    parser.add_argument("--no-sound", action="store_true", help="without recognition")
    parser.add_argument("--scenes", type=int, default=0, help="only the first so many")
    parser.add_argument("--each", type=int, default=A_SCENE, help="utterances of a scene")
    options, _ = parser.parse_known_args()
    recogniser = None
    if not options.no_sound:
        names = ("whisper-tiny-en-encoder", "whisper-tiny-en-decoder")
        for name in names:
            engines.ensure_built(name)
        recogniser = Recogniser(*(store.load(name, threads=1) for name in names))
    voices = Voices(recogniser)
    who = TUNED_VOICES if options.tune else HELD_OUT_VOICES
    seeds = range(100, 100 + TUNED) if options.tune else range(500, 500 + HELD_OUT)
    judged: list[tuple[str, str, str, bool, bool]] = []
    for number, seed in enumerate(seeds):
        if options.scenes and number >= options.scenes:
            break
        kind = KINDS[number % len(KINDS)]
        played = Played(seed, kind, voices, who)
        played.play(options.each, sound=not options.no_sound)
        judged += [(kind, *one) for one in played.judged]
    report(judged)


def report(judged: Sequence[tuple[str, str, str, bool, bool]]) -> None:
    """Prints the table: all, by scene, by what is said, with and without pointing."""
    figures = Figures("fusion", ("of", "side", "right, %", "right", "of", "95 %"))
    groups: dict[str, Counter[tuple[str, bool]]] = {}
    for kind, side, text, pointed, right in judged:
        names = ("all", kind, text, "pointed" if pointed else "not pointed")
        for name in names:
            groups.setdefault(name, Counter())[side, right] += 1
    for name, counts in groups.items():
        for side in (OURS, HEARD, GAZE, POINTING):
            right, of = counts[side, True], counts[side, True] + counts[side, False]
            if of:
                low, high = wilson(right, of)
                figures.row(name, side, f"{100 * right / of:.1f}", right, of,
                            f"{100 * low:.1f} to {100 * high:.1f}")
    every = groups["all"]
    for side in (OURS, HEARD):
        of = every[side, True] + every[side, False]
        if of:
            figures.goal(f"resolved right, {side}", every[side, True] / of, 0.95, at_most=False)
    figures.show()


if __name__ == "__main__":
    main()
