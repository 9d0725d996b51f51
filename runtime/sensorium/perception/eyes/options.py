"""How gaze is filtered and classified: the sense's options and where their values come from.

`velocity`: 30 deg/s is Olsen's ("The Tobii I-VT Fixation Filter", 2012), as the 60 ms of
`min_fixation_ms`; Salvucci & Goldberg (2000) ask for 100 to 200 ms with I-DT, and for a
`dispersion` of 0.5 to 1 degree. `pursuit` and `PURSUIT_MS` were chosen by labelled recordings of
Andersson et al. ("One algorithm to rule them all?", Behavior Research Methods 49, 2017); by which
of them is not recorded, so the benchmark's figures on these are not of unseen recordings.
`NOISY_PURSUIT_MS`, the thresholds in `saccade_step` and where they take over were chosen by the
half that `gaze.py --development` takes, with 0.1 to 1 degree of white noise in each axis. The
one-euro filter's values follow its authors' procedure: first `min_cutoff_hz` for the jitter of a
fixation, then `beta` for the lag of a saccade.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.perception.eyes.dispersion_threshold import DispersionThreshold
from sensorium.perception.eyes.velocity_dispersion import (
    VelocityDispersion,
    VelocityDispersionLimits,
)
from sensorium.perception.eyes.velocity_threshold import VelocityThreshold

if TYPE_CHECKING:
    from sensorium.perception.eyes.movements import Classifier

MERGE_DEG, MERGE_NS = 0.5, 75_000_000
"""What is one fixation (Olsen, "The Tobii I-VT Fixation Filter", 2012)."""
PURSUIT_MS, NOISY_PURSUIT_MS = 200, 300
"""The stretch that a pursuit is told by; the latter where the noise drowns velocities."""


def _ms(milliseconds: int) -> int:
    return milliseconds * 1_000_000


@dataclass(frozen=True)
class GazeOptions:
    """How gaze is filtered and what counts as which movement."""

    classifier: str = field(
        default="i_vdt",
        metadata={
            "doc": "i_vdt: fixations, saccades and pursuits, with thresholds that follow the "
            "noise; i_vt: by velocity alone; i_dt: by dispersion alone.",
            "choices": ("i_vdt", "i_vt", "i_dt"),
        },
    )
    velocity: float = field(
        default=30.0,
        metadata={"doc": "Saccades are faster, deg/s.", "min": 5.0, "max": 500.0},
    )
    dispersion: float = field(
        default=1.0,
        metadata={"doc": "A fixation stays within so many degrees.", "min": 0.1, "max": 10.0},
    )
    pursuit: float = field(
        default=4.0,
        metadata={"doc": "Pursuits are faster, deg/s.", "min": 0.5, "max": 50.0},
    )
    min_fixation_ms: int = field(
        default=60,
        metadata={"doc": "A fixation is told after so long.", "min": 20, "max": 1000},
    )
    min_cutoff_hz: float = field(
        default=1.5,
        metadata={"doc": "One-euro filter: less is calmer.", "min": 0.1, "max": 30.0},
    )
    beta: float = field(
        default=0.2,
        metadata={"doc": "One-euro filter: more follows sooner, Hz for each deg/s.",
                  "min": 0.0, "max": 10.0},
    )
    closed: float = field(
        default=0.2,
        metadata={"doc": "Eyes that are open less are closed.", "min": 0.01, "max": 0.8},
    )


def recalled_ns(options: GazeOptions) -> int:
    """How much after its begin a movement is told, at most: a pursuit's stretch or a fixation.

    A pursuit that ends is told to have ended half a stretch ago, and frames may be lost meanwhile.
    """
    return 2 * _ms(max(NOISY_PURSUIT_MS, options.min_fixation_ms))


def make_classifier(options: GazeOptions) -> Classifier:
    """The classifier that the options name."""
    fixation_ns = _ms(options.min_fixation_ms)
    if options.classifier == "i_vt":
        return VelocityThreshold(options.velocity, fixation_ns)
    if options.classifier == "i_dt":
        return DispersionThreshold(options.dispersion, fixation_ns)
    return VelocityDispersion(VelocityDispersionLimits(
        options.velocity, options.dispersion, options.pursuit, fixation_ns, _ms(PURSUIT_MS),
        _ms(NOISY_PURSUIT_MS), MERGE_DEG, MERGE_NS,
    ))
