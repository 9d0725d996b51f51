"""Hands of the kinematic model: gestures with a label, and any pose that the anatomy allows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.hand_poses import (
    FINGER_LIMITS,
    GESTURES,
    LEFT,
    POSES,
    RIGHT,
    THUMB_LIMITS,
    Finger,
    HandPose,
    Thumb,
    blend,
    held,
    vary,
)
from sensorium_tools.hands import hand
from sensorium_tools.quaternion import multiply, turn
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium_tools.samples.draft import Listing

SIDES = {"left": LEFT, "right": RIGHT}
NONE = "None"
"""The gesture model's label for a hand that shows none of the gestures."""
_FINGERS = ("index", "middle", "ring", "little")
_REACH_M = ((-0.4, 0.4), (0.8, 1.7), (-0.6, -0.2))
"""Where a wrist may be: to the right, up and back of the floor's centre."""


@dataclass(frozen=True)
class HandOptions:
    """What hands are made.

    The styles differ in how far and which way people bend their fingers for the same gesture, so
    that an evaluation with another style sees hands that no calibration saw.
    """

    count: int = field(metadata={"doc": "Hands in all.", "min": 1, "max": 100_000})
    random_share: float = field(
        default=0.25,
        metadata={"doc": "Share with any pose within the anatomy's limits, without a class.",
                  "min": 0.0, "max": 1.0},
    )
    sizes: tuple[float, ...] = field(
        default=(0.85, 1.1),
        metadata={"doc": "Smallest and largest; 1 is an average adult's.", "min": 0.4, "max": 1.6},
    )
    style: tuple[float, ...] = field(
        default=(0.0, 0.0),
        metadata={"doc": "Degrees that every finger is bent more, and spread more, in a gesture.",
                  "min": -15.0, "max": 15.0},
    )
    vary_deg: float = field(
        default=5.0,
        metadata={"doc": "Standard deviation of each angle, degrees.", "min": 0.0, "max": 20.0},
    )
    turn_deg: float = field(
        default=12.0,
        metadata={"doc": "Standard deviation of how the hand is turned, degrees, about each axis.",
                  "min": 0.0, "max": 60.0},
    )
    tremor_m: float = field(
        default=0.0006,
        metadata={"doc": "Standard deviation of each joint's position: tremor and the tracker's "
                  "noise, m.", "min": 0.0, "max": 0.01},
    )

    def __post_init__(self) -> None:
        if len(self.sizes) != 2 or self.sizes[0] > self.sizes[1]:
            raise ValueError("sizes needs two numbers: the smallest and the largest")
        if len(self.style) != 2:
            raise ValueError("style needs two numbers: bend and spread")


def hands(listing: Listing) -> Iterator[Draft]:
    """See `samples.generators`."""
    options = listing.manifest.decode_options(listing.source, HandOptions)
    seed, source = listing.source.seed, listing.source.name
    for number in range(options.count):
        name = f"hand-{number:05d}"
        yield Draft(
            name, f"{source}/{name}",
            partial(_sample, name, f"{source}/{name}", number, options, seed),
        )


def _sample(
    name: str, origin: str, number: int, options: HandOptions, seed: int
) -> Sample:
    noise = np.random.default_rng([seed, number])
    word = ("left", "right")[int(noise.integers(2))]
    side = SIDES[word]
    truth = {"handedness": word}
    if noise.random() < options.random_share:
        pose, turned = random_pose(noise), _any_turn(noise)
    else:
        labels = (*GESTURES, NONE)
        label = labels[number % len(labels)]
        truth["class"] = label
        pose, turned = _gesture(label, side, options, noise)
    for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        turned = multiply(turn(axis, float(noise.normal(0.0, options.turn_deg))), turned)
    place = [_uniform(noise, reach) for reach in _REACH_M]
    made = hand(
        pose, side, (place[0], place[1], place[2]),
        (float(turned[0]), float(turned[1]), float(turned[2]), float(turned[3])),
        float(noise.uniform(options.sizes[0], options.sizes[1])),
    )
    joints = made.positions + noise.normal(0.0, options.tremor_m, made.positions.shape)
    return Sample(name, "hand", joints.astype(np.float32), truth, origin)


def _gesture(
    label: str, side: int, options: HandOptions, noise: np.random.Generator
) -> tuple[HandPose, np.ndarray]:
    if label == NONE:
        # Half closed towards a fist, as at rest: nothing that anybody calls a gesture.
        pose = blend(POSES["rest"], POSES["fist"], float(noise.uniform(0.0, 0.25)))
        return vary(pose, noise, options.vary_deg), turn((1.0, 0.0, 0.0), 25.0)
    pose = _styled(POSES[GESTURES[label][0]], options)
    return vary(pose, noise, options.vary_deg), held(label, side)


def _styled(pose: HandPose, options: HandOptions) -> HandPose:
    bend, spread = options.style
    fingers = {}
    for name, way in zip(_FINGERS, (1.0, 0.3, -0.3, -1.0), strict=True):
        finger: Finger = getattr(pose, name)
        fingers[name] = replace(
            finger,
            knuckle=_within(finger.knuckle + bend, FINGER_LIMITS["knuckle"]),
            middle=_within(finger.middle + bend, FINGER_LIMITS["middle"]),
            spread=_within(finger.spread + way * spread, FINGER_LIMITS["spread"]),
        )
    return HandPose(pose.thumb, **fingers)


def random_pose(noise: np.random.Generator) -> HandPose:
    """Any pose within the anatomy's limits.

    A finger's last joint bends with the one before it, by two thirds: nobody bends the two
    apart (J. Lin, Y. Wu and T. S. Huang, "Modeling the constraints of human hand motion", 2000).
    """
    thumb = Thumb(**{part: _uniform(noise, limits) for part, limits in THUMB_LIMITS.items()})
    fingers = {}
    for name in _FINGERS:
        middle = _uniform(noise, FINGER_LIMITS["middle"])
        knuckle = _uniform(noise, FINGER_LIMITS["knuckle"])
        # A bent knuckle leaves a finger no room to spread.
        free = 1.0 - max(0.0, knuckle) / FINGER_LIMITS["knuckle"][1]
        fingers[name] = Finger(
            knuckle, middle, _within(2.0 / 3.0 * middle, FINGER_LIMITS["end"]),
            _uniform(noise, FINGER_LIMITS["spread"]) * free * 0.6,
        )
    return HandPose(thumb, **fingers)


def _any_turn(noise: np.random.Generator) -> np.ndarray:
    """A rotation, all equally likely: a normalised normal vector of four."""
    drawn = noise.normal(size=4)
    return np.asarray(drawn / np.linalg.norm(drawn))


def _uniform(noise: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(noise.uniform(limits[0], limits[1]))


def _within(angle: float, limits: tuple[float, float]) -> float:
    return min(limits[1], max(limits[0], angle))
