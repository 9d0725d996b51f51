"""Made takes of a moving hand, as the sense hears it: steps, and which movements ended when."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.hand_motion import STEP_NS, HandMotion, Head
from sensorium.records.hands import MOVEMENTS
from sensorium_tools.motion.take import TakeOptions, take
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium_tools.motion.take import Take
    from sensorium_tools.samples.draft import Listing


@dataclass(frozen=True)
class MotionOptions(TakeOptions):
    """How many takes, and what is in them."""

    count: int = field(
        default=1, metadata={"doc": "Takes in all; each has a wearer of its own.", "min": 1,
                             "max": 100_000}
    )


def motions(listing: Listing) -> Iterator[Draft]:
    """See `samples.generators`; the truth "movements" is float64 [n, 3]: begin, end, index."""
    options = listing.manifest.decode_options(listing.source, MotionOptions)
    seed, source = listing.source.seed, listing.source.name
    for number in range(options.count):
        name = f"take-{number:05d}"
        yield Draft(
            name, f"{source}/{name}",
            partial(_sample, name, f"{source}/{name}", options, [seed, number]),
        )


def _sample(name: str, origin: str, options: MotionOptions, seed: list[int]) -> Sample:
    made = take(options, np.random.default_rng(seed))
    steps, first_ns = heard(made)
    ended = [
        (
            (one.begin * 1e9 - first_ns) / STEP_NS, (one.end * 1e9 - first_ns) / STEP_NS,
            float(MOVEMENTS.index(one.name)),
        )
        for one in made.done
    ]
    truth = {"movements": np.array(ended, np.float64).reshape(-1, 3)}
    return Sample(name, "motion", steps, truth, origin)


def heard(made: Take) -> tuple[np.ndarray, int]:
    """The steps that the sense makes of a take: float32 [n, 12], and the first one's time, ns."""
    motion = HandMotion(made.side)
    steps = [
        step
        for time_ns, joints, place, turn in zip(
            made.times_ns.tolist(), made.joints.tolist(), made.heads.tolist(),
            made.turns.tolist(), strict=True,
        )
        for step in motion.push(time_ns, joints, Head.of(tuple(place), tuple(turn)))
    ]
    return np.array([step.row for step in steps], np.float32), steps[0].time_ns
