"""Half an hour of speech through voice activity and speech to text: nothing lost, twice or later.

    python tests/benchmarks/monologue.py [--json FILE] [--minutes M]

Recorded prompts (Debian's asterisk-core-sounds-en-g722) and sentences of espeak-ng's and flite's
follow one another over the noise of a room. In turns of about a minute the pauses are those of
somebody who talks (0.1 to 0.9 s), or none is longer than 150 ms: there only the length of an
utterance ends it. The senses run on real regions, in one thread and as fast as they can; their own
time stands against the time of the sound, so that what would come late at the pace of speech is
seen: an utterance that is told of at some time of the sound is worked on from then on, or from the
end of the work before it. Early texts (`partials`) are off: they yield to what is final.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import jiwer
import numpy as np
from figures import Figures
from fixtures import engines, speech
from fixtures.senses import Desk
from fixtures.synthesised import synthesised
from processes import pss_mb

from sensorium.perception.recogniser import Recogniser
from sensorium.perception.speech import LOST, Speech, SpeechOptions
from sensorium.perception.utterances import Ending, Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium_tools.evaluate.english_words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RATE, BLOCK = speech.RATE_HZ, 512
TURN_S = 60
PAUSES_S, NO_PAUSES_S = (0.1, 0.9), (0.02, 0.15)
QUIET = 0.02
"""Of a clip's peak: what is softer at its ends is no speech."""


@dataclass(frozen=True)
class Clip:
    """What one said: its samples in the whole, its words, and whether pauses are around it."""

    first: int
    last: int
    text: tuple[str, ...]
    pauses: bool


@dataclass
class Heard:
    """What came out.

    Attributes:
        ends: Records of utterances' ends, in order.
        texts: Utterance to the texts of its final's parts.
        finals: Utterance to how often its last part came.
        lost: Finals that say that their sound was lost.
        late: Of each final: time of the sound at its utterance's end, and seconds until the text.
        busy_s: Of the two senses.
    """

    ends: list[np.void] = field(default_factory=list)
    texts: dict[int, list[str]] = field(default_factory=dict)
    finals: dict[int, int] = field(default_factory=dict)
    lost: int = 0
    late: list[tuple[float, float]] = field(default_factory=list)
    busy_s: list[float] = field(default_factory=lambda: [0.0, 0.0])


def monologue(minutes: float) -> tuple[NDArray[np.float32], list[Clip]]:
    """The sound, whole blocks of it, and what is said in it."""
    random = np.random.default_rng(4)
    said = [
        (trimmed(sound), tuple(words(text)))
        for sound, text in (
            *((sound, text) for _, sound, text in speech.recorded()), *synthesised()
        )
        if len(words(text)) > 3 and text[0].isalpha() and len(sound) <= 14 * RATE
    ]
    parts, clips, at = [np.zeros(RATE, np.float32)], [], RATE
    while at < minutes * 60 * RATE:
        sound, text = said[len(clips) % len(said)]
        pauses = at // (TURN_S * RATE) % 2 == 0
        clips.append(Clip(at, at + len(sound), text, pauses))
        pause = np.zeros(int(random.uniform(*PAUSES_S if pauses else NO_PAUSES_S) * RATE))
        parts += [sound * (0.4 / np.abs(sound).max()), pause]
        at += len(sound) + len(pause)
    parts.append(np.zeros(2 * RATE + -(at + 2 * RATE) % BLOCK))
    whole = np.concatenate(parts)
    whole += random.normal(0, 0.001, len(whole))
    return whole.astype(np.float32), clips


def trimmed(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without what is soft at its ends."""
    loud = np.flatnonzero(np.abs(sound) > QUIET * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1]


def hear(sound: NDArray[np.float32], heard: Heard) -> Iterator[int]:
    """Plays it; yields after each block how many samples were played."""
    rig = Desk({VoiceActivity: VoiceOptions()})
    loaded = {name: engines.load(name) for name in Speech.engines(SpeechOptions())}
    # Apart from the desk, so that the time of each sense is known.
    stream = Speech(SpeechOptions(partials=False), loaded, rig.rings).streams()[0]
    told_of = seen = 0
    free_s = 0.0
    for at in range(0, len(sound), BLOCK):
        begun = time.perf_counter()
        rig.sound(sound[at : at + BLOCK])
        heard.busy_s[0] += time.perf_counter() - begun
        now_s = (at + BLOCK) / RATE
        while told_of < rig.rings.latest("utterance"):
            told_of += 1
            sample = rig.rings.at("utterance", told_of)
            assert sample is not None
            begun = time.perf_counter()
            stream.process(sample, rig.publish)
            took = time.perf_counter() - begun
            heard.busy_s[1] += took
            free_s = max(free_s, now_s) + took
            if sample.record["event"][0] == Event.END:
                heard.ends.append(sample.record[0].copy())
                heard.late.append((now_s, free_s - now_s))
        for n in range(seen + 1, rig.rings.latest("transcript") + 1):
            sample = rig.rings.at("transcript", n)
            assert sample is not None
            take(heard, sample.record[0])
            seen = n
        yield at + BLOCK


def take(heard: Heard, told: np.void) -> None:
    """Takes one transcript."""
    if told["is_final"]:
        utterance = int(told["utterance"])
        heard.texts.setdefault(utterance, []).append(told["text"].decode())
        if told["part"] == told["parts"]:
            heard.finals[utterance] = heard.finals.get(utterance, 0) + 1
        heard.lost += int(told["outcome"] == LOST)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    options, _ = parser.parse_known_args()
    sound, clips = monologue(options.minutes)
    heard = Heard()
    # What is loaded with the first utterances belongs to the start.
    memory = [
        pss_mb(os.getpid()) for played in hear(sound, heard)
        if played % (TURN_S * RATE) < BLOCK and played >= 2 * TURN_S * RATE
    ]
    figures = Figures(f"monologue of {len(sound) / RATE / 60:.1f} minutes", ("what", "measured"))
    whole(figures, heard, clips)
    errors(figures, heard, clips, sound)
    pace(figures, heard, len(sound) / RATE)
    figures.row("memory of each minute from the second on, MB (PSS)",
                ", ".join(f"{each:.0f}" for each in memory))
    figures.goal("memory: growth from then to the last minute, MB", memory[-1] - memory[0], 10)
    figures.show()


def whole(figures: Figures, heard: Heard, clips: list[Clip]) -> None:
    """Adds whether all of it was in an utterance, and each had one text."""
    ids = [int(end["utterance"]) for end in heard.ends]
    cuts = [end for end in heard.ends if end["ending"] == Ending.LENGTH]
    figures.row("clips, words said", f"{len(clips)}, {sum(len(clip.text) for clip in clips)}")
    figures.row("utterances, of these cut by their length", f"{len(ids)}, {len(cuts)}")
    figures.goal("utterances without a final", len(set(ids) - heard.finals.keys()), 0)
    figures.goal("finals twice, or of no utterance",
                 sum(heard.finals.values()) - len(set(ids) & heard.finals.keys()), 0)
    figures.goal("finals out of order", sum(a >= b for a, b in itertools.pairwise(heard.texts)), 0)
    figures.goal("finals that say that sound was lost", heard.lost, 0)
    torn = sum(
        not after["continues"] or after["first"] != end["last"]
        for end, after in itertools.pairwise(heard.ends) if end["ending"] == Ending.LENGTH
    )
    figures.goal("cuts behind which the next does not go on", int(torn), 0)
    covered = np.zeros(max(clip.last for clip in clips) + RATE, np.bool_)
    for end in heard.ends:
        covered[int(end["first"]) : int(end["last"])] = True
    missed = [int((~covered[clip.first : clip.last]).sum()) for clip in clips]
    figures.row("speech outside of every utterance, ms in all", 1e3 * sum(missed) / RATE)
    figures.row("the most of one clip, ms", 1e3 * max(missed) / RATE)
    figures.goal("speech outside of every utterance, share", sum(missed)
                 / sum(clip.last - clip.first for clip in clips), 0.005)
    between = sum(not any(clip.first < end["last"] < clip.last for clip in clips) for end in cuts)
    figures.row("cuts between clips; within one", f"{between}; {len(cuts) - between}")


def errors(
    figures: Figures, heard: Heard, clips: list[Clip], sound: NDArray[np.float32]
) -> None:
    """Adds word error rates, beside those of each clip when it is heard alone."""
    loaded = [engines.load(name) for name in Speech.engines(SpeechOptions())]
    recogniser = Recogniser(*loaded)
    alone: dict[tuple[str, ...], str] = {}
    for clip in clips:
        if clip.text not in alone:
            room = np.zeros(RATE // 3, np.float32)
            padded = np.concatenate([room, sound[clip.first : clip.last], room])
            alone[clip.text] = " ".join(words(recogniser.hear(padded).text))
    said = [(word, clip.pauses) for clip in clips for word in clip.text]
    found = [word for texts in heard.texts.values() for word in words("".join(texts))]
    aligned = jiwer.process_words(" ".join(word for word, _ in said), " ".join(found))
    wrong = {"substitute": [0, 0], "delete": [0, 0], "insert": [0, 0]}
    for chunk in aligned.alignments[0]:
        if chunk.type != "equal":
            pauses = said[min(chunk.ref_start_idx, len(said) - 1)][1]
            count = max(chunk.ref_end_idx - chunk.ref_start_idx,
                        chunk.hyp_end_idx - chunk.hyp_start_idx)
            wrong[chunk.type][pauses] += count
    for name, pauses in (("with pauses", True), ("without", False)):
        half = [clip for clip in clips if clip.pauses is pauses]
        if not half:
            continue
        kinds = [wrong[kind][pauses] for kind in ("substitute", "delete", "insert")]
        rate = sum(kinds) / sum(len(clip.text) for clip in half)
        apart = float(jiwer.wer(
            [" ".join(clip.text) for clip in half], [alone[clip.text] for clip in half]
        ))
        figures.row(f"word error rate, {name}; each clip alone", f"{rate:.4f}; {apart:.4f}")
        figures.row(f"words {name}: other, left out, put in", ", ".join(map(str, kinds)))
        figures.goal(f"word error rate, {name}: above each clip alone", rate - apart, 0.02)
    texts = {key: words("".join(parts)) for key, parts in heard.texts.items()}
    edges = [
        (texts[int(end["utterance"])], texts[int(after["utterance"])])
        for end, after in itertools.pairwise(heard.ends) if end["ending"] == Ending.LENGTH
    ]
    twice = sum(bool(a and b) and a[-1] == b[0] for a, b in edges)
    figures.row("cuts with the same word on both sides", twice)


def pace(figures: Figures, heard: Heard, seconds: float) -> None:
    """Adds what it cost, and how late texts would come at the pace of speech."""
    names = ("voice activity, with its rings", "speech")
    for name, busy_s in zip(names, heard.busy_s, strict=True):
        figures.row(f"{name}: its time / the sound's", busy_s / seconds)
    figures.goal("time of both / the sound's", sum(heard.busy_s) / seconds, 1.0)
    third = seconds / 3
    late = [
        [1e3 * wait for at, wait in heard.late if part * third <= at < (part + 1) * third]
        for part in range(3)
    ]
    for name, waits in zip(("first", "second", "last"), late, strict=True):
        figures.row(f"end to text at the pace of speech, {name} third, ms, p50, p95, longest",
                    ", ".join(f"{np.percentile(waits, q):.0f}" for q in (50, 95, 100)))
    figures.goal(
        "end to text, p95: last third / first",
        float(np.percentile(late[2], 95) / np.percentile(late[0], 95)), 1.5,
    )
    every = [wait for waits in late for wait in waits]
    figures.goal("end to text, p95, ms", float(np.percentile(every, 95)), 1000)


if __name__ == "__main__":
    main()
