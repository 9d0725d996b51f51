"""What commands refer to: 400 generated utterances in 16 scenes, 300 held out in 12 of them.

    python tests/benchmarks/fusion.py [--tune] [--no-sound] [--scenes N] [--each N] [--kept FILE]
        [--speech NAME] [--json FILE]
    python tests/benchmarks/fusion.py --bound N [--tune] [--each N]

The wearers are those of `fixtures/fused_replay.py`, on the real path: a desk's regions, the senses
target, attention_trace, command and intent. Words are spoken by synthesisers, and begin where these
say that their phonemes do; the same utterance is judged with these words and with
what the daemon's voice path hears (`fixtures/fused_words.py`: tiny.en, leaning towards the app's
phrases). Held out: other scenes, voices and seeds than `--tune`, with which our figures may be
chosen. Right: the verb, all objects and no other, the target of the place, or an open place within
3 degrees. Beside ours: what is looked at when the utterance ends, what is pointed at when each word
begins, for the same true words, and what the best reader of the true looks gets right
(`fixtures/fused_bound.py`). With `--kept` scenes that the file has are not played again, so that it
can be run in parts. With `--bound` that best reader alone reads so many other scenes, which takes
seconds: what anybody could reach, and how much of it only by pointing. With `--speech base` Whisper
base listens, which is opt-in, in the place of tiny.en.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Figures, percentiles
from fixtures import engines
from fixtures.fused_play import BOUND, GAZE, HEARD, OURS, POINTING, Judged, Played
from fixtures.fused_reader import bounded
from fixtures.fused_stage import KINDS
from fixtures.fused_words import Voice, Voices

from sensorium_tools.evaluate.interval import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

A_SCENE = 25
TUNED, HELD_OUT, BOUNDED = range(100, 104), range(500, 512), 10_000
TUNED_VOICES = (Voice("espeak-ng", "en-us", 150), Voice("flite", "slt", 150))
HELD_OUT_VOICES = (Voice("espeak-ng", "en-gb", 140), Voice("espeak-ng", "en-us+f3", 160),
                   Voice("flite", "awb", 150), Voice("flite", "rms", 150))  # fmt: skip


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("--tune", action="store_true", help="the 100 that are not held out")
    parser.add_argument("--no-sound", action="store_true", help="without recognition")
    parser.add_argument("--scenes", type=int, default=0, help="only the first so many")
    parser.add_argument("--each", type=int, default=A_SCENE, help="utterances of a scene")
    parser.add_argument("--kept", type=Path, help="keep what was played in this file")
    parser.add_argument("--speech", default="tiny-en", help="which Whisper listens")
    parser.add_argument("--bound", type=int, default=0, help="read so many scenes at best")
    options, _ = parser.parse_known_args()
    # What is installed, or fp32: no figure here is one of an engine's.
    engines.JUDGED = False
    kept: Path | None = options.kept
    heard = kept.with_suffix(".heard.json") if kept is not None else None
    voices = Voices(heard, options.speech)
    who = TUNED_VOICES if options.tune else HELD_OUT_VOICES
    seeds = TUNED if options.tune else HELD_OUT
    if options.bound:
        read = [
            one for number in range(options.bound)
            for one in bounded(
                BOUNDED + number, KINDS[number % len(KINDS)], voices, who, options.each
            )
        ]
        report(read)
        return
    played: dict[str, list[Judged]] = {}
    if kept is not None and kept.exists():
        scenes = json.loads(kept.read_text())
        played = {scene: [Judged(*one) for one in judged] for scene, judged in scenes.items()}
    judged: list[Judged] = []
    for number, seed in enumerate(seeds[: options.scenes or None]):
        scene = f"{seed} {options.each} {not options.no_sound}"
        if scene not in played:
            one = Played(seed, KINDS[number % len(KINDS)], voices, who)
            one.play(options.each, sound=not options.no_sound)
            played[scene] = one.judged
            if kept is not None:
                kept.write_text(json.dumps(played))
        judged += played[scene]
    report(judged)


def report(judged: Sequence[Judged]) -> None:
    """Prints the table: all, by scene, text, voice, with and without pointing; and faults."""
    figures = Figures("fusion", ("of", "side", "right, %", "right", "of", "95 %", "faults"))
    groups: dict[str, dict[str, Counter[str]]] = {}
    for one in judged:
        pointed = "pointed" if one.pointed else "not pointed"
        for name in ("all", one.kind, one.text, pointed, one.voice):
            groups.setdefault(name, {}).setdefault(one.side, Counter())[one.fault] += 1
    for name, sides in groups.items():
        for side in (OURS, HEARD, GAZE, POINTING, BOUND):
            faults = sides.get(side, Counter())
            right, of = faults[""], faults.total()
            if of:
                low, high = wilson(right, of)
                wrong = ", ".join(f"{fault} {count}" for fault, count in faults.items() if fault)
                figures.row(name, side, f"{100 * right / of:.1f}", right, of,
                            f"{100 * low:.1f} to {100 * high:.1f}", wrong)
    for side in (OURS, HEARD):
        faults = groups["all"].get(side, Counter())
        if faults:
            share = faults[""] / faults.total()
            figures.goal(f"resolved right, {side}", share, 0.95, at_most=False)
    ours = [one.took_ms for one in judged if one.side == OURS]
    if ours:
        figures.goal("final text to intent, ms of CPU, p99", percentiles(ours)["p99"], 250.0)
    figures.show()


if __name__ == "__main__":
    main()
