"""Trains a wake word: sounds, their embeddings, a head, a threshold, a report, an engine."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium import folders
from sensorium.errors import EngineError
from sensorium.inference import card, store
from sensorium.perception.speech_embedding import STEP, WARM_STEPS
from sensorium.perception.wake_trigger import WINDOW
from sensorium.perception.wake_word import LATE_MS, LENGTH_MS, PHRASE, THRESHOLD
from sensorium_tools import build
from sensorium_tools.samples.checks import RATE_HZ
from sensorium_tools.train import export, features, fitting, kept, measure, result
from sensorium_tools.train.material import Material
from sensorium_tools.train.phonemes import spell
from sensorium_tools.train.phrase import MAX_SECONDS, MIN_PHONEMES, phrase
from sensorium_tools.train.utterance import Utterance
from sensorium_tools.train.voices import Voice, cast, require
from sensorium_tools.verify import machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium_tools.progress import Progress
    from sensorium_tools.train.features import Job, Workers
    from sensorium_tools.train.network import Weights
    from sensorium_tools.train.phrase import Phrase
    from sensorium_tools.train.voices import Cast

_USUAL = Voice("espeak-ng", "en-us")
"""By whom a phrase's length is told."""


class Scored(NamedTuple):
    """One sound.

    Attributes:
        job: What made it.
        scores: Of its windows, 80 ms apart.
        end: Sample at which the phrase ends in it; 0: it is not in it.
    """

    job: Job
    scores: NDArray[np.float32]
    end: int


class Side(NamedTuple):
    """Sounds of one side."""

    phrases: list[Scored]
    others: list[Scored]


def train(
    text: str, progress: Progress, *, name: str = "", voices: Sequence[str] = (),
    room: Path | None = None, share: float = 1.0,
) -> dict[str, Any]:
    """Trains a wake word and installs its engine.

    Args:
        text: The phrase, as it was typed.
        progress: Told of each step.
        name: Of the engine; empty: from the phrase.
        voices: To learn from, in the place of the usual ones.
        room: Where the engine's folder goes; None: the user's own engines.
        share: Of the usual amounts of sound.

    Returns:
        The report; see `_report`.

    Raises:
        EngineError: When the phrase cannot be one, or nothing can say it; with the remedy.
    """
    begun = time.monotonic()
    wanted = phrase(text, name)
    require()
    _check_length(wanted)
    actors = cast(progress, voices)
    material = Material(wanted, actors, progress, share)
    with features.workers(progress) as workers:
        heads, training_hours = _fitted(workers, material, share)
        choosing, held_out = (
            _side(workers, material, heads, side) for side in ("choosing", "held_out")
        )
    streams = [
        one.scores for one in choosing.others if not isinstance(one.job, features.ClipJob)
    ]
    threshold = measure.choose([measure.peak(one) for one in streams], measure.hours(streams))
    told = _report(wanted, actors, choosing, held_out, threshold)
    told |= {
        "recorded_minutes": material.recorded_minutes, "seconds": time.monotonic() - begun,
        "command": _command(text, name, voices, room), "seeds": list(range(fitting.HEADS)),
        "training_hours": training_hours, "choosing_hours": measure.hours(streams),
    }
    about = {
        PHRASE: wanted.text, THRESHOLD: f"{threshold:.4f}", LATE_MS: f"{told['late_ms']:.0f}",
        LENGTH_MS: f"{told['length_ms']:.0f}",
    }
    folder = result.write(
        room or folders.data_dir() / "engines", wanted, export.onnx_file(heads, about), told,
        ours=room is not None,
    )
    if room is None:
        build.build(store.find_card(wanted.name), progress)
    else:
        card.read(folder)
    return told


def _check_length(wanted: Phrase) -> None:
    sounds = spell([wanted.text])[0]
    if len(sounds) < MIN_PHONEMES:
        raise EngineError(
            f'"{wanted.text}" has {len(sounds)} sounds, needs {MIN_PHONEMES}: it would be heard in '
            "other words all day",
            "take a longer phrase, of three syllables or more",
        )
    seconds = len(Utterance(_USUAL, 160, 50, wanted.text).sound()) / RATE_HZ
    if seconds > MAX_SECONDS:
        raise EngineError(
            f'"{wanted.text}" takes {seconds:.1f} s to say, may take {MAX_SECONDS}',
            "take a shorter phrase: a head sees 2 s, and some speak slowly",
        )


def _fitted(
    workers: Workers, material: Material, share: float
) -> tuple[list[Weights], float]:
    """The heads, each of another seed, and the hours without the phrase that they learnt from."""
    phrases, near, others = (
        kept.run(workers, label, jobs)
        for label, jobs in (
            ("saying the phrase", material.phrases("training")),
            ("saying what is near it", material.near("training")),
            ("saying all else", material.others("training")),
        )
    )
    learnt = fitting.gathered(phrases, [*near, *others])
    with tempfile.TemporaryDirectory() as folder:
        learnt.save(Path(folder))
        jobs = [fitting.FitJob(Path(folder), seed, share) for seed in range(fitting.HEADS)]
        return workers.run("fitting the heads", jobs), len(learnt.other) * measure.STEP_S / 3600


def _side(workers: Workers, material: Material, heads: list[Weights], side: str) -> Side:
    word = side.replace("_", " ")

    def scored(label: str, jobs: Sequence[Job]) -> list[Scored]:
        return [
            Scored(job, fitting.scores(heads, made.features), made.end)
            for job, made in zip(jobs, kept.run(workers, f"{label}, {word}", jobs), strict=True)
        ]

    return Side(
        scored("the phrase", material.phrases(side)),
        scored("what is near it", material.near(side))
        + scored("all else", material.others(side)),
    )


def _report(
    wanted: Phrase, actors: Cast, choosing: Side, held_out: Side, threshold: float
) -> dict[str, Any]:
    """Misses by synthesiser, false accepts by kind of sound: plain JSON, as the page shows it."""
    clips = [one for one in held_out.others if isinstance(one.job, features.ClipJob)]
    streams: dict[str, list[NDArray[np.float32]]] = {}
    for one in held_out.others:
        if not isinstance(one.job, features.ClipJob):
            streams.setdefault(one.job.kind, []).append(one.scores)
    rows = [_rate(kind, streams[kind], threshold) for kind in sorted(streams)]
    rows.append(_rate("all", [one for scores in streams.values() for one in scores], threshold))
    lengths = [len(_said(one).sound()) for one in choosing.phrases[::5]]
    return {
        "name": wanted.name, "phrase": wanted.text, "threshold": threshold,
        "date": datetime.now(UTC).date().isoformat(), "machine": machine.about(),
        "late_ms": _late_ms(choosing, threshold),
        "length_ms": float(np.median(lengths)) * 1000 / RATE_HZ,
        "phrases": _misses(held_out, threshold), "others": rows,
        "near": {
            "accepted": sum(bool(measure.detections(one.scores, threshold)) for one in clips),
            "clips": len(clips),
        },
        "unheard": list(actors.unheard), "missing": list(actors.missing),
        "voices": {
            side: sorted({str(voice) for voice in getattr(actors, side)})
            for side in ("training", "choosing", "held_out")
        },
    }


def _misses(side: Side, threshold: float) -> list[dict[str, Any]]:
    """A row for each synthesiser, and one for all."""
    found: dict[str, list[bool]] = {}
    for one in side.phrases:
        missed = not measure.detections(one.scores, threshold)
        found.setdefault(_said(one).voice.synthesiser, []).append(missed)
    rows = [(name, found[name]) for name in sorted(found)]
    rows.append(("all", [one for missed in found.values() for one in missed]))
    return [
        {
            "voice": name, "missed": sum(missed), "clips": len(missed),
            "share": sum(missed) / len(missed), "most": measure.most_of(sum(missed), len(missed)),
        }
        for name, missed in rows
    ]


def _late_ms(side: Side, threshold: float) -> float:
    """From the phrase's end to its detection: the median, at least 0."""
    late = [
        (WARM_STEPS + WINDOW - 1 + steps[0]) * STEP - one.end
        for one in side.phrases
        for steps in (measure.detections(one.scores, threshold),)
        if steps
    ]
    return max(0.0, float(np.median(late)) * 1000 / RATE_HZ) if late else 0.0


def _rate(kind: str, scores: list[NDArray[np.float32]], threshold: float) -> dict[str, Any]:
    count = sum(len(measure.detections(one, threshold)) for one in scores)
    hours = measure.hours(scores)
    return {
        "kind": kind, "accepted": count, "hours": hours, "an_hour": count / hours if hours else 0.0,
        "most": measure.most_an_hour(count, hours),
    }


def _said(one: Scored) -> Utterance:
    assert isinstance(one.job, features.ClipJob)
    return one.job.said


def _command(text: str, name: str, voices: Sequence[str], room: Path | None) -> str:
    parts = ["sensorium-engines train wake-word", f'"{text}"']
    parts += [f"--name {name}"] if name else []
    parts += [f"--voices {' '.join(voices)}"] if voices else []
    parts += ["--to engines"] if room is not None else []
    return " ".join(parts)
