"""False commands an hour in sound without any, through the real voice path, with their bound.

    python tests/benchmarks/false_commands.py [--hours 0.25] [--bias B] [--again] [--json FILE]

The sounds are those that `wake_word.py` counts false wakes in: recorded speech kept out of all
training, sentences of several synthesisers, noise and music. They go through voice activity, wake
word and speech to text on real regions, faster than real time, while an app is there whose three
vocabularies have the gate `always`: recognition leans towards their phrases, as it would. Whatever
matches then is a false command. Those that the default gate lets pass, too, were said within six
seconds behind a wake word, which nobody said either; nobody holds a button.

What was heard in each stretch is kept in the cache, by the stretch, the vocabularies and the
engines: a run that is broken off goes on where it was, one of more hours adds to it, and with
`--again` what is there is matched anew, in seconds. A rate stands beside the upper end of its 95 %
interval (one-sided, exact for a Poisson process).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figures
from fixtures import engines
from fixtures.guest import Guest
from fixtures.senses import Desk
from wake_word import RATE_HZ, SHARES, Sounds

from sensorium import folders
from sensorium.perception.command import Command, CommandOptions
from sensorium.perception.commands.found import NOTHING, Match, Method
from sensorium.perception.commands.gates import behind_phrase, wake_before
from sensorium.perception.commands.matcher import Matcher
from sensorium.perception.commands.meaning import Embedder
from sensorium.perception.commands.said import Said
from sensorium.perception.commands.vocabulary_file import read
from sensorium.perception.commands.words import plain
from sensorium.perception.speech import Speech, SpeechOptions
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.perception.wake_options import WakeWordOptions
from sensorium.perception.wake_word import WakeWord
from sensorium_tools.progress import Progress
from sensorium_tools.train import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

VOCABULARIES = {
    "building": """
app = "*"
gate = "always"
[slots.thing]
values = ["red box", "lamp", "chair", "wall", "window", "door"]
[slots.place]
values = ["table", "top shelf", "floor", "left", "right"]
[slots.level]
kind = "number"
[[commands]]
name = "put"
phrases = ["[please] put the {thing} on the {place}", "move that to the {place}"]
[[commands]]
name = "size"
phrases = ["make it (bigger|larger)", "scale it to {level} percent"]
[[commands]]
name = "undo"
phrases = ["undo", "undo that", "take that back"]
[[commands]]
name = "delete"
phrases = ["delete (it|this|that)", "remove the {thing}"]
[[commands]]
name = "save"
phrases = ["save my work", "save the scene"]
""",
    "media": """
app = "*"
gate = "always"
[slots.level]
kind = "number"
[[commands]]
name = "play"
phrases = ["play [the] (music|film|video)", "start playing"]
[[commands]]
name = "stop"
phrases = ["stop", "stop playing", "pause the (music|film|video)"]
[[commands]]
name = "volume"
phrases = ["set the volume to {level}", "turn the sound (up|down)"]
[[commands]]
name = "next"
phrases = ["next", "next (song|track|chapter)"]
[[commands]]
name = "find"
phrases = ["search for {anything}"]
""",
    "game": """
app = "*"
gate = "always"
[slots.food]
values = ["onion", "tomato", "cheese", "bread", "soup"]
[[commands]]
name = "help"
phrases = ["help", "help me", "what can I do"]
[[commands]]
name = "menu"
phrases = ["open the menu", "main menu"]
[[commands]]
name = "chop"
phrases = ["(cut|chop) the {food}"]
[[commands]]
name = "serve"
phrases = ["serve the {food}", "the order is ready"]
[[commands]]
name = "leave"
phrases = ["quit the game", "leave the kitchen"]
""",
}
WAKE_NS = int(CommandOptions.wake_s * 1e9)
PAUSE_S = 1.5
"""Behind each stretch: what was said in it ends with it."""


@dataclass(frozen=True)
class Utterance:
    """What was heard.

    Attributes:
        text: As recognised.
        behind: Words up to the end of the wake phrase; None: no wake word lets it pass.
    """

    text: str
    behind: int | None


class Ears:
    """The voice path, with an app whose vocabularies are always open."""

    def __init__(self, folder: Path, bias: float) -> None:
        self._desk = Desk({
            VoiceActivity: VoiceOptions(), WakeWord: WakeWordOptions(),
            Command: CommandOptions(folder=folder),
            Speech: SpeechOptions(partials=False, bias=bias),
        })
        Guest(self._desk, "bench", 1, 0)
        for _ in range(20):
            for slot in self._desk.perceiver.slots:
                slot.refresh()
        self._seen = 0

    def hear(self, sound: np.ndarray) -> list[Utterance]:
        """Plays a stretch and a pause."""
        found = []
        step = 10 * RATE_HZ
        whole = np.append(sound, np.zeros(int(PAUSE_S * RATE_HZ))).astype(np.float32)
        for start in range(0, len(whole), step):
            self._desk.sound(whole[start : start + step])
            found += list(self._news())
        return found

    def _news(self) -> Iterator[Utterance]:
        rings = self._desk.rings
        for n in range(self._seen + 1, rings.latest("transcript") + 1):
            self._seen = n
            sample = rings.at("transcript", n)
            said = Said.read(sample.record[0]) if sample is not None and sample.valid else None
            if said is not None:
                wake = wake_before(rings, said.start_ns, said.end_ns, WAKE_NS)
                yield Utterance(said.text, None if wake is None else behind_phrase(said, wake))


class Kept:
    """What was heard in stretches before, in a file of the cache."""

    def __init__(self, vocabularies: dict[str, str], loaded: list[str], bias: float) -> None:
        decisive = json.dumps([vocabularies, loaded, bias, PAUSE_S])
        name = hashlib.sha256(decisive.encode()).hexdigest()[:16]
        self._path = folders.cache_dir() / "false-commands" / f"{name}.jsonl"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.lines: dict[str, dict[str, Any]] = {}
        if self._path.exists():
            for text in self._path.read_text("utf-8").splitlines():
                line = json.loads(text)
                self.lines[line["stretch"]] = line

    def add(self, stretch: str, kind: str, seconds: float, heard: list[Utterance]) -> None:
        """Keeps a stretch."""
        line = {
            "stretch": stretch, "kind": kind, "seconds": seconds,
            "heard": [[one.text, one.behind] for one in heard],
        }
        self.lines[stretch] = line
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def listen(kept: Kept, ears: Ears, hours: float, progress: Progress) -> None:
    """Hears until so many hours are kept, all kinds in turn so that any part of it is a mix."""
    sounds = Sounds(progress)
    streams = {kind: sounds.without(kind) for kind in SHARES}
    length = dict.fromkeys(SHARES, 0.0)
    with progress.steps("sound, s", round(hours * 3600)) as advance:
        while sum(length.values()) < hours * 3600:
            kind = min(SHARES, key=lambda one: length[one] / SHARES[one])
            sound = next(streams[kind])
            seconds = len(sound) / RATE_HZ
            stretch = hashlib.sha256(np.ascontiguousarray(sound).tobytes()).hexdigest()[:24]
            if stretch not in kept.lines:
                kept.add(stretch, kind, seconds, ears.hear(sound))
            length[kind] += seconds
            advance(round(seconds))


def best(matchers: list[Matcher], words: list[str]) -> Match:
    """What the sense would tell: exact before close before meaning."""
    found = [matcher.match(words) for matcher in matchers] if words else []
    return max(
        (match for match in found if match.method is not Method.NONE),
        key=lambda match: (-match.method, match.score), default=NOTHING,
    )


def count(figures: Figures, kept: Kept, matchers: list[Matcher], shown: bool) -> None:
    """Adds the rows."""
    hours: Counter[str] = Counter()
    utterances: Counter[str] = Counter()
    always: Counter[tuple[str, Method]] = Counter()
    default: Counter[tuple[str, Method]] = Counter()
    woken: Counter[str] = Counter()
    for line in kept.lines.values():
        for kind in (line["kind"], "all"):
            hours[kind] += line["seconds"] / 3600
        for text, behind in line["heard"]:
            words = plain(text)
            match = best(matchers, words)
            gated = best(matchers, words[behind:]) if behind is not None else NOTHING
            if shown and match.method is not Method.NONE:
                print(f"{line['kind']}: {match.method.name} {match.command}: {text}")
            for kind in (line["kind"], "all"):
                utterances[kind] += 1
                woken[kind] += behind is not None
                always[kind, match.method] += 1
                default[kind, gated.method] += 1
    for kind in (*SHARES, "all"):
        if not hours[kind]:
            continue
        for gate, counts, texts in (
            ("always", always, utterances), ("default", default, woken)
        ):
            ways = [counts[kind, way] for way in (Method.EXACT, Method.CLOSE, Method.MEANING)]
            false = sum(ways)
            figures.row(
                kind, gate, f"{hours[kind]:.2f}", texts[kind], *ways, false / hours[kind],
                measure.most_an_hour(false, hours[kind]),
            )
    figures.goal("hours heard", hours["all"], 10.0, at_most=False)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=0.25, help="of sound, with what is kept")
    parser.add_argument("--bias", type=float, default=SpeechOptions.bias,
                        help="of recognition towards the vocabularies; 0: none")
    parser.add_argument("--again", action="store_true", help="match what is kept, hear nothing")
    parser.add_argument("--show", action="store_true", help="print each false command")
    options, _ = parser.parse_known_args()
    progress = Progress()
    needed = sorted({
        *Speech.engines(SpeechOptions()), *WakeWord.engines(WakeWordOptions()),
        *VoiceActivity.ENGINES,
    })
    versions = [f"{name} {engines.ensure_built(name).sha256}" for name in needed]
    kept = Kept(VOCABULARIES, versions, options.bias)
    embed = Embedder(engines.load("minilm"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for app, text in VOCABULARIES.items():
            (folder / f"{app}.toml").write_text(text, "utf-8")
        if not options.again:
            listen(kept, Ears(folder, options.bias), options.hours, progress)
        matchers = [Matcher(read(path), embed) for path in sorted(folder.iterdir())]
    for matcher in matchers:
        for steps in (matcher.prepare(), matcher.learn()):
            for _ in steps:
                pass
    figures = Figures(
        f"False commands in sound without commands, bias {options.bias:g}",
        ("sound", "gate", "hours", "utterances", "exact", "close", "meaning", "an hour",
         "at most (95 %)"),
    )
    count(figures, kept, matchers, options.show)
    figures.show()


if __name__ == "__main__":
    main()
