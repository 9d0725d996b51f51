"""Commands from text: what is recognised by each way, what is taken for one falsely, and the time.

    python tests/benchmarks/commands.py [--json FILE]

Phrases are those of one side of Home Assistant's intents, what is said those of the other side:
no template is on both. Half of the intents are in the vocabulary, the other half are other
commands, which it must refuse; so are snippets of reviews and sentences about feelings. Apart from
these, commands of apps in virtual reality (wordings.py): of the side that the threshold was chosen
with, and of other apps.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Figures, percentiles
from fixtures import engines
from wordings_chosen import CHOSEN_WITH
from wordings_evaluation import EVALUATION

from sensorium.perception.commands.found import Method
from sensorium.perception.commands.matcher import Matcher
from sensorium.perception.commands.meaning import Embedder
from sensorium.perception.commands.vocabulary_file import CLOSE, MEANING, read
from sensorium.perception.commands.words import plain
from sensorium_tools.progress import Progress
from sensorium_tools.samples import loading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensorium.perception.commands.vocabulary import Vocabulary

A_CLASS = 12
"""Phrases of each command."""
LONGEST = 14
"""Words of other speech."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIZES = (10, 500, 5000)
THRESHOLDS = (0.55, 0.65, 0.7, 0.8, 0.85)


def main() -> None:
    """Measures and prints."""
    figures = Figures(
        f"Commands from text; thresholds {CLOSE} close, {MEANING} meaning",
        ("what is said", "texts", "right", "exact", "close", "meaning", "wrong command", "none"),
    )
    known, asked, others, speech = texts()
    embed = Embedder(engines.load("minilm"))
    matcher = ready(vocabulary(known), embed)
    noise = random.Random(5)
    phrases = [(text, name) for name, those in known.items() for text in those]
    tell(figures, "a phrase, word for word", matcher, phrases)
    misheard = [(garbled(text, noise), name) for text, name in phrases]
    tell(figures, "a phrase with a letter in ten wrong", matcher, misheard)
    tell(figures, "another wording of a command", matcher, asked)
    false_others = tell(figures, "other commands of a house", matcher, others)
    false_speech = tell(figures, "other speech: reviews, feelings", matcher, speech)
    for threshold in THRESHOLDS:
        strict = ready(vocabulary(known, threshold), embed)
        for what, those in (("another wording", asked), ("other commands", others),
                            ("other speech", speech)):
            tell(figures, f"{what}, meaning from {threshold}", strict, those)
    figures.goal("false commands in other speech", false_speech, 0.01)
    figures.goal("false commands in other commands of the same house", false_others, 0.05)
    apps(figures, embed)
    said = [text for text, _ in (*asked, *others, *speech)]
    for size in SIZES:
        times = timed(size, said, embed)
        figures.row(f"ms a text with {size} phrases: p50 {times['p50']:.2f}", len(said),
                    *[""] * 4, f"max {times['max']:.2f}", f"p99 {times['p99']:.2f}")
        limit = 25.0 if size > 500 else 20.0
        figures.goal(f"p99 ms a text with {size} phrases", times["p99"], limit)
    figures.show()


def apps(figures: Figures, embed: Embedder) -> None:
    """Adds rows of apps in virtual reality; the limits are of the side that nothing chose."""
    for side, worlds in (("chosen with", CHOSEN_WITH), ("evaluation", EVALUATION)):
        counts: Counter[str] = Counter()
        for name, world in worlds.items():
            matcher = ready(vocabulary(world.phrases), embed)
            near = [(text, "") for text in world.near]
            wrong = tell(figures, f"{name} ({side}): another wording", matcher, world.others)
            taken = tell(figures, f"{name} ({side}): near, no command", matcher, near)
            counts["others"] += len(world.others)
            counts["right"] += sum(
                matcher.match(plain(text)).command == command for text, command in world.others
            )
            counts["wrong"] += round(wrong * len(world.others))
            counts["near"] += len(near)
            counts["taken"] += round(taken * len(near))
        if side == "evaluation":
            figures.goal("apps: another wording right", counts["right"] / counts["others"], 0.6,
                         at_most=False)
            figures.goal("apps: another wording wrong", counts["wrong"] / counts["others"], 0.02)
            figures.goal("apps: near things taken", counts["taken"] / counts["near"], 0.05)


def texts() -> tuple[
    dict[str, list[str]], list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]
]:
    """Phrases by command; wordings of these with the command; other commands; other speech."""
    quiet = Progress()
    known: dict[str, list[str]] = defaultdict(list)
    for sample in loading.load("intents", "calibration", quiet):
        name = str(sample.truth["class"])
        if len(known[name]) < A_CLASS and sample.data not in known[name]:
            known[name].append(str(sample.data))
    mine = set(sorted(known)[::2])
    heard = [
        (str(sample.data), str(sample.truth["class"]))
        for sample in loading.load("intents", "evaluation", quiet)
    ]
    other = [
        str(sample.data)
        for name, limit in (("emotions", None), ("reviews", 3000))
        for sample in loading.load(name, "evaluation", quiet, limit)
    ]
    return (
        {name: known[name] for name in sorted(mine)},
        [(text, name) for text, name in heard if name in mine],
        [(text, "") for text, name in heard if name not in mine],
        [(text, "") for text in other if 1 < len(text.split()) <= LONGEST],
    )


def vocabulary(
    phrases: Mapping[str, Iterable[str]], meaning_threshold: float = MEANING
) -> Vocabulary:
    """A vocabulary of plain phrases, through a file as an app has it."""
    lines = ['app = "bench"', 'gate = "always"', f"meaning_threshold = {meaning_threshold}"]
    known: set[tuple[str, ...]] = set()
    for name, those in phrases.items():
        kept = []
        for text in those:
            words = tuple(plain(text))
            if words and words not in known:
                known.add(words)
                kept.append(" ".join(words))
        if kept:
            lines += ["[[commands]]", f"name = {json.dumps(name)}", f"phrases = {json.dumps(kept)}"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.toml"
        path.write_text("\n".join(lines), "utf-8")
        return read(path)


def ready(known: Vocabulary, embed: Embedder) -> Matcher:
    """A matcher that has learnt everything."""
    matcher = Matcher(known, embed)
    for steps in (matcher.prepare(), matcher.learn()):
        for _ in steps:
            pass
    return matcher


def tell(
    figures: Figures, what: str, matcher: Matcher, said: list[tuple[str, str]]
) -> float:
    """Adds a row; returns the share that was taken for a command that it is not."""
    ways: Counter[Method] = Counter()
    right = wrong = 0
    for text, name in said:
        match = matcher.match(plain(text))
        ways[match.method] += 1
        right += match.command == name
        wrong += match.method is not Method.NONE and match.command != name
    count = len(said)
    figures.row(
        what, count, f"{right / count:.3f}", ways[Method.EXACT], ways[Method.CLOSE],
        ways[Method.MEANING], f"{wrong / count:.4f}", ways[Method.NONE],
    )
    return wrong / count


def garbled(text: str, noise: random.Random) -> str:
    """A letter in ten another one, as a recogniser might write what it heard badly."""
    letters = list(text)
    for _ in range(max(1, len(letters) // 10)):
        at = noise.randrange(len(letters))
        if letters[at].isalpha():
            letters[at] = noise.choice(LETTERS)
    return "".join(letters)


def timed(size: int, said: list[str], embed: Embedder) -> dict[str, float]:
    """Milliseconds a text, with a vocabulary of so many phrases; each text is new to it."""
    noise = random.Random(size)
    words = sorted({word for text in said for word in plain(text)})
    phrases = {
        f"command {number}": [" ".join(noise.choices(words, k=noise.randint(2, 6)))]
        for number in range(size)
    }
    # Of its own: a text that was embedded before would cost nothing.
    matcher = ready(vocabulary(phrases), Embedder(embed.engine))
    times = []
    for text in said[:1000]:
        begun = time.perf_counter()
        matcher.match(plain(text))
        times.append((time.perf_counter() - begun) * 1e3)
    return percentiles(times)


if __name__ == "__main__":
    main()
