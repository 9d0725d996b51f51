"""Spoken commands with and without the bias of recognition, and faster-whisper with hotwords.

    python tests/benchmarks/spoken_commands.py [--json FILE] [--clips N] [--weights W ...]

Commands of two vocabularies, one of words that are rare or invented, by voices that the weight of
the bias was not chosen with; clean and with noise 20, 10 and 5 dB softer. Each side hears the same
clips; our matcher (without meanings) takes its text. Right: command and slots; wrong: another
command or slot; else it is rejected. Other speech: recorded prompts that are no commands.
`--tune` hears the voices instead that the weight was chosen with. The peer has the same weights in
int8, beam 1, and is given every word that a phrase or slot may hold as `hotwords`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from figures import Figures
from fixtures import engines, noises, speech
from fixtures.synthesised import flite
from whisper_sides import names, weights_in

from sensorium.inference import store
from sensorium.perception.commands.found import Method
from sensorium.perception.commands.matcher import Matcher
from sensorium.perception.commands.templates import SlotPlace
from sensorium.perception.commands.vocabulary_file import read
from sensorium.perception.commands.words import plain
from sensorium.perception.phrase_bias import PhraseBias
from sensorium.perception.phrase_tree import PhraseTree, Spelling
from sensorium.perception.recogniser import Recogniser
from sensorium.perception.speech_options import SpeechOptions
from sensorium_tools.evaluate.interval import wilson
from sensorium_tools.samples import synthesisers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sensorium.perception.commands.found import Match

LEVELS = (None, 20, 10, 5)
SIEGE = """
app = "siege"
gate = "always"
[slots.thing]
values = ["trebuchet", "ballista", "halberd", "mangonel", "crossbow"]
[slots.hero]
values = ["Zarkon", "Elowen", "Thrandar", "Mirabel"]
[slots.place]
values = ["rampart", "barbican", "moat", "east tower"]
[slots.level]
kind = "number"
[[commands]]
name = "load"
phrases = ["[please] load the {thing}", "aim the {thing} at the {place}"]
[[commands]]
name = "gate"
phrases = ["raise the portcullis to {level} percent"]
[[commands]]
name = "hero"
phrases = ["summon {hero}", "send {hero} to the {place}"]
"""
ROOM = """
app = "room"
gate = "always"
[slots.thing]
values = ["red box", "lamp", "chair"]
[slots.place]
values = ["table", "top shelf", "floor"]
[slots.level]
kind = "number"
[[commands]]
name = "put"
phrases = ["[please] put the {thing} on the {place}"]
[[commands]]
name = "volume"
phrases = ["set the volume to {level}"]
[[commands]]
name = "menu"
phrases = ["open the menu", "show me the menu"]
[[commands]]
name = "photo"
phrases = ["take a picture"]
"""
SAID = {
    SIEGE: (
        "Load the trebuchet.", "Please load the halberd.", "Aim the ballista at the barbican.",
        "Aim the crossbow at the rampart.", "Raise the portcullis to forty percent.",
        "Summon Zarkon.", "Summon Elowen.", "Send Thrandar to the moat.",
        "Send Mirabel to the east tower.",
    ),
    ROOM: (
        "Put the red box on the table.", "Please put the lamp on the top shelf.",
        "Set the volume to twenty five.", "Set the volume to seventy.", "Open the menu.",
        "Show me the menu.", "Take a picture.", "Put the chair on the floor.",
    ),
}
TUNED = (("flite", "slt"), ("flite", "rms"), ("espeak-ng", "en-us"))
HELD_OUT = (("flite", "awb"), ("flite", "kal16"), ("espeak-ng", "en-gb-x-rp"),
            ("espeak-ng", "en-us+f3"))  # fmt: skip
PLAIN, PEER, PEER_HOT = "ours, no bias", "faster-whisper", "faster-whisper, hotwords"


class World:
    """A vocabulary with all that is made of it."""

    def __init__(self, folder: Path, text: str, spelling: Spelling) -> None:
        path = folder / "vocabulary.toml"
        path.write_text(text)
        vocabulary = read(path)
        self.matcher = Matcher(vocabulary, None)
        self.tree = PhraseTree(vocabulary, spelling)
        for steps in (self.matcher.prepare(), self.tree.add()):
            for _ in steps:
                pass
        words = [word for phrase in vocabulary.phrases for word in phrase.words]
        values = [value for slot in vocabulary.slots.values() for value in slot.values]
        known = [word for word in words if not isinstance(word, SlotPlace)]
        self.hotwords = " ".join(dict.fromkeys([*known, *values]))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200, help="of other speech")
    parser.add_argument("--weights", type=float, nargs="*", default=[SpeechOptions.bias])
    parser.add_argument("--tune", action="store_true", help="the voices of the choice of a weight")
    parser.add_argument("--no-peer", action="store_true", help="ours alone")
    options, _ = parser.parse_known_args()
    for name in names("tiny-en"):
        engines.ensure_built(name)
    encoder, decoder = (store.load(name, threads=1) for name in names("tiny-en"))
    ours = Recogniser(encoder, decoder)
    spelling = Spelling.of(ours.vocabulary)
    figures = Figures("spoken commands", ("what", "side", "right", "wrong", "rejected", "of",
                                          "right, 95 %"))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        worlds = {text: World(Path(folder), text, spelling) for text in SAID}
        sides: dict[str, Callable[[np.ndarray, World], str]] = {
            PLAIN: lambda sound, _: ours.hear(sound).text
        }
        for weight in options.weights:
            biases = {
                id(world): PhraseBias((world.tree,), spelling, weight) for world in worlds.values()
            }
            sides[f"ours, bias {weight:g}"] = lambda sound, world, biases=biases: ours.hear(
                sound, bias=biases[id(world)]
            ).text
        if not options.no_peer:
            sides |= peers(weights_in(Path(folder), names("tiny-en")[1]))
        voices = TUNED if options.tune else HELD_OUT
        for level in LEVELS:
            commands(figures, sides, worlds, voices, level)
        others(figures, sides, worlds, options.clips)
        invented(figures, sides, worlds)
    cost(figures, ours, spelling)
    figures.show()


def peers(folder: str) -> dict[str, Callable[[np.ndarray, World], str]]:
    """faster-whisper without and with words to expect."""
    import faster_whisper

    model = faster_whisper.WhisperModel(folder, compute_type="int8", cpu_threads=1)

    def hear(sound: np.ndarray, hotwords: str | None) -> str:
        found, _ = model.transcribe(sound, language="en", beam_size=1, hotwords=hotwords)
        return "".join(segment.text for segment in found)

    return {
        PEER: lambda sound, _: hear(sound, None),
        PEER_HOT: lambda sound, world: hear(sound, world.hotwords),
    }


def spoken(kind: str, voice: str, text: str) -> np.ndarray:
    """One text by one voice."""
    made = (
        flite(text, voice) if kind == "flite"
        else synthesisers.speak(kind, voice, 150, 50, text)
    )
    return (made * (0.4 / np.abs(made).max())).astype(np.float32)


def filled(match: Match) -> tuple[str, tuple[tuple[str, str | None, str], ...]]:
    """What an app would take from a match."""
    slots = tuple((slot.name, slot.value, f"{slot.number:g}") for slot in match.slots)
    return match.command, slots


def commands(
    figures: Figures, sides: dict[str, Callable[[np.ndarray, World], str]],
    worlds: dict[str, World], voices: Iterable[tuple[str, str]], level: float | None,
) -> None:
    """Adds how many commands are right, of each vocabulary."""
    label = "clean" if level is None else f"{level} dB"
    for text, world in worlds.items():
        counts = {name: [0, 0, 0] for name in sides}
        for kind, voice in voices:
            for seed, sentence in enumerate(SAID[text]):
                sound = noises.behind(spoken(kind, voice, sentence), level, seed)
                wanted = filled(world.matcher.match(plain(sentence)))
                for name, hear in sides.items():
                    found = world.matcher.match(plain(hear(sound, world)))
                    place = 0 if filled(found) == wanted else 1
                    counts[name][2 if found.method is Method.NONE else place] += 1
        for name, row in counts.items():
            low, high = wilson(row[0], sum(row))
            figures.row(
                f"{world.matcher.vocabulary.app}, {label}", name, *row, sum(row),
                f"{low:.2f}..{high:.2f}",
            )


def others(
    figures: Figures, sides: dict[str, Callable[[np.ndarray, World], str]],
    worlds: dict[str, World], count: int,
) -> None:
    """Adds what recorded prompts that are no commands are taken for."""
    every = [sound for _, sound, text in speech.recorded() if text[:1].isalpha()]
    chosen = every[:: max(1, len(every) // count)][:count]
    false = dict.fromkeys(sides, 0)
    for place, sound in enumerate(chosen):
        world = list(worlds.values())[place % len(worlds)]
        for name, hear in sides.items():
            found = world.matcher.match(plain(hear(sound[: 14 * speech.RATE_HZ], world)))
            false[name] += found.method is not Method.NONE
    for name, number in false.items():
        low, high = wilson(number, len(chosen))
        figures.row(
            "other speech: false commands", name, "", number, len(chosen) - number, len(chosen),
            f"wrong {low:.3f}..{high:.3f}",
        )
    for name in false:
        if name.startswith("ours, bias"):
            figures.goal(f"false commands more than without: {name}", false[name] - false[PLAIN], 0)


def invented(
    figures: Figures, sides: dict[str, Callable[[np.ndarray, World], str]],
    worlds: dict[str, World],
) -> None:
    """Adds how many words are written down for what is no speech."""
    world = next(iter(worlds.values()))
    total, pieces = dict.fromkeys(sides, 0), 0
    for _, sound in noises.no_speech(1):
        pieces += 1
        for name, hear in sides.items():
            total[name] += len(plain(hear(sound, world)))
    for name, words in total.items():
        figures.row("noise and music: words invented", name, "", words, "", pieces, "")
        if name.startswith("ours"):
            figures.goal(f"words invented: {name}", words, 0)


def cost(figures: Figures, ours: Recogniser, spelling: Spelling) -> None:
    """Adds what 5,000 phrases with slots cost: to build, and a token."""
    lines = ["app = \"big\"", "gate = \"always\"", "[slots.place]"]
    lines.append(f"values = {[f'place {number}' for number in range(500)]}".replace("'", '"'))
    for number in range(5000):
        lines += ["[[commands]]", f'name = "c{number}"',
                  f'phrases = ["move item {number} to the {{place}}"]']  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.toml"
        path.write_text("\n".join(lines))
        vocabulary = read(path)
    begun = time.perf_counter()
    tree = PhraseTree(vocabulary, spelling)
    for _ in tree.add():
        pass
    built = time.perf_counter() - begun
    bias = PhraseBias((tree,), spelling, SpeechOptions.bias)
    tokens = spelling.pairs.tokens(" Move item forty two to the place seven.")
    flat = np.zeros(len(ours.vocabulary.tokens), np.float32)
    spent = []
    for _ in range(50):
        begun, follower = time.perf_counter(), bias.begin()
        for token in tokens:
            follower.raised(flat)
            follower = follower.take(token)
        spent.append((time.perf_counter() - begun) / len(tokens))
    figures.row("5,000 phrases: s to build", "", f"{built:.2f}", "", "", "", "")
    figures.row("5,000 phrases: ms a token", "", f"{1e3 * np.median(spent):.3f}", "", "", "", "")


if __name__ == "__main__":
    main()
