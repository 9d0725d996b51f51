"""What a head is worth, as plain JSON: misses by synthesiser, false accepts by kind of sound."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.perception.speech_embedding import STEP, WARM_STEPS
from sensorium.perception.wake_trigger import WINDOW
from sensorium_tools.samples.checks import RATE_HZ
from sensorium_tools.train import measure, second_stage
from sensorium_tools.train.features import ClipJob
from sensorium_tools.verify import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.perception.wake_head import Bounds
    from sensorium_tools.train.phrase import Phrase
    from sensorium_tools.train.sides import Scored, Side
    from sensorium_tools.train.utterance import Utterance
    from sensorium_tools.train.voices import Cast

    Count = Callable[[Scored], int]


def report(
    wanted: Phrase, actors: Cast, choosing: Side, held_out: Side, threshold: float,
    bounds: Bounds | None,
) -> dict[str, Any]:
    """The report, as the page shows it.

    Args:
        wanted: The phrase.
        actors: The voices.
        choosing: What the thresholds were chosen on.
        held_out: What is counted.
        threshold: Of the head alone.
        bounds: Of the two stages; None: doubts are not checked.
    """

    def alone(one: Scored) -> int:
        return len(measure.detections(one.scores, threshold))

    def both(one: Scored) -> int:
        return second_stage.accepted(one.doubts, bounds) if bounds is not None else alone(one)

    lengths = [len(_said(one).sound()) for one in choosing.phrases[::5]]
    told = {
        "name": wanted.name, "phrase": wanted.text, "threshold": threshold,
        "date": datetime.now(UTC).date().isoformat(), "machine": machine.about(),
        "late_ms": _late_ms(choosing, threshold),
        "length_ms": float(np.median(lengths)) * 1000 / RATE_HZ,
        **_counted(held_out, both),
        "unheard": list(actors.unheard), "missing": list(actors.missing),
        "voices": {
            side: sorted({str(voice) for voice in getattr(actors, side)})
            for side in ("training", "choosing", "held_out")
        },
    }
    if bounds is not None:
        told |= {
            "check": {
                "engines": list(second_stage.ENGINES), **bounds._asdict(),
                "an_hour": _doubts_an_hour(held_out, bounds.sure),
            },
            "alone": _counted(held_out, alone),
        }
    return told


def _counted(side: Side, count: Count) -> dict[str, Any]:
    near = side.near()
    return {
        "phrases": _misses(side, count), "others": _accepts(side, count),
        "near": {"accepted": sum(count(one) > 0 for one in near), "clips": len(near)},
    }


def _misses(side: Side, count: Count) -> list[dict[str, Any]]:
    """A row for each synthesiser, and one for all."""
    found: dict[str, list[bool]] = {}
    for one in side.phrases:
        found.setdefault(_said(one).voice.synthesiser, []).append(count(one) == 0)
    rows = [(name, found[name]) for name in sorted(found)]
    rows.append(("all", [one for missed in found.values() for one in missed]))
    return [
        {
            "voice": name, "missed": sum(missed), "clips": len(missed),
            "share": sum(missed) / len(missed), "most": measure.most_of(sum(missed), len(missed)),
        }
        for name, missed in rows
    ]


def _accepts(side: Side, count: Count) -> list[dict[str, Any]]:
    """A row for each kind of sound without the phrase, and one for all."""
    kinds: dict[str, list[Scored]] = {}
    for one in side.streams():
        assert not isinstance(one.job, ClipJob)
        kinds.setdefault(one.job.kind, []).append(one)
    rows = [_rate(kind, kinds[kind], count) for kind in sorted(kinds)]
    return [*rows, _rate("all", side.streams(), count)]


def _rate(kind: str, sounds: Sequence[Scored], count: Count) -> dict[str, Any]:
    woken, hours = sum(map(count, sounds)), measure.hours(one.scores for one in sounds)
    return {
        "kind": kind, "accepted": woken, "hours": hours, "an_hour": woken / hours if hours else 0.0,
        "most": measure.most_an_hour(woken, hours),
    }


def _doubts_an_hour(side: Side, sure: float) -> float:
    """How often a check is asked for in sounds without the phrase."""
    hours = measure.hours(one.scores for one in side.streams())
    count = sum(doubt.heard.score < sure for one in side.streams() for doubt in one.doubts)
    return count / hours if hours else 0.0


def _late_ms(side: Side, threshold: float) -> float:
    """From the phrase's end to its detection: the median, at least 0."""
    late = [
        (WARM_STEPS + WINDOW - 1 + steps[0]) * STEP - one.end
        for one in side.phrases
        for steps in (measure.detections(one.scores, threshold),)
        if steps
    ]
    return max(0.0, float(np.median(late)) * 1000 / RATE_HZ) if late else 0.0


def _said(one: Scored) -> Utterance:
    assert isinstance(one.job, ClipJob)
    return one.job.said
