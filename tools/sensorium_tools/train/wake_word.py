"""Trains a wake word: sounds, their embeddings, a head, its thresholds, a report, an engine."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.errors import EngineError
from sensorium.inference import card, store
from sensorium.perception.wake_head import (
    DOUBT,
    LATE_MS,
    LENGTH_MS,
    LIMIT,
    PHRASE,
    SURE,
    THRESHOLD,
)
from sensorium_tools import build
from sensorium_tools.samples.checks import RATE_HZ
from sensorium_tools.train import (
    export,
    features,
    fitting,
    kept,
    measure,
    report,
    result,
    second_stage,
    sides,
)
from sensorium_tools.train.material import Material
from sensorium_tools.train.phonemes import spell
from sensorium_tools.train.phrase import MAX_SECONDS, MIN_PHONEMES, phrase
from sensorium_tools.train.utterance import Utterance
from sensorium_tools.train.voices import Voice, cast, require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensorium.perception.wake_head import Bounds
    from sensorium_tools.progress import Progress
    from sensorium_tools.train.features import Workers
    from sensorium_tools.train.network import Weights
    from sensorium_tools.train.phrase import Phrase

_USUAL = Voice("espeak-ng", "en-us")
"""By whom a phrase's length is told."""


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
        The report; see `report.report`.

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
            sides.side(workers, material, heads, side) for side in ("choosing", "held_out")
        )
        streams = [one.scores for one in choosing.streams()]
        threshold = measure.choose([measure.peak(one) for one in streams], measure.hours(streams))
        bounds = None
        if second_stage.available():
            held_out, bounds = second_stage.chosen(workers, wanted.text, choosing, held_out)
    told = report.report(wanted, actors, choosing, held_out, threshold, bounds)
    told |= {
        "recorded_minutes": material.recorded_minutes, "seconds": time.monotonic() - begun,
        "command": _command(text, name, voices, room), "seeds": list(range(fitting.HEADS)),
        "training_hours": training_hours, "choosing_hours": measure.hours(streams),
    }
    about = metadata(told, bounds)
    folder = result.write(
        room or folders.data_dir() / "engines", wanted, export.onnx_file(heads, about), told,
        ours=room is not None,
    )
    if room is None:
        build.build(store.find_card(wanted.name), progress)
    else:
        card.read(folder)
    return told


def metadata(told: Mapping[str, Any], bounds: Bounds | None) -> dict[str, str]:
    """What the sense must know of a head, from its report; see `wake_head`."""
    about = {
        PHRASE: told["phrase"], THRESHOLD: f"{told['threshold']:.4f}",
        LATE_MS: f"{told['late_ms']:.0f}", LENGTH_MS: f"{told['length_ms']:.0f}",
    }
    if bounds is not None:
        about |= {
            DOUBT: f"{bounds.doubt:.4f}", SURE: f"{bounds.sure:.4f}", LIMIT: f"{bounds.limit:.2f}",
        }
    return about


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


def _command(text: str, name: str, voices: Sequence[str], room: Path | None) -> str:
    parts = ["sensorium-engines train wake-word", f'"{text}"']
    parts += [f"--name {name}"] if name else []
    parts += [f"--voices {' '.join(voices)}"] if voices else []
    parts += ["--to engines"] if room is not None else []
    return " ".join(parts)
